"""How many of the processor's threads one operation may use."""

import os

import tensorflow as tf

_TWO_CORES = 2


def limit(config):
    """Sets what `--op_threads` asks for, unless TensorFlow has begun to work in this process.

    Small operations gain little from a second thread, and two of them can run side by side. They can where
    updates are simultaneous, so that both networks' gradients come from one pass.

    Args:
        config: `tfdogs.training.config.TrainConfig`.

    Returns:
        Threads to an operation; 0 where the choice is TensorFlow's.
    """
    count = config.op_threads
    if count < 0:
        count = int(config.simultaneous and _two_cores_alone())
    if count:
        try:
            tf.config.threading.set_intra_op_parallelism_threads(count)
        except RuntimeError:  # a caller's own process, where operations have run: it stays as it is
            return tf.config.threading.get_intra_op_parallelism_threads()
    return count


def _two_cores_alone():
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return cores == _TWO_CORES and not tf.config.list_physical_devices("GPU")
