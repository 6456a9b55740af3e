"""The generator as a plain function, for formats that hold nothing else."""

import tensorflow as tf

from tfdogs.data import pixels


def generator_function(gan):
    """Returns the generator that `gan` samples with, as a `tf.function` with an input signature.

    Args:
        gan: `tfdogs.GAN`.

    Returns:
        Function of z, float32 [N, latent_dim], and for a conditional generator label, int32 [N], to
        {"images": uint8 [N, H, W, C]}.
    """
    generator = gan.sampler.generator
    z = tf.TensorSpec([None, gan.latent_dim], tf.float32, "z")
    if not gan.num_classes:
        return tf.function(
            lambda z: {"images": pixels.to_uint8(generator(z, training=False))}, input_signature=[z]
        )
    label = tf.TensorSpec([None], tf.int32, "label")
    return tf.function(
        lambda z, label: {"images": pixels.to_uint8(generator((z, label), training=False))},
        input_signature=[z, label],
    )
