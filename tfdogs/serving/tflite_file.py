"""The generator as a TensorFlow Lite file."""

import contextlib
import os
from pathlib import Path

import tensorflow as tf

from tfdogs.errors import TfdogsError
from tfdogs.serving.generator_function import generator_function


def write(gan, path):
    """Writes the generator that `gan` samples with, with one signature, `serving_default`: inputs z, float32
    [N, latent_dim], for a conditional generator label, int32 [N], and for one that truncates styles
    truncation, float32 [N], 0 for none; output images, uint8 [N, H, W, C].

    N is what the caller of the signature gives; a bare interpreter has 1 until `resize_tensor_input`.
    The whole process's stderr is silenced while it works.

    Args:
        gan: `tfdogs.GAN`.
        path: the file.

    Raises:
        TfdogsError: the generator has an operation that TensorFlow Lite lacks.
    """
    function = generator_function(gan).get_concrete_function()
    module = tf.Module()
    module.weights = function.graph.variables  # without them the file has no signature
    try:
        with _silence():
            data = tf.lite.TFLiteConverter.from_concrete_functions([function], module).convert()
    # It fails in every way there is on what it does not know: all mean one.
    except Exception as e:
        reason = " ".join(str(e).split())[:200]
        raise TfdogsError(
            f"{gan.sampler.generator.name} cannot be written for TensorFlow Lite: {reason}"
        ) from e
    path.write_bytes(data)


@contextlib.contextmanager
def _silence():
    """Keeps from stderr what the converter counts there, which reads like a failure and is none.

    The converter writes past Python, to file descriptor 2, which is that of all threads.
    """
    kept = os.dup(2)
    try:
        with Path(os.devnull).open("wb") as nowhere:
            os.dup2(nowhere.fileno(), 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
