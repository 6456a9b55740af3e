"""A graph of Beam's, run to its end, whose failure is one line."""

import os
import re

import apache_beam as beam
from apache_beam.options.pipeline_options import StandardOptions

from pipeline.beam.forking_runner import ForkingRunner
from pipeline.beam.options import options
from tfdogs.errors import TfdogsError, UsageError

_NAME = re.compile(r"^[\w.]+(Error|Exception|Interrupt): ")
_DEAD = "Channel closed prematurely."  # so says Beam where it was reading from it
_STEP = re.compile(r" \[while running '.*'\]$")


def run(build, *, beam_args, workers, otherwise=""):
    """Runs a graph and waits for it.

    Args:
        build: adds the steps to a `beam.Pipeline`.
        beam_args: as of `pipeline.beam.options.options`.
        workers: processes on this machine; unused where `beam_args` names a runner.
        otherwise: what may be done where it fails, for the message.

    Raises:
        UsageError: Beam does not understand `beam_args`.
        TfdogsError: a worker failed, or the runner did.
    """
    told = options(beam_args)
    named = told.view_as(StandardOptions).runner
    try:
        graph = beam.Pipeline(runner=None if named else ForkingRunner(workers), options=told)
    except (ImportError, ValueError) as e:
        raise UsageError(f"Apache Beam: {_reason(e)}. Received: --beam_args={beam_args}") from e
    try:
        with graph:
            build(graph)
    except Exception as e:  # a runner raises what it likes, and puts the worker's traceback into the text
        raise TfdogsError(f"a worker failed{otherwise and f', {otherwise}'}: {_reason(e)}") from e


def _reason(error):
    lines = [line for line in str(error).splitlines() if line.strip()]
    reason = _NAME.sub("", _STEP.sub("", lines[-1].strip())) if lines else type(error).__name__
    return "a worker process died" if reason == _DEAD else reason


def threads_of(beam_args, workers):
    """Returns how many threads TensorFlow may use in a worker, 0 for its own choice.

    The worker processes of this machine share its cores; what a cluster's workers have is not known here.
    """
    return max(1, (os.cpu_count() or 1) // workers) if workers > 1 and not beam_args else 0


def limit_threads(count):
    """Keeps TensorFlow to `count` threads an operation, where it has not begun to compute; 0: no limit."""
    import tensorflow as tf

    if count:
        try:
            tf.config.threading.set_intra_op_parallelism_threads(count)
            tf.config.threading.set_inter_op_parallelism_threads(count)
        except RuntimeError:
            pass  # it has begun: the process that started all is the worker
