import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from tfdogs.metrics.extractors import resizers

RNG = np.random.default_rng(0)
SIZES = [
    (64, 64, 224),
    (120, 176, 224),
    (500, 333, 299),
    (300, 300, 299),
    (7, 3, 40),
    (1, 1, 5),
    (900, 30, 64),
]


def images(height, width, channels=3, number=2):
    return RNG.integers(0, 256, (number, height, width, channels), np.uint8)


def pillow(array, size):
    """Resizes each channel in floating point, as clean-fid does."""

    def channel(plane):
        return Image.fromarray(plane.astype(np.float32), mode="F").resize((size, size), Image.BICUBIC)

    planes = [[np.asarray(channel(image[..., c])) for c in range(3)] for image in array]
    return np.clip(np.moveaxis(np.array(planes), 1, -1), 0, 255)


@pytest.mark.parametrize(("height", "width", "size"), SIZES)
def test_bicubic_is_pillows(height, width, size):
    array = images(height, width)
    resized = resizers.resize("bicubic", array, size)
    assert (resized.shape, resized.dtype) == ((2, size, size, 3), np.float32)
    np.testing.assert_allclose(resized, pillow(array, size), atol=1e-3)


@pytest.mark.parametrize(("height", "width", "size"), SIZES)
def test_bilinear_is_tensorflows(height, width, size):
    array = images(height, width)
    ours = resizers.resize("bilinear", array, size)
    np.testing.assert_allclose(ours, tf.image.resize(array, [size, size]), atol=0.02)


@pytest.mark.parametrize(("height", "width", "size"), SIZES)
def test_bilinear_v1_is_tensorflow_1s(height, width, size):
    array = images(height, width)
    theirs = tf.raw_ops.ResizeBilinear(images=array, size=[size, size], half_pixel_centers=False)
    np.testing.assert_allclose(resizers.resize("bilinear_v1", array, size), theirs, atol=0.02)


@pytest.mark.parametrize("name", resizers.NAMES)
def test_the_right_size_and_a_flat_image_stay_as_they_are(name):
    array = images(17, 17)
    np.testing.assert_array_equal(resizers.resize(name, array, 17), array.astype(np.float32))
    flat = np.full((1, 5, 90, 3), 255, np.uint8)
    np.testing.assert_allclose(resizers.resize(name, flat, 17), 255, rtol=1e-6)


@pytest.mark.parametrize("name", resizers.NAMES)
def test_an_image_is_resized_alike_in_every_batch(name):
    array = images(64, 48, number=7)
    whole = resizers.resize(name, array, 96)
    for i in range(7):
        np.testing.assert_array_equal(resizers.resize(name, array[i : i + 1], 96)[0], whole[i])


def test_grey_is_repeated_and_the_range_is_kept():
    grey = (RNG.integers(0, 2, (2, 9, 9, 1)) * 255).astype(np.uint8)  # the cubic overshoots at its edges
    resized = resizers.resize("bicubic", grey, 40)
    assert resized.min() == 0 and resized.max() == 255
    np.testing.assert_array_equal(resized, resizers.resize("bicubic", np.repeat(grey, 3, axis=3), 40))
