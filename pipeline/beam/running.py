"""A graph of Beam's, run to its end, whose failure is one line."""

import os
import re

import apache_beam as beam
from apache_beam.options.pipeline_options import StandardOptions

from pipeline.beam.forking_runner import ForkingRunner
from pipeline.beam.options import options
from tfdogs.errors import TfdogsError

_NAME = re.compile(r"^[\w.]+(Error|Exception|Interrupt): ")
_STEP = re.compile(r" \[while running '.*'\]$")


def run(build, *, beam_args, workers):
    """Runs a graph and waits for it.

    Args:
        build: adds the steps to a `beam.Pipeline`.
        beam_args: as of `pipeline.beam.options.options`.
        workers: processes on this machine; unused where `beam_args` names a runner.

    Raises:
        UsageError: Beam does not understand `beam_args`.
        TfdogsError: a worker failed, or the runner did.
    """
    told = options(beam_args)
    runner = None if told.view_as(StandardOptions).runner else ForkingRunner(workers)
    try:
        with beam.Pipeline(runner=runner, options=told) as graph:
            build(graph)
    except Exception as e:  # a runner raises what it likes, and puts the worker's traceback into the text
        lines = [line for line in str(e).splitlines() if line.strip()]
        reason = _NAME.sub("", _STEP.sub("", lines[-1].strip())) if lines else type(e).__name__
        raise TfdogsError(f"a worker failed, the same command goes on with the rest: {reason}") from e


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
