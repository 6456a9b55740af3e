import keras
import numpy as np
import pytest
import tensorflow as tf

import tfdogs
from tfdogs.augment import ADA_NAMES
from tfdogs.augment.ada import ADA, SAFE_P
from tfdogs.models.mlp import MLPDiscriminator, MLPGenerator
from tfdogs.training.schedules import Cosine

ALL = ",".join(ADA_NAMES)


def add_state(name, initial=0.0):
    return tf.Variable(initial, name=name, trainable=False)


@pytest.mark.parametrize("policy", [*ADA_NAMES, ALL])
@pytest.mark.parametrize("channels", [1, 3])
def test_shape_and_dtype_are_kept(policy, channels, images, noise):
    out = ADA(policy, initial_p=1.0, kimg=0)(images(channels=channels), noise())
    assert out.shape == (6, 16, 16, channels) and out.dtype == tf.float32
    assert np.isfinite(out).all() and not np.allclose(out, images(channels=channels))


def test_in_a_graph_that_knows_no_batch_size(images, noise):
    augment = ADA(ALL, initial_p=0.8)
    graph = tf.function(lambda x: augment(x, noise()), autograph=False)
    graph = graph.get_concrete_function(tf.TensorSpec((None, 16, 16, 3)))
    np.testing.assert_allclose(graph(images()), augment(images(), noise()), atol=1e-5)


def test_identity_at_p_zero(images, noise):
    np.testing.assert_array_equal(ADA(ALL)(images(), noise()), images())


def test_a_function_of_the_noise_and_each_image_gets_its_own(images, noise):
    x, augment = tf.repeat(images(1), 8, 0), ADA(initial_p=0.8)
    np.testing.assert_array_equal(augment(x, noise(1)), augment(x, noise(1)))
    assert len({row.tobytes() for row in augment(x, noise(1)).numpy()}) > 6
    assert not np.allclose(augment(x, noise(1)), augment(x, noise(2)))


def test_the_same_images_get_the_same_on_one_device_and_on_two(images):
    from tfdogs.models.noise import Noise

    x, augment, seed = images(8), ADA(ALL, initial_p=0.8), tf.constant([3, 4], tf.int64)
    whole = augment(x, Noise(seed))
    halves = [augment(x[4 * i : 4 * i + 4], Noise(seed, i, 2)) for i in range(2)]
    np.testing.assert_allclose(whole, tf.concat(halves, 0), atol=1e-5)


def test_gradient(images, noise, same_slope):
    augment = ADA(ALL, initial_p=0.9)
    same_slope(lambda x: augment(x, noise(5)), images(4, 8))


def test_plain_pictures(noise):
    bright = tf.fill((3000, 4, 4, 3), 0.25)
    out = ADA("blit,geometry", initial_p=0.7)(bright, noise())
    np.testing.assert_allclose(out, bright, atol=1e-5)  # no border ever shows
    out = ADA("color", initial_p=0.5)(bright, noise()).numpy()
    untouched = np.isclose(out, 0.25, atol=1e-6).all((1, 2, 3)).mean()
    # Brightness, contrast and inverted luma change a grey pixel, the last in half of its cases.
    assert abs(untouched - 0.5 * 0.5 * 0.75) < 0.03


@pytest.mark.parametrize(("verdicts", "direction"), [([3.0, 1.0, 2.0], 1), ([-1.0, -2.0, 5.0], -1)])
def test_p_moves_every_interval_by_the_images_seen(verdicts, direction):
    augment = ADA(target=0.6, kimg=10, interval=4, initial_p=0.5)
    augment.build(add_state)
    assert augment.tracked == {"augment_p": augment.p}
    for _ in range(3):
        augment.observe(tf.constant(verdicts), 32)
        assert float(augment.p) == 0.5
    augment.observe(tf.constant(verdicts), 32)
    np.testing.assert_allclose(float(augment.p), 0.5 + direction * 128 / 10_000, rtol=1e-6)
    for _ in range(4):
        augment.observe(tf.constant(verdicts), 32)
    np.testing.assert_allclose(float(augment.p), 0.5 + direction * 256 / 10_000, rtol=1e-6)


