import numpy as np
import pytest
import tensorflow as tf

from tfdogs.augment import corruption
from tfdogs.augment.draws import Draws

OPERATIONS = [corruption.filter_bands, corruption.add_noise, corruption.cut_out]


@pytest.mark.parametrize("operation", OPERATIONS)
def test_nothing_changes_at_p_zero(operation, images, noise):
    x = images()
    np.testing.assert_array_equal(operation(x, Draws(noise(), 6, 0.0)), x)


@pytest.mark.parametrize("operation", OPERATIONS)
def test_gradient(operation, images, noise, same_slope):
    x = images(3, 8)
    same_slope(lambda x: operation(x, Draws(noise(3), 3, 1.0)), x)


def test_the_filter_scales_flat_pictures_by_their_coarsest_band(noise):
    flat = tf.ones((500, 16, 16, 1))
    out = corruption.filter_bands(flat, Draws(noise(), 500, 1.0)).numpy()
    np.testing.assert_allclose(out, np.broadcast_to(out[:, :1, :1], out.shape), rtol=1e-5)
    np.testing.assert_allclose(out[:, 0, 0, 0], corruption.band_gains(Draws(noise(), 500, 1.0))[0], rtol=1e-5)


@pytest.mark.parametrize("band", range(4))
def test_the_filter_keeps_the_power_of_a_picture_with_the_expected_spectrum(band, noise):
    class OneBand(Draws):
        asked = -1

        def sometimes(self, value, *, otherwise):
            self.asked += 1
            return value if self.asked == band else tf.fill(tf.shape(value), otherwise)

    gains = np.stack(corruption.band_gains(OneBand(noise(), 50, 1.0)))
    np.testing.assert_allclose(np.array([10, 1, 1, 1]) / 13 @ np.square(gains), 1, rtol=1e-5)
    others = np.delete(gains, band, 0)
    np.testing.assert_array_equal(others, others[:1].repeat(3, 0))
    assert np.log2(gains[band] / others[0]).std() > 0.5


def test_the_finest_band_is_what_a_blur_takes_away(noise, images):
    x = images(2, 8)
    kernel = np.array([1, 4, 6, 4, 1]) / 16
    padded = np.pad(x, ((0, 0), (2, 2), (2, 2), (0, 0)), mode="symmetric")
    rows = sum(w * padded[:, i : i + 8] for i, w in enumerate(kernel))
    expected = sum(w * rows[:, :, i : i + 8] for i, w in enumerate(kernel))
    np.testing.assert_allclose(corruption.blur(x, 1), expected, atol=1e-6)


def test_noise_has_a_strength_of_its_own_in_each_image(noise):
    out = corruption.add_noise(tf.zeros((400, 16, 16, 3)), Draws(noise(), 400, 1.0)).numpy()
    sigma = out.std((1, 2, 3))
    assert abs(np.sqrt(np.square(sigma).mean()) - 0.1) < 0.01 and sigma.min() < 0.01
    assert abs(out.mean()) < 1e-3


def test_cutout_is_half_the_side_anywhere(noise):
    out = corruption.cut_out(tf.ones((400, 16, 16, 3)), Draws(noise(), 400, 1.0)).numpy()
    assert set(np.unique(out)) == {0.0, 1.0}
    hole = out[..., 0] == 0
    rows, columns = hole.any(2).sum(1), hole.any(1).sum(1)
    np.testing.assert_array_equal(hole.sum((1, 2)), rows * columns)
    for side in (rows, columns):
        assert side.max() == 8 and 3 <= side.min() <= 5
    assert abs(hole[:, 8, 8].mean() - 0.25) < 0.07
