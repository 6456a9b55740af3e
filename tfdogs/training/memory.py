"""How much memory training takes: measured, estimated beforehand, and told where it does not suffice."""

import contextlib
import resource
import sys

import psutil
import tensorflow as tf

from tfdogs.errors import TfdogsError, of_disk, with_path

_GIB = 2**30
# Pixels of a batch under which a step fits everywhere, and is not worth another tracing of both networks.
_SMALL = 2**20
# Where operations with a kernel have what they read: the kernel's gradient is made of it, so it has to wait.
_KEPT = {
    "Conv2D": (0,),
    "Conv2DBackpropInput": (2,),
    "DepthwiseConv2dNative": (0,),
    "MatMul": (0,),
    "BatchMatMulV2": (0, 1),
}
_SAME = {
    "Identity",
    "Reshape",
    "Squeeze",
    "ExpandDims",
    "StopGradient",
}  # their results take no memory of their own
_COPIES = 4  # of a weight: itself, its gradient, Adam's two averages


def peak():
    """Returns the most memory that this process had until now, and each of its GPUs, as words."""
    largest = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    words = [f"{largest / _GIB:.2f} GiB of this process at its peak"]
    for device in tf.config.list_logical_devices("GPU"):
        used = tf.config.experimental.get_memory_info(device.name)["peak"]
        words.append(f"{used / _GIB:.2f} GiB of {device.name} at its peak")
    return ", ".join(words)


def least(gan, batch_size):
    """Returns the bytes under which no training step can stay.

    Counted are the weights and what waits for the kernels' gradients: all that convolutions and products of
    matrices read, in G while D learns, and in D for reals and for fakes. Penalties of second order, averages,
    normalizations and augmentations come on top: without penalties a step was seen to take 2.0 to 2.5 times
    as much.

    Args:
        gan: `tfdogs.GAN`.
        batch_size: images that D sees in one update.
    """
    latents = [tf.TensorSpec([batch_size, gan.latent_dim], tf.float32)]
    images = [tf.TensorSpec([batch_size, *gan.image_shape], tf.float32)]
    if gan.num_classes:
        latents.append(tf.TensorSpec([batch_size], tf.int32))
        images.append(tf.TensorSpec([batch_size], tf.int32))
    activations = _kept(gan.generator, latents) + 2 * _kept(gan.discriminator, images)
    weights = [
        weight for network in (gan.generator, gan.discriminator) for weight in network.trainable_weights
    ]
    return activations + _COPIES * sum(weight.dtype.size * weight.shape.num_elements() for weight in weights)


def check(gan, config, processes=1):
    """Refuses a training step that is sure not to fit this machine's memory, before the system kills it.

    On a GPU TensorFlow says so itself, see `reporting`; small batches of small images are not looked at.

    Args:
        gan: `tfdogs.GAN`.
        config: `tfdogs.training.config.TrainConfig`.
        processes: among which a batch is shared; each is taken to have this machine's memory for itself.

    Raises:
        TfdogsError: it does not fit.
    """
    height, width, _ = gan.image_shape
    batch_size = config.batch_size // processes
    if tf.config.list_logical_devices("GPU") or batch_size * height * width < _SMALL:
        return
    needed, there = least(gan, batch_size), psutil.virtual_memory().available
    if needed > there:
        sizes = f"at least {needed / _GIB:.1f} GiB of memory, and {there / _GIB:.1f} GiB are available"
        raise TfdogsError(f"a training step needs {sizes}: {_advice(config)}")


@contextlib.contextmanager
def reporting(config):
    """Turns TensorFlow's error of a device without memory left into one line.

    Raises:
        TfdogsError: instead of it.
    """
    try:
        yield
    except tf.errors.ResourceExhaustedError as e:
        if of_disk(e):  # a full disk has the same error
            raise TfdogsError(with_path(e)) from e
        reason = " ".join(str(e.message).split())[:160]
        raise TfdogsError(f"out of memory: {_advice(config)}. TensorFlow: {reason}") from e


def _advice(config):
    given = ", ".join(
        f"--{name}={getattr(config, name)}" for name in ("batch_size", "g_channels", "d_channels")
    )
    return f"lower --batch_size, or --g_channels and --d_channels. Received: {given}"


def _kept(network, specs):
    """Returns the bytes that wait for a gradient once the network was called on tensors of such shapes."""

    @tf.function(input_signature=specs)
    def call(*inputs):
        return network(inputs if len(inputs) > 1 else inputs[0], training=True)

    operations = call.get_concrete_function().graph.get_operations()
    read = {_origin(op.inputs[i]).ref() for op in operations for i in _KEPT.get(op.type, ())}
    return sum(_bytes(tensor.deref(), specs[0].shape[0]) for tensor in read)


def _origin(tensor):
    while tensor.op.type in _SAME:
        tensor = tensor.op.inputs[0]
    return tensor


def _bytes(tensor, batch_size):
    """Returns a tensor's bytes; 0 of one that does not grow with the batch, such as a kernel."""
    shape = tensor.shape
    if not shape.is_fully_defined() or not shape.rank or shape[0] % batch_size:
        return 0
    return tensor.dtype.size * shape.num_elements()
