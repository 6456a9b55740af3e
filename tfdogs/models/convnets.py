"""The strided convolutional stacks that DCGAN and WGAN-GP share, for any image size."""

import math

import keras
from keras import layers

from tfdogs.models import strided
from tfdogs.models.leaky_relu import LeakyReLU
from tfdogs.models.skip_excitation import SkipExcitation, chain

EPSILON = 1e-5  # PyTorch's and the papers' BatchNorm epsilon; Keras' own default is 1e-3
MOMENTUM = 0.9


def doublings(image_size):
    """Returns how many strided layers lie between the smallest feature map, 4 to 7 pixels, and the image."""
    return int(math.log2(image_size / 4))


def start_size(image_size):
    """Returns the side of the smallest feature map: 4 to 7 pixels, or 8 whose image is cropped."""
    return math.ceil(image_size / 2 ** doublings(image_size))


def width(base_channels, level, *, most=8):
    """Returns the channels `level` halvings below the image's layer: doubled each time, at most `most` x."""
    return base_channels * min(2**level, most)


def initializer():
    """DCGAN's N(0, 0.02) (Radford et al. 2016, section 3)."""
    return keras.initializers.RandomNormal(stddev=0.02)


def batch_norm(dtype=None):
    """BatchNorm as DCGAN's, its scale drawn from N(1, 0.02)."""
    gamma = keras.initializers.RandomNormal(mean=1.0, stddev=0.02)
    return layers.BatchNormalization(momentum=MOMENTUM, epsilon=EPSILON, gamma_initializer=gamma, dtype=dtype)


def upsampler(
    image_size,
    channels,
    base_channels,
    *,
    input_dim,
    norm=None,
    condition=None,
    skip_excitation=False,
    dtype=None,
):
    """Builds a vector -> image stack: projection, then transposed convolutions of kernel 4 and stride 2.

    An image size that is no multiple of the strides is drawn a little larger and cropped.

    Args:
        image_size: height and width, in pixels.
        channels: 1 or 3.
        base_channels: channels of the last hidden layer.
        input_dim: length of the input vector.
        norm: called for the normalization layer after every convolution but the last; default `batch_norm`.
        condition: see `tfdogs.models.skip_excitation.chain`; default None.
        skip_excitation: whether small feature maps weigh the channels of large ones, see
            `tfdogs.models.skip_excitation`; default False.
        dtype: policy of the layers.

    Returns:
        `keras.Sequential`, or with a condition or skip_excitation `keras.Model`: [N, input_dim] -> float32
        [N, image_size, image_size, channels] in [-1, 1].

    Raises:
        ValueError: the images are too small for skip_excitation.
    """
    levels = doublings(image_size)
    start = start_size(image_size)
    top = width(base_channels, levels - 1)
    norm = norm or (lambda: batch_norm(dtype))
    stack = [
        [
            layers.Dense(start * start * top, use_bias=False, kernel_initializer=initializer(), dtype=dtype),
            layers.Reshape((start, start, top), dtype=dtype),
            norm(),
            layers.ReLU(dtype=dtype),
        ]
    ]
    for level in reversed(range(levels - 1)):
        stack.append([_transposed(width(base_channels, level), dtype), norm(), layers.ReLU(dtype=dtype)])
    ending = [_transposed(channels, dtype)]
    extra = start * 2**levels - image_size
    if extra:
        margins = (extra // 2, extra - extra // 2)
        ending.append(layers.Cropping2D((margins, margins), dtype=dtype))
    ending.append(layers.Activation("tanh", dtype="float32"))
    gate = _gate(dtype) if skip_excitation else None
    return chain(input_dim, stack, ending, gate=gate, condition=condition)


def downsampler(image_size, channels, base_channels, *, norm, dtype=None):
    """Builds an image -> features stack: convolutions of kernel 4 and stride 2, LeakyReLU of slope 0.2.

    Args:
        image_size: height and width, in pixels.
        channels: 1 or 3.
        base_channels: channels of the first layer.
        norm: called for a normalization layer after every convolution but the first; None for none.
        dtype: policy of the layers.

    Returns:
        `keras.Sequential`: [N, image_size, image_size, channels] -> [N, F].
    """
    # N(0, 0.02) counts on a normalization behind it: without one the signal fades from layer to layer.
    init = initializer if norm is not None else keras.initializers.HeNormal
    stack = [keras.Input((image_size, image_size, channels))]
    for level in range(doublings(image_size)):
        normalized = norm is not None and level > 0
        stack.append(
            _strided(width(base_channels, level), dtype, init, use_bias=not normalized and level > 0)
        )
        if normalized:
            stack.append(norm())
        stack.append(LeakyReLU(dtype=dtype))
    return keras.Sequential([*stack, layers.Flatten(dtype=dtype)], name="body")


def _gate(dtype):
    # A gate halves its map at first, as in the paper: the BatchNorm behind the next convolution undoes that,
    # and the image, behind the last gate, only begins paler.
    return lambda: SkipExcitation(initializer(), initializer(), dtype=dtype)


def _strided(filters, dtype, init, *, use_bias):
    return strided.Conv2D(
        filters, 4, 2, padding="same", use_bias=use_bias, kernel_initializer=init(), dtype=dtype
    )


def _transposed(filters, dtype):
    return strided.Conv2DTranspose(
        filters, 4, 2, padding="same", use_bias=False, kernel_initializer=initializer(), dtype=dtype
    )
