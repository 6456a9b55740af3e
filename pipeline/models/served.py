"""A model behind a server in a process of its own."""

import contextlib
import os
import re
import subprocess
import sys
import tempfile
import threading

from tfdogs.errors import TfdogsError

GRPC = re.compile(r"grpc://\S+")


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
        TfdogsError: the server could not load the model, or not in time; its own words.
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
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, text=True, env=environment)
        watchdog = threading.Timer(seconds, process.kill)
        watchdog.start()
        try:
            address = next((found[0] for found in map(GRPC.search, process.stdout) if found), None)
            in_time = watchdog.is_alive()
            watchdog.cancel()
            if address is None:
                process.wait()
                errors.seek(0)
                said = (errors.read().strip().splitlines() or ["it said nothing"])[-1]
                raise TfdogsError(said if in_time else f"the server was not ready after {seconds:g} s")
            yield address
        finally:
            watchdog.cancel()
            process.terminate()
            try:
                process.communicate(timeout=60)
            except subprocess.TimeoutExpired:
                process.kill()
                process.communicate()
