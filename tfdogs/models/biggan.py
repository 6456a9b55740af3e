"""BigGAN: shared class embedding, hierarchical latent, orthogonal start (Brock et al. 2019)."""

import keras
import tensorflow as tf
from keras import layers

from tfdogs.models import convnets, residual_plan
from tfdogs.models.named_weights import Part, numbered
from tfdogs.models.registry import default_attention
from tfdogs.models.resnets import ResidualDiscriminator, ResidualGenerator
from tfdogs.models.spectral_norm import SNDense

# Channels at 256 px, in base channels, from the image down: table 5 of the paper. At 512 px (table 6) another
# block of 1x lies outside of them, and so we go on at 1024.
_LARGE, _LARGE_LEVELS = (1, 2, 4, 8, 8, 16), 6


def generator_widths(image_size):
    """Returns the channels of the first map and of the blocks as `residual_plan.generator_widths` does."""
    levels = convnets.doublings(image_size)
    if levels < _LARGE_LEVELS:
        return residual_plan.generator_widths(image_size, last=2)
    return _LARGE[-1], (*reversed(_LARGE), *(1,) * (levels - _LARGE_LEVELS))


def discriminator_widths(image_size):
    """Returns of each block (channels, whether it halves) as `residual_plan.discriminator_widths` does."""
    levels = convnets.doublings(image_size)
    if levels < _LARGE_LEVELS:
        return residual_plan.discriminator_widths(image_size)
    widths = (*(1,) * (levels - _LARGE_LEVELS), *_LARGE)
    return *((width, True) for width in widths), (_LARGE[-1], False)


@keras.saving.register_keras_serializable("tfdogs")
class BigGANGenerator(ResidualGenerator):
    """Spectrally normalized residual blocks, each modulated by a part of the latent and the class.

    Brock et al. 2019, "Large Scale GAN Training for High Fidelity Natural Image Synthesis", appendix B. The
    latent is cut into one part for the first map and one for each block, as equal as can be, the longer ones
    first. A block's BatchNorms take scale and shift from its part, joined to the class's embedding, which
    all blocks share. Without classes they take them from the part alone. Weights start orthogonal.

    Args:
        image_size: 28 or more, in pixels; default 64.
        channels: 1 or 3; default 3.
        latent_dim: length of a latent; default 120.
        num_classes, dtype, name: see `Generator`.
        base_channels: the paper's ch, 96 for ImageNet: channels of the last block are 2x at 64 px, 1x at
            128 px, doubled with every halving, up to 16x, over 128 px as in the paper's tables; under 64 px
            all blocks have 4x; default 32.
        embedding_dim: length of a class's embedding; default 128.
        attention: there is self-attention at the largest feature map of at most this size and half the
            image's; 0 for none; default: `registry.default_attention`, 32, over 128 px 64.
        activation: "relu", or "leaky_relu" of slope 0.2.

    Raises:
        ValueError: an unknown `activation`.
    """

    def __init__(
        self,
        image_size=64,
        channels=3,
        latent_dim=120,
        *,
        base_channels=32,
        embedding_dim=128,
        attention=None,
        activation="relu",
        num_classes=0,
        **kwargs,
    ):
        widths = generator_widths(image_size)
        count = 1 + len(widths[1])
        lengths = [latent_dim // count + (i < latent_dim % count) for i in range(count)]
        extra = embedding_dim if num_classes else 0
        super().__init__(
            image_size,
            channels,
            latent_dim,
            num_classes=num_classes,
            base_channels=base_channels,
            widths=widths,
            conditions=[extra + length for length in lengths[1:]],
            attention=default_attention(image_size) if attention is None else attention,
            activation=activation,
            spectral_norm=True,
            kernel_initializer="orthogonal",
            norm={"spectral_norm": True, "kernel_initializer": "orthogonal"},
            **kwargs,
        )
        self.embedding_dim = embedding_dim
        self._lengths = lengths
        if num_classes:
            self.embedding = layers.Embedding(
                num_classes,
                embedding_dim,
                embeddings_initializer="orthogonal",
                dtype="float32",
                name="embedding",
            )

    @property
    def first_dim(self):
        return self._lengths[0]

    def build(self, input_shape=None):
        if self.embedding is not None:
            self.embedding.build((None,))
        super().build(input_shape)

    def split(self, latents, labels):
        first, *parts = tf.split(latents, self._lengths, axis=1)
        if labels is None:
            return first, parts
        embedding = self.embedding(labels)
        return first, [tf.concat([embedding, part], axis=1) for part in parts]

    def condition_rows(self, block):
        embedding = self.embedding_dim if self.num_classes else 0
        return numbered("embedding", embedding) + numbered("latent", self._lengths[1 + block])

    def get_config(self):
        return {
            **super().get_config(),
            "embedding_dim": self.embedding_dim,
            "attention": self.attention,
            "activation": self.activation,
        }


@keras.saving.register_keras_serializable("tfdogs")
class BigGANDiscriminator(ResidualDiscriminator):
    """Spectrally normalized wide residual blocks, projection of the label, a classifier where wanted.

    Args:
        image_size: 28 or more, in pixels; default 64.
        channels: 1 or 3; default 3.
        num_classes, freeze, dtype, name: see `Discriminator`.
        base_channels: the paper's ch: channels of the first block; doubled with every halving, up to 16x,
            over 128 px as in the paper's tables; under 64 px all blocks have 4x; default 32.
        attention: see `BigGANGenerator`.
        activation: "relu", or "leaky_relu" of slope 0.2.
        auxiliary: whether it also names the class (Odena et al. 2017, AC-GAN); default False.

    Raises:
        ValueError: an unknown `activation`, or an auxiliary classifier without classes.
    """

    def __init__(
        self,
        image_size=64,
        channels=3,
        *,
        base_channels=32,
        attention=None,
        activation="relu",
        auxiliary=False,
        **kwargs,
    ):
        super().__init__(
            image_size,
            channels,
            base_channels=base_channels,
            widths=discriminator_widths(image_size),
            attention=default_attention(image_size) if attention is None else attention,
            activation=activation,
            kernel_initializer="orthogonal",
            wide=True,
            **kwargs,
        )
        if auxiliary and not self.num_classes:
            raise ValueError("an auxiliary classifier needs classes. Received: num_classes=0")
        self.auxiliary = auxiliary
        self.classifier = None
        if auxiliary:
            self.classifier = SNDense(
                self.num_classes, kernel_initializer="orthogonal", dtype="float32", name="classifier"
            )

    def build(self, input_shape=None):
        super().build(input_shape)
        if self.auxiliary:
            self.classifier.build((None, self.num_features))

    def _head_parts(self):
        parts = super()._head_parts()
        if self.auxiliary:
            classes = numbered("class", self.num_classes)
            rows = {"kernel": (1, classes), "bias": (0, classes), "u": (0, classes)}
            parts.append(Part("classifier", self.classifier, rows=rows))
        return parts

    def judge_and_classify(self, inputs, training=None):
        """Judges images and names their classes, from one pass.

        Args:
            inputs: (images, labels), as `call` takes them; the classifier does not see the labels.
            training: True where `u` of the spectral normalization moves.

        Returns:
            (float32 logits [N, 1], float32 logits of the classes [N, num_classes]).
        """
        images, labels = inputs
        features = self.features(images, training)
        return self.logits(features, labels, training), self.classifier(features, training=training)

    def get_config(self):
        return {
            **super().get_config(),
            "attention": self.attention,
            "activation": self.activation,
            "auxiliary": self.auxiliary,
        }
