"""The residual networks that SNGAN, SAGAN and BigGAN are variants of, for any image size."""

import tensorflow as tf
from keras import layers

from tfdogs.models import convnets
from tfdogs.models.attention import SelfAttention
from tfdogs.models.base import Discriminator, Generator, class_table
from tfdogs.models.named_weights import Part, numbered
from tfdogs.models.residual import DiscriminatorBlock, GeneratorBlock, activate, check_activation
from tfdogs.models.residual_plan import attention_size, discriminator_widths
from tfdogs.models.spectral_norm import SNConv2D, SNDense, SNEmbedding


class ResidualGenerator(Generator):
    """A linear map to a small feature map, blocks that double it, BatchNorm, a convolution, tanh.

    An image size that is no multiple of the doublings is drawn a little larger and cropped. A subclass says
    in `split` what of the latent and the label enters where.

    Args:
        image_size: 28 or more, in pixels.
        channels: 1 or 3.
        latent_dim: length of a latent.
        num_classes, dtype, name: see `Generator`.
        base_channels: unit of the widths.
        widths: channels of the first map and of the blocks, in that unit: what `generator_widths` returns.
        conditions: length of each block's condition; see `ConditionalBatchNormalization`.
        attention: there is self-attention at the largest feature map of at most this size and half the
            image's; 0 for none.
        activation: "relu" or "leaky_relu".
        spectral_norm: whether all kernels are spectrally normalized.
        kernel_initializer: of all kernels.
        norm: keyword arguments of `ConditionalBatchNormalization`.

    Raises:
        ValueError: an unknown `activation`.
    """

    def __init__(
        self,
        image_size,
        channels,
        latent_dim,
        *,
        base_channels,
        widths,
        conditions,
        attention=0,
        activation="relu",
        spectral_norm=False,
        kernel_initializer="glorot_uniform",
        norm,
        **kwargs,
    ):
        super().__init__(image_size, channels, latent_dim, **kwargs)
        self._autocast = False  # the latents are split as they come, in float32
        check_activation(activation)
        self.base_channels = base_channels
        self.activation = activation
        self.attention = attention
        self.embedding = None  # a label enters each block rather than once
        self._start = convnets.start_size(image_size)
        convolution = {"spectral_norm": spectral_norm, "kernel_initializer": kernel_initializer}
        kwargs = {"dtype": self.policy, **convolution}
        self._top, block_widths = widths[0] * base_channels, widths[1]
        self.project = SNDense(self._start**2 * self._top, **kwargs)
        attended, size = attention_size(image_size, attention), self._start
        self.stack = []
        for width, condition_dim in zip(block_widths, conditions):
            self.stack.append(
                GeneratorBlock(
                    width * base_channels,
                    condition_dim,
                    activation=activation,
                    convolution=convolution,
                    norm=norm,
                    dtype=self.policy,
                )
            )
            size *= 2
            if size == attended:
                self.stack.append(SelfAttention(**kwargs))
        self._margin = size - image_size
        self.norm = convnets.batch_norm(self.policy)
        self.to_image = SNConv2D(channels, **kwargs)
        self.tanh = layers.Activation("tanh", dtype="float32")

    def split(self, latents, labels):
        """Says what enters where.

        Args:
            latents: float32 [N, latent_dim].
            labels: int [N], or None.

        Returns:
            (float32 [N, D] for the first map, an iterable of the blocks' conditions, float32 [N, C] or None).
        """
        raise NotImplementedError

    @property
    def first_dim(self):
        """Length of what enters the first map."""
        return self.latent_dim

    def build(self, input_shape=None):
        """Creates the weights; the shapes follow from the constructor's arguments."""
        self.project.build((None, self.first_dim))
        shape = (None, self._start, self._start, self._top)
        for layer in self.stack:
            layer.build(shape)
            shape = layer.compute_output_shape(shape)
        self.norm.build(shape)
        self.to_image.build(shape)
        self.built = True

    def call(self, inputs, training=None):
        """Draws images; see `Generator.call`."""
        latents, labels = inputs if self.num_classes else (inputs, None)
        first, conditions = self.split(tf.cast(latents, "float32"), labels)
        features = self.project(first, training=training)
        features = tf.reshape(features, [-1, self._start, self._start, self._top])
        conditions = iter(conditions)
        for layer in self.stack:
            if isinstance(layer, GeneratorBlock):
                features = layer(features, next(conditions), training=training)
            else:
                features = layer(features, training=training)
        features = activate(self.activation, self.norm(features, training=training))
        images = self.to_image(features, training=training)
        before = self._margin // 2
        images = images[:, before : before + self.image_size, before : before + self.image_size]
        return self.tanh(images)

    def condition_rows(self, block):
        """Returns what the rows of scale and shift in block 0, 1, ... are of: labels as `Part` has them."""
        raise NotImplementedError

    def parts(self):
        """Returns what it is made of, each a `Part`; blocks are counted from the first map."""
        parts, block = [], 0
        for layer in self.stack:
            if isinstance(layer, SelfAttention):
                parts.append(Part(f"attention{block}", layer))
                continue
            rows = {f"{name}/kernel": (0, self.condition_rows(block)) for name in ("scale", "shift")}
            block += 1
            parts.append(Part(f"block{block}", layer, rows=rows))
        return [
            *class_table("embedding", self.embedding, self.num_classes),
            Part("project", self.project, rows={"kernel": (0, numbered("latent", self.first_dim))}),
            *parts,
            Part("norm", self.norm, at_image=True),
            Part("to_image", self.to_image, at_image=True),
        ]

    def get_config(self):
        return {**super().get_config(), "base_channels": self.base_channels}


