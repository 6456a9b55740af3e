"""The generator as a plain function, for formats that hold nothing else."""

import tensorflow as tf

from tfdogs.data import pixels


def generator_function(gan):
    """Returns the generator that `gan` samples with, as a `tf.function` with an input signature.

    Args:
        gan: `tfdogs.GAN`.

    Returns:
        Function of z, float32 [N, latent_dim], for a conditional generator label, int32 [N], and for one that
        truncates styles truncation, float32 [N], 0 for none, to {"images": uint8 [N, H, W, C]}.
    """
    sampler = gan.sampler
    signature = [tf.TensorSpec([None, gan.latent_dim], tf.float32, "z")]
    if gan.num_classes:
        signature.append(tf.TensorSpec([None], tf.int32, "label"))
    if sampler.truncates_styles:
        signature.append(tf.TensorSpec([None], tf.float32, "truncation"))

    def draw(z, *rest):
        rest = dict(zip((spec.name for spec in signature[1:]), rest))
        style = {"truncation": psi(rest["truncation"])} if sampler.truncates_styles else {}
        inputs = (z, rest["label"]) if gan.num_classes else z
        return {"images": pixels.to_uint8(sampler.generator(inputs, training=False, **style))}

    return tf.function(draw, input_signature=signature)


def psi(truncation):
    """Returns truncations as a generator that truncates styles takes them: 1 for none, where 0 says so."""
    return tf.where(truncation == 0, 1.0, truncation)
