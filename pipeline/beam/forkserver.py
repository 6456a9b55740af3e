"""The process from which Beam's local workers are forked. Imports neither Beam nor TensorFlow itself."""

import multiprocessing
import multiprocessing.forkserver

# What takes seconds to import and what nearly every worker needs. No TensorFlow: its threads do not survive
# a fork, and half of the steps do without.
_MODULES = ["pipeline.beam.worker", "pipeline.examples.shard_writer", "pipeline.examples.treatment"]


def begin(workers):
    """Begins that process where there will be several workers, and does not wait for it.

    It imports beside what the caller imports meanwhile; without this call the first worker waits for it.
    """
    if workers != 1:  # 0 is one a core
        context()
        multiprocessing.forkserver.ensure_running()


def context():
    """Returns the `multiprocessing` context whose processes are forked from it."""
    found = multiprocessing.get_context("forkserver")
    found.set_forkserver_preload(_MODULES)  # unless it runs already
    return found
