"""A worker process of Beam's on this machine."""

import logging
import os
import sys
import traceback
from pathlib import Path

from pipeline.beam.importing import import_beam
from tfdogs.data.worker import follow_parent

import_beam()

from apache_beam.runners.worker.sdk_worker import SdkHarness  # noqa: E402


def work(address, name):
    """Does what the runner at `address` gives to the worker `name`, until there is no more of it."""
    follow_parent()
    logging.getLogger().setLevel(logging.ERROR)
    told = sys.stderr
    with Path(os.devnull).open("w") as sys.stderr:  # Beam prints the traceback that it sends to the runner
        logging.lastResort = None
        try:
            SdkHarness(address, worker_id=name).run()
        except Exception:
            traceback.print_exc(file=told)
            raise
