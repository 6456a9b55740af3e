import keras
import numpy as np
import pytest
import tensorflow as tf

from tfdogs.models.stylegan2 import StyleGAN2Discriminator
from tfdogs.models.stylegan2.residual_block import ResidualBlock

X = np.random.default_rng(0).uniform(-1, 1, (8, 16, 16, 3)).astype(np.float32)


def make(image_size=16, channels=3, **kwargs):
    keras.utils.set_random_seed(1)
    discriminator = StyleGAN2Discriminator(image_size, channels, base_channels=2, **kwargs)
    discriminator.build()
    return discriminator


@pytest.mark.parametrize(("size", "channels"), [(8, 1), (50, 1), (128, 3)])
def test_every_size(size, channels):
    logits = make(size, channels)(np.zeros((2, size, size, channels), np.float32))
    assert logits.shape == (2, 1) and logits.dtype == tf.float32


def test_signals_keep_their_size_through_the_blocks():
    keras.utils.set_random_seed(0)
    # Smooth, as images are: the filter takes from noise what it leaves to them.
    x = np.cos(np.linspace(0, 6, 32))[None, :, None, None] + np.zeros((4, 32, 32, 64), np.float32)
    x *= np.random.default_rng(0).normal(size=(4, 1, 1, 64)).astype(np.float32)
    y = ResidualBlock(64)(x.astype(np.float32))
    assert y.shape == (4, 16, 16, 64)
    assert np.mean(np.square(y)) == pytest.approx(np.mean(np.square(x)), rel=0.35)


def test_a_verdict_depends_on_the_company_in_training_only():
    discriminator = make()
    for training, alone in ((True, False), (False, True)):
        whole = discriminator(X, training=training).numpy()
        half = discriminator(X[:4], training=training).numpy()
        assert np.allclose(half, whole[:4], atol=1e-6) == alone


def test_a_batch_without_variety_is_told_apart():
    discriminator = make()
    same = np.repeat(X[:1], 8, 0)
    stddev = next(layer for layer in discriminator.body.layers if hasattr(layer, "moving_stddev"))
    discriminator(same, training=True)
    assert float(stddev.moving_stddev) < 1e-5
    discriminator(X, training=True)
    assert float(stddev.moving_stddev) > 1e-4


def test_labels():
    discriminator = make(num_classes=3)
    labels = np.arange(8) % 3
    start = discriminator((X, labels)).numpy()
    np.testing.assert_array_equal(discriminator((X, (labels + 1) % 3)), start)  # nothing is learned yet
    table = np.random.default_rng(0).normal(size=discriminator.projection.get_weights()[0].shape)
    discriminator.projection.set_weights([table])
    features = discriminator.body(X).numpy()
    expected = start[:, 0] + np.sum(features * table[labels], 1) / np.sqrt(features.shape[1])
    np.testing.assert_allclose(discriminator((X, labels))[:, 0], expected, rtol=1e-4, atol=1e-5)


def test_r1_by_the_weights_equals_finite_differences(check_gradients, smooth):
    discriminator = make(8)
    x = tf.constant(X[:4, :8, :8])

    def penalty():
        with tf.GradientTape() as tape:
            tape.watch(x)
            logits = tf.reduce_sum(discriminator(x, training=True))
        return tf.reduce_sum(tf.square(tape.gradient(logits, x)))

    kernels = [w for w in discriminator.trainable_variables if w.name.startswith("kernel")]
    first, last = kernels[0], kernels[-1]
    check_gradients(penalty, [first, last], rtol=5e-3)


def test_mixed_precision_save_and_load(tmp_path):
    discriminator = make(num_classes=2, dtype="mixed_bfloat16")
    inputs = (X, np.arange(8) % 2)
    discriminator(inputs, training=True)
    expected = discriminator(inputs)
    assert expected.dtype == tf.float32
    discriminator.save(tmp_path / "d.keras")
    twin = keras.saving.load_model(tmp_path / "d.keras")
    assert twin.get_config() == discriminator.get_config()
    np.testing.assert_array_equal(twin(inputs), expected)
