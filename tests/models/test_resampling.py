import numpy as np
import pytest
import tensorflow as tf

from tfdogs.models import resampling

FIR = np.outer([1, 3, 3, 1], [1, 3, 3, 1]) / 64


def images(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def fir(x, gain=1.0):
    """The filter on its own, on every channel, the larger margin before."""
    x = np.pad(x, ((0, 0), (2, 1), (2, 1), (0, 0)))
    height, width = x.shape[1] - 3, x.shape[2] - 3
    return sum(gain * FIR[i, j] * x[:, i : i + height, j : j + width] for i in range(4) for j in range(4))


def convolved(x, kernel):
    return tf.nn.conv2d(x, kernel, 1, "SAME").numpy()


@pytest.mark.parametrize("size", [1, 3])
def test_up_is_zeros_between_then_convolution_then_filter(size):
    x, kernel = images(2, 4, 6, 3), images(size, size, 3, 5, seed=1)
    apart = np.zeros((2, 8, 12, 3), np.float32)
    apart[:, ::2, ::2] = x
    # A transposed convolution turns the kernel round.
    wide = np.pad(apart, ((0, 0), (2, 2), (2, 2), (0, 0)))
    expected = fir(convolved(wide, kernel[::-1, ::-1]), 4.0)[:, 2:-2, 2:-2]
    np.testing.assert_allclose(resampling.conv_up(x, kernel), expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("size", [1, 3])
def test_down_is_filter_then_convolution_then_every_second_pixel(size):
    x, kernel = images(2, 8, 12, 3), images(size, size, 3, 5, seed=1)
    wide = np.pad(x, ((0, 0), (4, 4), (4, 4), (0, 0)))
    blurred = np.roll(fir(wide), -1, (1, 2))  # so that a pixel's cell begins at the even one
    expected = convolved(blurred, kernel)[:, 4:-4:2, 4:-4:2]
    np.testing.assert_allclose(resampling.conv_down(x, kernel), expected, rtol=1e-4, atol=1e-5)


def test_upsampling_keeps_what_is_flat_and_what_rises_evenly():
    ramp = np.tile(np.arange(8, dtype=np.float32)[None, None, :, None], (1, 8, 1, 3))
    inner = resampling.upsample(ramp)[:, 2:-2, 2:-2]
    expected = np.broadcast_to((np.arange(16) * 0.5 - 0.25)[None, None, :, None], (1, 16, 16, 3))
    np.testing.assert_allclose(inner, expected[:, 2:-2, 2:-2], rtol=1e-5)


def test_halving_takes_doubling_back_where_images_are_smooth():
    x = np.cos(np.arange(16, dtype=np.float32) / 4)[None, :, None, None] * np.ones((1, 16, 16, 1), np.float32)
    back = resampling.conv_down(resampling.upsample(x), tf.ones([1, 1, 1, 1]))
    np.testing.assert_allclose(back[:, 2:-2, 2:-2], x[:, 2:-2, 2:-2], atol=0.03)


def test_both_keep_the_dtype():
    x, kernel = tf.ones([1, 4, 4, 2], tf.bfloat16), tf.ones([3, 3, 2, 2])
    for resample in (resampling.conv_up, resampling.conv_down):
        assert resample(x, kernel).dtype == tf.bfloat16