def test_the_sign_is_of_the_mean_over_the_interval():
    augment = ADA(target=0.0, kimg=1, interval=2, initial_p=0.5)
    augment.build(add_state)
    augment.observe(tf.constant([-1.0, -1.0, 1.0]), 10)  # -1/3
    augment.observe(tf.constant([9.0, 9.0, -9.0, 9.0]), 10)  # 1/2
    np.testing.assert_allclose(float(augment.p), 0.52, rtol=1e-6)


@pytest.mark.parametrize(("verdict", "bound"), [(1.0, SAFE_P), (-1.0, 0.0)])
def test_p_stays_where_nothing_leaks(verdict, bound):
    augment = ADA(kimg=0.1, interval=1, initial_p=0.4)
    augment.build(add_state)
    for _ in range(10):
        augment.observe(tf.constant([verdict]), 64)
    np.testing.assert_allclose(float(augment.p), bound)


def test_a_fixed_p(images, noise):
    augment = ADA(kimg=0, initial_p=0.25)
    augment.build(add_state)
    augment.observe(tf.constant([1.0]), 10_000)
    assert float(augment.p) == 0.25
    np.testing.assert_array_equal(augment(images(), noise()), ADA(initial_p=0.25)(images(), noise()))


@pytest.mark.parametrize(
    "wrong", [{"target": 2}, {"initial_p": -0.1}, {"initial_p": 1.5}, {"kimg": -1}, {"interval": 0}]
)
def test_arguments_out_of_range(wrong):
    name, value = next(iter(wrong.items()))
    with pytest.raises(ValueError, match=f"Received: .*{name}={value}"):
        ADA(**wrong)


def test_at(images, noise):
    augment = ADA("blit,color", initial_p=0.1).at(0.7)
    assert augment.policy == "blit,color" and augment.kimg == 0
    np.testing.assert_array_equal(
        augment(images(), noise()), ADA("blit,color", initial_p=0.7)(images(), noise())
    )


def test_unknown_policy():
    with pytest.raises(ValueError, match=r"policy must be made of blit, .* Received: 'blit,flip'"):
        ADA("blit,flip")


def test_config_round_trip(images, noise):
    augment = ADA("blit,color", target=0.5, kimg=100, interval=2, initial_p=0.3)
    twin = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(augment))
    assert isinstance(twin, ADA) and twin.get_config() == augment.get_config()
    np.testing.assert_array_equal(twin(images(), noise()), augment(images(), noise()))


def test_in_a_gan():
    keras.utils.set_random_seed(0)
    gan = tfdogs.GAN(
        generator=MLPGenerator(8, 3, 3, hidden=2),
        discriminator=MLPDiscriminator(8, 3, hidden=2),
        augment=ADA("color", kimg=0.1, interval=2, target=-1.0),
    )
    gan.compile(run_eagerly=True)
    reals = np.random.default_rng(0).integers(0, 256, (24, 8, 8, 3), np.uint8)
    history = gan.fit(reals, batch_size=4, verbose=0).history
    # Six steps of 4 images: p rises by 8 / 100 every second step, and the metric is its mean over the epoch.
    np.testing.assert_allclose(float(gan.augment.p), 0.24, rtol=1e-5)
    np.testing.assert_allclose(history["augment_p"], [(0 + 0.08 + 0.08 + 0.16 + 0.16 + 0.24) / 6], rtol=1e-5)


def test_a_schedule_says_what_p_is():
    augment = ADA(schedule=Cosine(0.1, 0.5, kimg=0.1), kimg=0)
    augment.build(add_state)
    assert float(augment.p) == pytest.approx(0.1)
    for seen, p in ((50, 0.3), (100, 0.5), (150, 0.5)):
        augment.observe(tf.constant([-1.0]), 50)
        assert float(augment.p) == pytest.approx(p), seen
    copy = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(augment))
    assert copy.get_config() == augment.get_config() and float(copy.schedule(50)) == pytest.approx(0.3)
    with pytest.raises(ValueError, match="with a schedule kimg and initial_p must be 0"):
        ADA(schedule=Cosine(0.1, 0.5, kimg=0.1))
