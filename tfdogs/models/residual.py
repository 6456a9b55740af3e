"""The residual blocks of SNGAN, SAGAN and BigGAN."""

import tensorflow as tf
from keras import layers

from tfdogs.models.conditional_batch_norm import ConditionalBatchNormalization
from tfdogs.models.leaky_relu import leaky_relu
from tfdogs.models.spectral_norm import SNConv2D

ACTIVATIONS = ("relu", "leaky_relu")


def activate(name, features):
    """Applies the activation of `ACTIVATIONS` with that name; the leaky one's slope is 0.2."""
    return tf.nn.relu(features) if name == "relu" else leaky_relu(features)


def check_activation(name):
    """Raises a ValueError where an activation is not one of `ACTIVATIONS`."""
    if name not in ACTIVATIONS:
        raise ValueError(f"activation must be one of {', '.join(ACTIVATIONS)}. Received: activation={name!r}")


class GeneratorBlock(layers.Layer):
    """Doubles height and width: BatchNorm, activation, convolution, twice; a 1 x 1 convolution passes by.

    Miyato et al. 2018, "Spectral Normalization for Generative Adversarial Networks", figure 8.

    Args:
        filters: channels that come out.
        condition_dim: see `ConditionalBatchNormalization`.
        activation: one of `ACTIVATIONS`.
        convolution: `SNConv2D`'s keyword arguments.
        norm: `ConditionalBatchNormalization`'s keyword arguments.
        dtype: policy of the layers.
        name: name of the block.
    """

    def __init__(self, filters, condition_dim, *, activation, convolution, norm, dtype=None, name=None):
        super().__init__(dtype=dtype, name=name)
        self.activation = activation
        convolution, norm = {"dtype": dtype, **convolution}, {"dtype": dtype, **norm}
        # No bias where a BatchNorm or the other branch's would repeat it.
        self.norm1 = ConditionalBatchNormalization(condition_dim, **norm)
        self.conv1 = SNConv2D(filters, resample="up", use_bias=False, **convolution)
        self.norm2 = ConditionalBatchNormalization(condition_dim, **norm)
        self.conv2 = SNConv2D(filters, **convolution)
        self.shortcut = SNConv2D(filters, 1, resample="up", use_bias=False, **convolution)

    def build(self, input_shape):
        inner = self.compute_output_shape(input_shape)
        shapes = [input_shape, input_shape, inner, inner, input_shape]
        parts = [self.norm1, self.conv1, self.norm2, self.conv2, self.shortcut]
        for part, shape in zip(parts, shapes):
            part.build(shape)
        self.built = True

    def call(self, inputs, condition=None, training=None):
        """[N, H, W, C] and float32 [N, condition_dim] -> [N, 2 H, 2 W, filters]."""
        features = activate(self.activation, self.norm1(inputs, condition, training=training))
        features = self.conv1(features, training=training)
        features = activate(self.activation, self.norm2(features, condition, training=training))
        return self.conv2(features, training=training) + self.shortcut(inputs, training=training)

    def compute_output_shape(self, input_shape):
        return self.conv1.compute_output_shape(input_shape)


class DiscriminatorBlock(layers.Layer):
    """Activation and convolution, twice, and 2 x 2 averaging where it halves; a 1 x 1 convolution passes by.

    Where nothing about the shape changes the features themselves pass by.

    Miyato et al. 2018, figure 8; wide: Brock et al. 2019 (BigGAN), appendix B.

    Args:
        filters: channels that come out.
        first: True where images come in, which are not activated.
        downsample: whether height and width are halved.
        wide: whether the first convolution already has `filters` channels, rather than as many as come in.
        activation: one of `ACTIVATIONS`.
        convolution: `SNConv2D`'s keyword arguments.
        dtype: policy of the layers.
        name: name of the block.
    """

    def __init__(self, filters, *, first, downsample, wide, activation, convolution, dtype=None, name=None):
        super().__init__(dtype=dtype, name=name)
        self.filters = filters
        self.first = first
        self.resample = "down" if downsample else None
        self.wide = wide or first
        self.activation = activation
        self._convolution = {"dtype": dtype, **convolution}
        self.shortcut = None

    def build(self, input_shape):
        channels = input_shape[-1]
        self.conv1 = SNConv2D(self.filters if self.wide else channels, **self._convolution)
        self.conv2 = SNConv2D(self.filters, resample=self.resample, **self._convolution)
        self.conv1.build(input_shape)
        self.conv2.build(self.conv1.compute_output_shape(input_shape))
        if self.resample or channels != self.filters:
            self.shortcut = SNConv2D(
                self.filters, 1, resample=self.resample, use_bias=False, **self._convolution
            )
            self.shortcut.build(input_shape)
        self.built = True

    def call(self, inputs, training=None):
        """[N, H, W, C] -> [N, H, W, filters], or half the size where it is halved."""
        features = inputs if self.first else activate(self.activation, inputs)
        features = activate(self.activation, self.conv1(features, training=training))
        features = self.conv2(features, training=training)
        return features + (inputs if self.shortcut is None else self.shortcut(inputs, training=training))

    def compute_output_shape(self, input_shape):
        batch, height, width, _ = input_shape
        if self.resample:
            height, width = height // 2, width // 2
        return (batch, height, width, self.filters)