class ResidualDiscriminator(Discriminator):
    """Blocks that halve the image, features summed over all places, a logit and the label's projection.

    Every kernel is spectrally normalized, the projection's included. Images whose size is no multiple of the
    halvings get a margin of zeros.

    Args:
        image_size: 28 or more, in pixels.
        channels: 1 or 3.
        num_classes, freeze, dtype, name: see `Discriminator`.
        base_channels: unit of the widths.
        widths: of each block (channels in that unit, whether it halves); default `discriminator_widths`.
        attention: see `ResidualGenerator`.
        activation: "relu" or "leaky_relu".
        kernel_initializer: of all kernels.
        wide: see `DiscriminatorBlock`.

    Raises:
        ValueError: an unknown `activation`.
    """

    def __init__(
        self,
        image_size,
        channels,
        *,
        base_channels,
        widths=None,
        attention=0,
        activation="relu",
        kernel_initializer="glorot_uniform",
        wide=False,
        **kwargs,
    ):
        super().__init__(image_size, channels, **kwargs)
        check_activation(activation)
        self.base_channels = base_channels
        self.activation = activation
        self.attention = attention
        size = convnets.start_size(image_size) * 2 ** convnets.doublings(image_size)
        self._margins = ((size - image_size) // 2, (size - image_size + 1) // 2)
        attended = attention_size(image_size, attention)
        self.stack = []
        for index, (width, halves) in enumerate(widths or discriminator_widths(image_size)):
            self.stack.append(
                DiscriminatorBlock(
                    width * base_channels,
                    first=index == 0,
                    downsample=halves,
                    wide=wide,
                    activation=activation,
                    convolution={"kernel_initializer": kernel_initializer},
                    dtype=self.policy,
                )
            )
            size //= 2 if halves else 1
            if halves and size == attended:
                self.stack.append(SelfAttention(kernel_initializer=kernel_initializer, dtype=self.policy))
        heads = {"kernel_initializer": kernel_initializer, "dtype": "float32"}
        self.num_features = width * base_channels
        self.head = SNDense(1, **heads, name="logit")
        self.projection = (
            SNEmbedding(self.num_classes, self.num_features, **heads, name="projection")
            if self.num_classes
            else None
        )

    def build(self, input_shape=None):
        """Creates the weights; the shapes follow from the constructor's arguments."""
        size = self.image_size + sum(self._margins)
        shape = (None, size, size, self.channels)
        for layer in self.stack:
            layer.build(shape)
            shape = layer.compute_output_shape(shape)
        self.head.build((None, self.num_features))
        if self.projection is not None:
            self.projection.build()
        self.freeze_stages(self.freeze)
        self.built = True

    def trunk(self):
        return list(self.stack)

    def parts(self):
        """Returns what it is made of, each a `Part`; blocks are counted from the logit back to the image."""
        parts, left = [], sum(not isinstance(layer, SelfAttention) for layer in self.stack)
        for layer in self.stack:
            if isinstance(layer, SelfAttention):
                parts.append(Part(f"attention{left + 1}", layer))
                continue
            parts.append(Part("from_image" if layer.first else f"block{left}", layer, at_image=layer.first))
            left -= 1
        return [*parts, *self._head_parts()]

    def features(self, images, training=None):
        """Returns what the logits are made of: images [N, H, W, C] -> float32 [N, F]."""
        features = (
            tf.pad(images, [[0, 0], self._margins, self._margins, [0, 0]]) if any(self._margins) else images
        )
        for layer in self.stack:
            features = layer(features, training=training)
        return tf.reduce_sum(tf.cast(activate(self.activation, features), "float32"), axis=[1, 2])

    def logits(self, features, labels, training=None):
        """Returns the logits of features [N, F] and labels int [N] or None: float32 [N, 1]."""
        logits = self.head(features, training=training)
        if self.projection is not None:
            table = self.projection(labels, training=training)
            logits += tf.reduce_sum(features * table, axis=1, keepdims=True)
        return logits

    def call(self, inputs, training=None):
        """Judges images; see `Discriminator.call`."""
        images, labels = inputs if self.num_classes else (inputs, None)
        return self.logits(self.features(images, training), labels, training)

    def get_config(self):
        return {**super().get_config(), "base_channels": self.base_channels}
