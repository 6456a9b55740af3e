"""How much of a processor's time goes into training: threads to an operation, steps to a call."""

import tensorflow as tf

from tfdogs.data.prepare_config import cores

_TWO_CORES = 2
_SMALL_PIXELS = 2**19  # of the images of a call: 8 steps of 16 images of 64 px, which take some 35 ms each
_MOST_STEPS = 8  # a signal waits for all of them


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


def steps_to_a_call(config, image_size):
    """Returns how many steps training takes in one call into TensorFlow.

    Where steps are small several of them make Keras' own time between calls little. Callbacks see only the
    end of a call: four of them fit into the shortest interval. Replicas take one step at a time.

    Args:
        config: `tfdogs.training.config.TrainConfig`.
        image_size: in pixels.
    """
    if config.steps_per_execution:
        return config.steps_per_execution
    if tf.distribute.get_strategy().num_replicas_in_sync > 1:
        return 1
    images = config.batch_size * config.d_steps
    small = _SMALL_PIXELS // (images * image_size**2)
    intervals = (config.log_kimg, config.sheet_kimg, config.checkpoint_kimg, config.total_kimg)
    shortest = min(filter(None, (*intervals, config.eval_kimg, config.ema_snapshot_kimg)))
    return max(min(small, _MOST_STEPS, int(1000 * shortest / (4 * images))), 1)


def _two_cores_alone():
    return cores() == _TWO_CORES and not tf.config.list_physical_devices("GPU")
