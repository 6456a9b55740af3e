import keras
import numpy as np
import pytest
import tensorflow as tf

from tfdogs.models.residual import DiscriminatorBlock, GeneratorBlock, activate, check_activation

rng = np.random.default_rng(0)
FEATURES = rng.normal(size=(3, 4, 4, 3)).astype("float32")
CONDITION = rng.normal(size=(3, 2)).astype("float32")


@pytest.fixture(autouse=True)
def seeded():
    keras.utils.set_random_seed(0)


def convolve(layer, x):
    y = tf.nn.conv2d(x, layer.normalized(layer.kernel), 1, "SAME")
    return y if layer.bias is None else y + layer.bias


def doubled(x):
    return tf.repeat(tf.repeat(x, 2, axis=1), 2, axis=2)


def pooled(x):
    return tf.nn.avg_pool2d(x, 2, 2, "VALID")


def leaky(x):
    return tf.where(x > 0, x, 0.2 * x)


@pytest.mark.parametrize("spectral_norm", [True, False])
def test_generator_block_is_figure_8(spectral_norm):
    block = GeneratorBlock(
        5, 2, activation="leaky_relu", convolution={"spectral_norm": spectral_norm}, norm={}
    )
    outputs = block(FEATURES, CONDITION)
    # Doubling first, as the papers draw it.
    h = leaky(block.norm1(FEATURES, CONDITION))
    h = leaky(block.norm2(convolve(block.conv1, doubled(h)), CONDITION))
    expected = convolve(block.conv2, h) + convolve(block.shortcut, doubled(FEATURES))
    np.testing.assert_allclose(outputs, expected, rtol=1e-4, atol=1e-4)
    assert outputs.shape == block.compute_output_shape(FEATURES.shape) == (3, 8, 8, 5)


@pytest.mark.parametrize("first", [True, False])
@pytest.mark.parametrize("downsample", [True, False])
def test_discriminator_block_is_figure_8(first, downsample):
    block = DiscriminatorBlock(
        5, first=first, downsample=downsample, wide=False, activation="relu", convolution={}
    )
    outputs = block(FEATURES)
    h = FEATURES if first else tf.nn.relu(FEATURES)
    h = convolve(block.conv2, tf.nn.relu(convolve(block.conv1, h)))
    expected = h + convolve(block.shortcut, FEATURES)
    expected = pooled(expected) if downsample else expected
    np.testing.assert_allclose(outputs, expected, rtol=1e-4, atol=1e-4)
    assert outputs.shape == block.compute_output_shape(FEATURES.shape)
    assert block.conv1.filters == (5 if first else 3)


def test_features_of_one_shape_pass_by_untouched():
    block = DiscriminatorBlock(3, first=False, downsample=False, wide=True, activation="relu", convolution={})
    block.build(FEATURES.shape)
    for layer in (block.conv1, block.conv2):
        layer.kernel.assign(tf.zeros_like(layer.kernel))
    np.testing.assert_array_equal(block(FEATURES), FEATURES)
    assert block.shortcut is None


def test_wide_has_all_channels_from_the_first_convolution_on():
    block = DiscriminatorBlock(7, first=False, downsample=True, wide=True, activation="relu", convolution={})
    block.build(FEATURES.shape)
    assert block.conv1.filters == block.conv2.filters == 7


def test_training_moves_every_u():
    generator = GeneratorBlock(5, 2, activation="relu", convolution={}, norm={"spectral_norm": True})
    discriminator = DiscriminatorBlock(
        5, first=False, downsample=True, wide=True, activation="relu", convolution={}
    )
    for block, inputs in ((generator, (FEATURES, CONDITION)), (discriminator, (FEATURES,))):
        block(*inputs)
        vectors = [layer.u for layer in block.submodules if getattr(layer, "u", None) is not None]
        assert len(vectors) == (7 if block is generator else 3)
        before = [u.numpy() for u in vectors]
        block(*inputs)
        assert all(np.array_equal(a, b) for a, b in zip(before, vectors))
        block(*inputs, training=True)
        assert not any(np.array_equal(a, b) for a, b in zip(before, vectors))


def test_activations():
    np.testing.assert_array_equal(activate("relu", tf.constant([-1.0, 2.0])), [0, 2])
    np.testing.assert_allclose(activate("leaky_relu", tf.constant([-1.0, 2.0])), [-0.2, 2])
    with pytest.raises(ValueError, match=r"one of relu, leaky_relu. Received: activation='selu'"):
        check_activation("selu")
