"""A model behind a server in a process of its own."""

import contextlib
import dataclasses
import os
import re
import subprocess
import sys
import tempfile

from pipeline.core.patience import Patience, Watch
from pipeline.models.probe import TOO_SLOW, BrokenModelError
from tfdogs.errors import TfdogsError

GRPC = re.compile(r"grpc://\S+")
_BROKEN = "nothing to serve in "  # how `tfdogs.serve` says that a model does not load


@dataclasses.dataclass(frozen=True)
class Served:
    """A server that answers.

    Attributes:
        address: of TensorFlow Serving's gRPC API, such as grpc://127.0.0.1:34567.
        seconds: how long it took until it was ready: it has loaded the model and tried every signature, which
            is more than a request takes.
    """

    address: str
    seconds: float


@contextlib.contextmanager
def served(export_dir, *, seconds=120.0):
    """Serves the newest version of an export on this machine, until the context ends.

    The process is of its own: what a damaged model does to it, it does not do to us.

    Args:
        export_dir: folder of the versions.
        seconds: how long it may take until requests are answered, on a machine that has nothing else to do;
            see `pipeline.core.patience.Patience`.

    Yields:
        `Served`.

    Raises:
        BrokenModelError: the server says that the model does not load; its own words.
        TfdogsError: there is no server, or not in time, for any other reason.
    """
    command = [
        sys.executable,
        "-m",
        "tfdogs.serve",
        f"--export_dir={export_dir}",
        "--port=0",
        "--grpc_port=-1",
    ]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    with tempfile.TemporaryFile("w+") as errors:
        try:
            process = subprocess.Popen(
                command, stdout=subprocess.PIPE, stderr=errors, text=True, env=environment
            )
        except OSError as e:
            raise TfdogsError(f"cannot begin a server: {e.strerror or e}") from e
        try:
            with Watch(process, Patience(seconds)) as watch:
                address = next((found[0] for found in map(GRPC.search, process.stdout) if found), None)
            if address is None:
                process.wait()
                raise _failure(errors, reason=watch.reason, status=process.returncode)
            yield Served(address, watch.passed)
        finally:
            process.terminate()
            try:
                process.communicate(timeout=60)
            except subprocess.TimeoutExpired:
                process.kill()
                process.communicate()


def _failure(errors, *, reason, status):
    """Returns why a server has ended before it answered; only the model's own fault as `BrokenModelError`."""
    if reason:
        return TfdogsError(TOO_SLOW.format(f"it was not ready when it was given up: {reason}"))
    errors.seek(0)
    said = (errors.read().strip().splitlines() or ["it said nothing"])[-1]
    if _BROKEN in said:
        return BrokenModelError(said)
    return TfdogsError(f"the server ended with status {status}: {said}")
