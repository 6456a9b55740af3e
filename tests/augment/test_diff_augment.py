import keras
import numpy as np
import pytest
import tensorflow as tf

from tfdogs.augment import NAMES
from tfdogs.augment.diff_augment import DiffAugment
from tfdogs.models.noise import Noise


def noise(seed=0):
    return Noise(tf.constant([seed, 7], tf.int64))


def images(n=6, size=16, channels=3, seed=0):
    return tf.constant(np.random.default_rng(seed).uniform(-1, 1, (n, size, size, channels)), tf.float32)


@pytest.mark.parametrize("policy", [*NAMES, "color,translation,cutout", " cutout , brightness "])
@pytest.mark.parametrize("channels", [1, 3])
def test_shape_and_dtype_are_kept_also_in_a_graph(policy, channels):
    augment = DiffAugment(policy)
    graph = tf.function(augment).get_concrete_function(tf.TensorSpec((None, 16, 24, channels)), noise())
    assert graph.outputs[0].shape.as_list() == [None, 16, 24, channels]
    out = augment(images(channels=channels), noise())
    assert out.shape == (6, 16, 16, channels) and out.dtype == tf.float32


@pytest.mark.parametrize("policy", NAMES)
def test_it_does_something_and_each_image_gets_its_own(policy):
    x = tf.repeat(images(1, seed=3), 16, axis=0)
    out = DiffAugment(policy)(x, noise()).numpy()
    assert not np.allclose(out, x)
    assert len({row.tobytes() for row in out}) > 8


def test_a_function_of_the_noise():
    x, augment = images(), DiffAugment()
    np.testing.assert_array_equal(augment(x, noise(1)), augment(x, noise(1)))
    assert not np.allclose(augment(x, noise(1)), augment(x, noise(2)))


def test_brightness_adds_one_number_an_image():
    x = images(200, 4)
    shift = (DiffAugment("brightness")(x, noise()) - x).numpy()
    np.testing.assert_allclose(shift, np.broadcast_to(shift[:, :1, :1, :1], shift.shape), atol=1e-6)
    assert -0.5 <= shift.min() < -0.4 and 0.4 < shift.max() <= 0.5
    assert abs(shift[:, 0, 0, 0].mean()) < 0.1


def test_saturation_scales_the_distance_from_grey():
    x = images(200, 4)
    out = DiffAugment("saturation")(x, noise()).numpy()
    grey = x.numpy().mean(-1, keepdims=True)
    np.testing.assert_allclose(out.mean(-1, keepdims=True), grey, atol=1e-5)
    scale = ((out - grey) * (x - grey)).numpy().sum((1, 2, 3)) / np.square(x - grey).sum((1, 2, 3))
    np.testing.assert_allclose(out, grey + (x - grey) * scale[:, None, None, None], atol=1e-5)
    assert -1e-5 <= scale.min() < 0.2 and 1.8 < scale.max() <= 2.0
    assert abs(scale.mean() - 1) < 0.15


def test_saturation_leaves_grey_pictures_alone():
    grey = tf.repeat(images(channels=1), 3, axis=-1)
    np.testing.assert_allclose(DiffAugment("saturation")(grey, noise()), grey, atol=1e-6)
    one_channel = images(channels=1)
    np.testing.assert_array_equal(DiffAugment("saturation")(one_channel, noise()), one_channel)


def test_contrast_scales_the_distance_from_the_mean():
    x = images(200, 4)
    out = DiffAugment("contrast")(x, noise()).numpy()
    np.testing.assert_allclose(out.mean((1, 2, 3)), x.numpy().mean((1, 2, 3)), atol=1e-5)
    scale = out.std((1, 2, 3)) / x.numpy().std((1, 2, 3))
    assert 0.5 <= scale.min() < 0.6 and 1.4 < scale.max() <= 1.5
    assert abs(scale.mean() - 1) < 0.1


@pytest.mark.parametrize("size", [8, 16, 20])
def test_translation_moves_by_whole_pixels_with_zeros_coming_in(size):
    x = images(150, size).numpy()
    out = DiffAugment("translation")(tf.constant(x), noise()).numpy()
    reach, found = size // 8, set()
    for before, after in zip(x, out):
        moves = [
            (dy, dx)
            for dy in range(-reach, reach + 1)
            for dx in range(-reach, reach + 1)
            if np.array_equal(after, moved(before, dy, dx))
        ]
        assert len(moves) == 1
        found.update(moves)
    assert {dy for dy, _ in found} == {dx for _, dx in found} == set(range(-reach, reach + 1))
    assert any(dy != dx for dy, dx in found)  # the axes have noise of their own


def moved(image, dy, dx):
    padded = np.pad(image, ((8, 8), (8, 8), (0, 0)))
    height, width = image.shape[:2]
    return padded[8 - dy : 8 - dy + height, 8 - dx : 8 - dx + width]


@pytest.mark.parametrize("size", [8, 16])
def test_cutout_area(size):
    ones = tf.ones((300, size, size, 3))
    out = DiffAugment("cutout")(ones, noise()).numpy()
    assert set(np.unique(out)) == {0.0, 1.0}
    hole = out[..., 0] == 0
    assert not out[hole].any()  # in all three channels
    rows, columns = hole.any(2).sum(1), hole.any(1).sum(1)
    np.testing.assert_array_equal(hole.sum((1, 2)), rows * columns)  # a rectangle
    # Half the side; what reaches over the border is lost, a half of it at most.
    for side in (rows, columns):
        assert side.max() == size // 2 and side.min() == size // 4
    # Each pixel of the middle lies under half of the holes' rows and half of their columns.
    assert abs(hole[:, size // 2, size // 2].mean() - 0.25) < 0.08


def test_colours_are_the_identity_on_average():
    x = images(1, 4)
    out = DiffAugment("color")(tf.repeat(x, 4000, axis=0), noise())
    np.testing.assert_allclose(tf.reduce_mean(out, 0), x[0], atol=0.05)


@pytest.mark.parametrize("policy", ["color", "translation", "cutout", "color,translation,cutout"])
def test_the_gradient_equals_finite_differences(policy):
    x, augment = images(2, 8), DiffAugment(policy)
    weights = images(2, 8, seed=9)

    def score(x):
        return tf.reduce_sum(augment(x, noise(5)) * weights)

    with tf.GradientTape() as tape:
        tape.watch(x)
        value = score(x)
    gradient = tape.gradient(value, x).numpy()
    assert np.abs(gradient).sum() > 1
    # The map is affine in the images, so that a large step has no error of its own.
    direction = np.random.default_rng(1).normal(size=x.shape).astype(np.float32)
    slope = float(score(x + direction) - score(x - direction)) / 2
    np.testing.assert_allclose(np.sum(gradient * direction), slope, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("policy", ["", " , ", "colour", "color,flip", "color;cutout"])
def test_unknown_policy(policy):
    with pytest.raises(ValueError, match=r"policy must be made of brightness, .* Received: '") as error:
        DiffAugment(policy)
    assert repr(policy) in str(error.value)


def test_config_round_trip():
    augment = DiffAugment("cutout,brightness")
    twin = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(augment))
    assert isinstance(twin, DiffAugment) and twin.get_config() == {"policy": "cutout,brightness"}
    np.testing.assert_array_equal(twin(images(), noise()), augment(images(), noise()))
