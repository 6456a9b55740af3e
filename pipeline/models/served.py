"""A model behind a server in a process of its own."""

import contextlib
import os
import re
import subprocess
import sys
import tempfile
import threading

from pipeline.models.probe import BrokenModelError
from tfdogs.errors import TfdogsError

GRPC = re.compile(r"grpc://\S+")
_BROKEN = "nothing to serve in "  # how `tfdogs.serve` says that a model does not load


@contextlib.contextmanager
def served(export_dir, *, seconds=120.0):
    """Serves the newest version of an export on this machine, until the context ends.

    The process is of its own: what a damaged model does to it, it does not do to us.

    Args:
        export_dir: folder of the versions.
        seconds: how long it may take until requests are answered.

    Yields:
        Address of TensorFlow Serving's gRPC API, such as grpc://127.0.0.1:34567.

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
        watchdog = threading.Timer(seconds, process.kill)
        watchdog.start()
        try:
            address = next((found[0] for found in map(GRPC.search, process.stdout) if found), None)
            in_time = watchdog.is_alive()
            watchdog.cancel()
            if address is None:
                process.wait()
                raise _failure(errors, in_time=in_time, seconds=seconds, status=process.returncode)
            yield address
        finally:
            watchdog.cancel()
            process.terminate()
            try:
                process.communicate(timeout=60)
            except subprocess.TimeoutExpired:
                process.kill()
                process.communicate()


def _failure(errors, *, in_time, seconds, status):
    """Returns why a server has ended before it answered; only the model's own fault as `BrokenModelError`."""
    if not in_time:
        return TfdogsError(f"the server was not ready after {seconds:g} s")
    errors.seek(0)
    said = (errors.read().strip().splitlines() or ["it said nothing"])[-1]
    if _BROKEN in said:
        return BrokenModelError(said)
    return TfdogsError(f"the server ended with status {status}: {said}")
