import keras
import numpy as np
import pytest

from tfdogs.models.spectral_norm import SNConv2D

IMAGES = np.random.default_rng(0).normal(size=(2, 4, 4, 3))


@pytest.mark.parametrize("kernel_size", [1, 3])
@pytest.mark.parametrize("spectral_norm", [True, False])
def test_joined_with_a_change_of_size_the_convolution_is_the_same(kernel_size, spectral_norm):
    keras.utils.set_random_seed(0)
    same, up, down = (
        SNConv2D(4, kernel_size, resample=resample, spectral_norm=spectral_norm, dtype="float64")
        for resample in (None, "up", "down")
    )
    large = np.repeat(np.repeat(IMAGES, 2, axis=1), 2, axis=2)
    for layer in (same, up, down):
        layer(IMAGES)
        weights = [*same.get_weights()]
        weights[1] = np.arange(4.0)  # bias
        layer.set_weights(weights)
    np.testing.assert_allclose(up(IMAGES), same(large), rtol=1e-9, atol=1e-12)
    assert up(IMAGES).shape == up.compute_output_shape(IMAGES.shape) == (2, 8, 8, 4)
    pooled = same(IMAGES).numpy().reshape(2, 2, 2, 2, 2, 4).mean(axis=(2, 4))
    np.testing.assert_allclose(down(IMAGES), pooled, rtol=1e-9, atol=1e-12)
    assert down(IMAGES).shape == down.compute_output_shape(IMAGES.shape) == (2, 2, 2, 4)


def test_errors():
    with pytest.raises(ValueError, match=r"kernel_size must be odd. Received: kernel_size=2"):
        SNConv2D(4, 2)
    with pytest.raises(
        ValueError, match=r"resample must be one of None, up, down. Received: resample='left'"
    ):
        SNConv2D(4, resample="left")
