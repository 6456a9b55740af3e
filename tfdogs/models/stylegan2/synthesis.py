"""From styles to images."""

import keras
import tensorflow as tf
from keras import layers

from tfdogs.models import resampling
from tfdogs.models.stylegan2.styled_conv import StyledConv
from tfdogs.models.stylegan2.to_rgb import ToRGB


@keras.saving.register_keras_serializable("tfdogs")
class SynthesisNetwork(layers.Layer):
    """A learned constant, grown level by level; every level adds its image to those before.

    The skip architecture of Karras et al. 2020, figure 7. A level doubles the side and has two layers, the
    first one; with its image a level also reads the w of the next level's first layer.

    Args:
        start_size: side of the constant, in pixels.
        widths: channels of each level, the constant's first.
        channels: 1 or 3.
        dtype: policy of the layers; images are float32.
        name: see `keras.layers.Layer`.
    """

    def __init__(self, start_size, widths, channels, *, dtype=None, **kwargs):
        super().__init__(dtype=dtype, **kwargs)
        self._autocast = False  # w stays float32 until it is a style
        self.start_size = start_size
        self.widths = list(widths)
        self.channels = channels
        self.convs = [StyledConv(self.widths[0], dtype=dtype)]
        for width in self.widths[1:]:
            self.convs += [StyledConv(width, upsample=True, dtype=dtype), StyledConv(width, dtype=dtype)]
        # The sum of all levels' images starts in the range that a tanh behind it does not flatten.
        gain = len(self.widths) ** -0.5
        self.to_rgb = [ToRGB(channels, gain=gain, dtype=dtype) for _ in self.widths]

    @property
    def num_ws(self):
        """How many w an image takes: one a layer, and one for the last image."""
        return 2 * len(self.widths)

    def build(self, w_dim):
        """Creates the weights for w of length `w_dim`."""
        size = self.start_size
        normal = keras.initializers.RandomNormal(stddev=1.0)
        self.constant = self.add_weight("constant", (size, size, self.widths[0]), initializer=normal)
        shape = (None, *self.constant.shape)
        for conv in self.convs:
            conv.build(shape, w_dim)
            shape = conv.conv.compute_output_shape(shape)
        for level, (rgb, width) in enumerate(zip(self.to_rgb, self.widths)):
            rgb.build((None, size * 2**level, size * 2**level, width), w_dim)
        self.built = True

    def call(self, ws, noise=None):
        """Draws images.

        Args:
            ws: float32 [N, num_ws, w_dim], coarse layers first.
            noise: `tfdogs.models.noise.Noise`, or None for the layers' own.

        Returns:
            float32 [N, H, W, channels], of any size of value.
        """
        constant = tf.cast(self.constant, self.compute_dtype)[None]
        x = tf.repeat(constant, tf.shape(ws)[0], 0)
        images = None
        for i, conv in enumerate(self.convs):
            x = conv(x, ws[:, i], noise=None if noise is None else noise.fold(i))
            if i % 2 == 0:  # a level's last layer
                image = self.to_rgb[i // 2](x, ws[:, i + 1])
                images = image if images is None else resampling.upsample(images) + image
        return images

    def get_config(self):
        own = {"start_size": self.start_size, "widths": self.widths, "channels": self.channels}
        return {**super().get_config(), **own}
