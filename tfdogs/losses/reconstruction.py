"""The self-supervised discriminator's loss."""

import tensorflow as tf

from tfdogs.losses.regularizer import Regularizer, register


@register
class Reconstruction(Regularizer):
    """weight * sum over decoders of E[|drawn - expected|]: D's feature maps must tell how the reals look.

    Liu et al. 2021, "Towards Faster and Stabilized GAN Training for High-fidelity Few-shot Image Synthesis"
    (FastGAN), section 3.2: the discriminator and small decoders learn together to draw the real images, as
    augmented, out of its feature maps. The paper compares them by LPIPS, a network trained on photographs;
    here it is the mean absolute error of the pixels, which needs none. The fakes are not drawn.

    It needs a discriminator with decoders, such as dcgan's and r3gan's with reconstruction=True. One of your
    own has an attribute `reconstructs` that is True, and the methods

        judge_and_encode(inputs, training) -> (logits [N, 1], feature maps, any structure of tensors)
        reconstruct(maps, images, noise) -> list of pairs (drawn, expected), [N, h, w, C] both

    whose inputs are those of its `call`, whose images are those that it has judged and whose noise is
    `tfdogs.models.noise.Noise`.

    Args:
        weight: default 1, as in the paper.
        interval: see `Regularizer`.
        schedule: see `Regularizer`.
    """

    name = "reconstruction"
    encodes = True
    reads_fakes = False

    def __init__(self, weight=1.0, *, interval=1, schedule=None):
        super().__init__(interval, schedule=schedule)
        self.weight = float(weight)

    def check(self, network):
        if not getattr(network, "reconstructs", False):
            raise ValueError(
                "reconstruction needs a discriminator with decoders, such as dcgan's or r3gan's with "
                f"reconstruction=True. Received: {type(network).__name__}"
            )

    def __call__(self, discriminate, reals, fakes, noise):
        pairs = discriminate.reconstruct(reals, noise)
        return self.weight * tf.add_n([_distance(*pair) for pair in pairs])

    def get_config(self):
        return {"weight": self.weight, **super().get_config()}


def _distance(drawn, expected):
    if not drawn.shape.is_compatible_with(expected.shape):
        raise ValueError(
            "the discriminator's reconstruct must give pairs of one shape. "
            f"Received: {tuple(drawn.shape)} and {tuple(expected.shape)}"
        )
    drawn, expected = tf.cast(drawn, tf.float32), tf.cast(expected, tf.float32)
    return tf.reduce_mean(tf.abs(drawn - tf.stop_gradient(expected)))
