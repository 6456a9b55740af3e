import colorsys

import numpy as np
import pytest
import tensorflow as tf

from tfdogs.augment import color
from tfdogs.augment.draws import Draws


class Chosen(Draws):
    """Draws in which one operation acts, with a number that the test names."""

    def __init__(self, noise, which, value):
        super().__init__(noise, 1, 1.0)
        self._which, self._value, self._asked = which, value, -1

    def sometimes(self, value, *, otherwise):
        self._asked += 1
        return tf.constant([self._value if self._asked == self._which else otherwise], tf.float32)


PIXEL = np.array([0.5, -0.25, 0.1], np.float32)
GREY = PIXEL.mean()


@pytest.mark.parametrize(
    ("which", "value", "expected"),
    [
        (0, 0.3, PIXEL + 0.3),
        (1, 2.0, PIXEL * 2),
        (2, 1.0, PIXEL - 2 * GREY),
        (3, 2 * np.pi / 3, PIXEL[[2, 0, 1]]),  # a third of a turn about the grey axis
        (3, -2 * np.pi / 3, PIXEL[[1, 2, 0]]),
        (4, 0.0, [GREY] * 3),
        (4, 3.0, GREY + 3 * (PIXEL - GREY)),
    ],
)
def test_each_operation(which, value, expected, noise):
    out = color.apply(tf.constant(PIXEL)[None, None, None], color.matrices(Chosen(noise(), which, value)))
    np.testing.assert_allclose(out[0, 0, 0], expected, atol=1e-6)


def test_hue_turns_as_on_the_colour_wheel(noise):
    red = tf.constant([[[[1.0, 0.0, 0.0]]]])
    out = color.apply(red, color.matrices(Chosen(noise(), 3, np.pi / 3)))[0, 0, 0].numpy()
    assert abs(colorsys.rgb_to_hsv(*(out - out.min()))[0] - 1 / 6) < 1e-5  # yellow
    np.testing.assert_allclose([out.sum(), np.square(out).sum()], [1, 1], atol=1e-6)


def test_nothing_changes_at_p_zero(noise):
    np.testing.assert_array_equal(color.matrices(Draws(noise(), 4, 0.0)), np.tile(np.eye(4), (4, 1, 1)))


def test_grey_pictures_are_taken_as_three_channels(noise, images):
    grey = images(5, 4, 1)
    matrices = color.matrices(Draws(noise(), 5, 1.0))
    in_colour = color.apply(tf.repeat(grey, 3, -1), matrices)
    expected = tf.reduce_mean(in_colour, -1, keepdims=True)
    np.testing.assert_allclose(color.apply(grey, matrices), expected, atol=1e-5)


@pytest.mark.parametrize("channels", [1, 3])
def test_gradient(channels, images, noise, same_slope):
    matrices = color.matrices(Draws(noise(), 3, 1.0))
    same_slope(lambda x: color.apply(x, matrices), images(3, 4, channels))


def test_how_far_it_goes(noise):
    class Each(Draws):
        drawn = ()

        def sometimes(self, value, *, otherwise):
            self.drawn += (super().sometimes(value, otherwise=otherwise).numpy(),)
            return tf.constant(self.drawn[-1])

    draws = Each(noise(), 4000, 1.0)
    color.matrices(draws)
    brightness, contrast, inverted, hue, saturation = draws.drawn
    assert abs(brightness.std() - 0.2) < 0.02 and abs(brightness.mean()) < 0.02
    assert abs(np.log2(contrast).std() - 0.5) < 0.03 and abs(np.log2(saturation).std() - 1) < 0.05
    assert set(inverted) == {0, 1} and abs(inverted.mean() - 0.5) < 0.03
    assert abs(hue.mean()) < 0.1 and abs(hue.std() - 2 * np.pi / np.sqrt(12)) < 0.1
