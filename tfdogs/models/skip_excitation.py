"""Skip-layer excitation: a generator's small feature maps weigh the channels of its large ones."""

import keras
import tensorflow as tf
from keras import layers

_SIDE = 4  # of the pooled map, in pixels
_SLOPE = 0.1  # of the LeakyReLU
_DOUBLINGS = 3  # from the small map to the large one


class SkipExcitation(layers.Layer):
    """gain * sigmoid(conv1x1(LeakyReLU(conv4x4(pool(low))))) * high: a weight for each channel of each image.

    Liu et al. 2021, "Towards Faster and Stabilized GAN Training for High-fidelity Few-shot Image Synthesis"
    (FastGAN), section 3.1. pool is adaptive average pooling to 4x4 pixels, the LeakyReLU's slope is 0.1; the
    convolutions have no biases, as in the authors' code.

    Args:
        squeeze: initializer of the 4x4 convolution.
        excite: initializer of the 1x1 convolution.
        gain: factor on the weights, which begin near gain / 2; default 1, as the paper's.
        dtype, name: see `keras.layers.Layer`.

    Attributes:
        joins: sides of the small and of the large map, such as "4to32", once it is built.
    """

    def __init__(self, squeeze, excite, *, gain=1.0, dtype=None, name=None):
        super().__init__(dtype=dtype, name=name)
        self._initializers = squeeze, excite
        self._gain = gain
        self._policy = dtype

    def build(self, input_shape):
        """Creates both convolutions."""
        self.joins = f"{input_shape[0][1]}to{input_shape[1][1]}"
        low, high = input_shape[0][-1], input_shape[1][-1]
        squeeze, excite = self._initializers
        options = {"use_bias": False, "dtype": self._policy}
        self.squeeze = layers.Conv2D(high, _SIDE, kernel_initializer=squeeze, **options)
        self.excite = layers.Conv2D(high, 1, kernel_initializer=excite, **options)
        self.squeeze.build((None, _SIDE, _SIDE, low))
        self.excite.build((None, 1, 1, high))
        self.built = True

    def call(self, inputs):
        """Maps (low [N, h, w, C], high [N, H, W, F]) to [N, H, W, F]; h and w are 4 or more."""
        low, high = inputs
        vector = tf.nn.leaky_relu(self.squeeze(adaptive_average(low, _SIDE)), _SLOPE)
        return self._gain * tf.sigmoid(self.excite(vector)) * high


def adaptive_average(x, side):
    """Averages [N, H, W, C] in side x side bins that cover it, and overlap where H or W is no multiple.

    Bin i of an axis of n pixels goes from floor(i n / side) to ceil((i + 1) n / side), as PyTorch's.
    """
    for axis in (1, 2):
        if x.shape[axis] != side:
            parts = [tf.gather(x, span, axis=axis) for span in _bins(x.shape[axis], side)]
            x = tf.stack([tf.reduce_mean(part, axis) for part in parts], axis)
    return x


def _bins(size, count):
    return [range(i * size // count, -(-(i + 1) * size // count)) for i in range(count)]


def chain(input_dim, levels, ending, *, gate=None, condition=None):
    """Makes a generator's body of its layers.

    With gates, the map at the end of a level is weighed by the one at the end of three levels before, whose
    side is an eighth of its own: 4 px for 32 px, 8 px for 64 px. (In the paper, for images of 256 to 1024 px,
    it is a sixteenth; dcgan's maps for 64 px end at 32.)

    Args:
        input_dim: length of the input vector.
        levels: a list of layers for each size of the feature map, the smallest first; sizes double.
        ending: list of the layers from the last level's map to the image.
        gate: called for a `SkipExcitation`; None for no gates. Default None.
        condition: layer from the input vector to what the layers with a `condition_dim` take beside their
            map; None where there are none. Default None.

    Returns:
        `keras.Sequential`; with gates or a condition a functional `keras.Model`.

    Raises:
        ValueError: no map is 8 times as large as another.
    """
    inputs = keras.Input((input_dim,))
    if gate is None and condition is None:
        stack = [layer for level in [*levels, ending] for layer in level]
        return keras.Sequential([inputs, *stack], name="body")
    if gate is not None and len(levels) <= _DOUBLINGS:
        raise ValueError(
            "skip_excitation needs a feature map 8 times as large as the smallest: images of 64 px or more, "
            f"and a small patch. Received: {len(levels)} sizes of maps, each twice the one before"
        )
    x, maps = inputs, []
    conditions = () if condition is None else (condition(inputs),)
    for level in levels:
        for layer in level:
            x = layer(x, *conditions) if hasattr(layer, "condition_dim") else layer(x)
        if gate is not None and len(maps) >= _DOUBLINGS:
            x = gate()([maps[-_DOUBLINGS], x])
        maps.append(x)
    for layer in ending:
        x = layer(x)
    return keras.Model(inputs, x, name="body")
