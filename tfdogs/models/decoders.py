"""Decoders: what a discriminator's feature maps still tell of the images that they came of.

Liu et al. 2021, "Towards Faster and Stabilized GAN Training for High-fidelity Few-shot Image Synthesis"
(FastGAN), section 3.2. One decoder draws a part of the image from a random crop of a map, the other one the
whole image from the next smaller map. The paper's maps have sides of 16 and 8, its crops 8, its decoders
draw 128 px. Here the smaller map is the smallest with a side of 7 or more, so that images of 64 px have the
paper's maps, and decoders draw half the image's side: the part at its full resolution, the whole at half of
it. Nothing is normalized in them, as it is in the authors' code.
"""

import math

import keras
import tensorflow as tf
from keras import layers

from tfdogs.models.leaky_relu import LeakyReLU

_LEAST_SIDE = 7  # of the smaller map, in pixels
_LEAST_CHANNELS = 8


def tapped_maps(body):
    """Returns the two feature maps to draw from, the larger one first, symbolic tensors [N, H, W, C].

    Of each side the last layer's map is taken.

    Args:
        body: `keras.Sequential` from images to features.

    Raises:
        ValueError: it has no two such maps.
    """
    maps = {}  # by their side, falling
    for layer in body.layers:
        if len(layer.output.shape) == 4:
            maps[layer.output.shape[1]] = layer.output
    sides = [side for side in maps if side >= _LEAST_SIDE]
    if len(sides) < 2:
        raise ValueError(
            f"reconstruction needs feature maps of two sides of {_LEAST_SIDE} px or more, as a smaller patch "
            f"has. Received: sides {', '.join(map(str, maps))}"
        )
    return [maps[side] for side in sides[-2:]]


def make_decoders(maps, image_shape, base_channels, dtype=None):
    """Builds the decoder of crops of the larger map, and that of the smaller one.

    Args:
        maps: what `tapped_maps` returned.
        image_shape: (height, width, channels).
        base_channels: channels of a decoder's first layer; halved with every doubling, 8 or more.
        dtype: policy of the layers.

    Returns:
        Two `keras.Sequential`s, [N, h, w, C] -> float32 [N, H, W, image channels] in [-1, 1].
    """
    larger, smaller = maps
    # The larger map's crop is as large as the smaller map, and a pixel of it half as large.
    doublings = max(round(math.log2(image_shape[0] / smaller.shape[1])) - 1, 0)
    crop = _crop_side(larger)
    shapes = ((crop, crop, larger.shape[-1]), smaller.shape[1:])
    return [
        _decoder(shape, image_shape[-1], base_channels, doublings, dtype=dtype, name=name)
        for shape, name in zip(shapes, ("part_decoder", "whole_decoder"))
    ]


def reconstruct(decoders, maps, images, noise):
    """Draws what was seen, and what should have been drawn.

    Args:
        decoders: what `make_decoders` returned.
        maps: the maps' values, [N, H, W, C] each.
        images: what the discriminator saw, float32 [N, H, W, C].
        noise: `tfdogs.models.noise.Noise`, for the places of the crops.

    Returns:
        Two pairs (drawn, expected) of float32 [N, h, w, C]: of the part and of the whole image.
    """
    part, whole = decoders
    larger, smaller = maps
    count, side, crop = tf.shape(images)[0], larger.shape[1], _crop_side(larger)
    corners = tf.floor(noise.uniform([count, 2]) * (side - crop + 1.0))
    zeros = tf.zeros([count, 2])
    pixels = images.shape[1] / side  # of the image in one of the map
    return [
        (
            part(resampled(larger, corners, crop, crop)),
            resampled(images, corners * pixels, crop * pixels, part.output_shape[1]),
        ),
        (whole(smaller), resampled(images, zeros, images.shape[1], whole.output_shape[1])),
    ]


def resampled(images, corners, length, side):
    """Cuts a square out of each image and scales it: each pixel is the mean over the area that it covers.

    Two products with a matrix each, as the fastest way with a gradient on a CPU; a crop that is not scaled is
    exact in every dtype.

    Args:
        images: [N, H, W, C].
        corners: upper and left end of each square, in pixels, float32 [N, 2].
        length: side of the squares, in pixels.
        side: of the result.

    Returns:
        [N, side, side, C], in the dtype of `images`.
    """
    rows, columns = (
        tf.cast(_shares(corners[:, axis], length, side, images.shape[1 + axis]), images.dtype)
        for axis in (0, 1)
    )
    return tf.einsum("nbq,naqc->nabc", columns, tf.einsum("nap,npqc->naqc", rows, images))


def _shares(start, length, count, size):
    """Returns the share of each of `size` pixels in `count` equal spans from `start` on: [N, count, size]."""
    ends = start[:, None] + length / count * tf.range(count + 1, dtype=tf.float32)
    pixels = tf.range(size, dtype=tf.float32)
    upper = tf.minimum(ends[:, 1:, None], pixels + 1.0)
    lower = tf.maximum(ends[:, :-1, None], pixels)
    return tf.nn.relu(upper - lower) * (count / length)


def _crop_side(feature_map):
    return feature_map.shape[1] // 2


def _decoder(shape, channels, base_channels, doublings, *, dtype, name):
    def width(level):
        return max(base_channels // 2**level, _LEAST_CHANNELS)

    def he(fan_in):  # Keras' own takes a transposed convolution's outputs for its inputs
        return keras.initializers.RandomNormal(stddev=math.sqrt(2 / fan_in))

    options = {"padding": "same", "dtype": dtype}
    stack = [layers.Conv2D(width(0), 3, kernel_initializer=he(9 * shape[-1]), **options), LeakyReLU(dtype)]
    for level in range(doublings):
        init = he(4 * width(level))  # of a kernel of 4x4, a pixel sees every second row and column
        stack += [
            layers.Conv2DTranspose(width(level + 1), 4, 2, kernel_initializer=init, **options),
            LeakyReLU(dtype),
        ]
    stack += [layers.Conv2D(channels, 3, **options), layers.Activation("tanh", dtype="float32")]
    return keras.Sequential([keras.Input(shape), *stack], name=name)
