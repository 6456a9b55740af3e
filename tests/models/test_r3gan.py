import keras
import numpy as np
import pytest
import tensorflow as tf

import tfdogs
from tfdogs.losses.r2 import R2
from tfdogs.models import r3gan_layers
from tfdogs.models.r3gan import R3GANDiscriminator, R3GANGenerator
from tfdogs.models.r3gan_layers import (
    DiscriminativeBasis,
    Downsample,
    GenerativeBasis,
    ResidualBlock,
    Upsample,
)

SMALL = {"base_channels": 2, "blocks": 1, "group_width": 2}


def random(*shape, seed=0):
    return tf.constant(np.random.default_rng(seed).normal(size=shape), tf.float32)


def randomized(layer, x):
    """Builds a layer and fills its weights, the zeros among them too."""
    layer.build(x.shape)
    layer.set_weights([random(*w.shape, seed=i).numpy() / 2 for i, w in enumerate(layer.weights)])
    return layer


def test_a_residual_block_by_its_definition():
    x = random(2, 5, 5, 4)
    block = randomized(ResidualBlock(3, expansion=2, group_width=2), x)
    first, first_bias, middle, middle_bias, last = block.get_weights()
    assert middle.shape == (3, 3, 2, 8)  # 8 channels in 4 groups

    def act(x):
        return np.where(x > 0, x, 0.2 * x)

    h = act(x.numpy() @ first[0, 0] + first_bias)
    groups = [
        keras.backend.conv2d(h[..., i : i + 2], middle[..., i : i + 2], padding="same")
        for i in range(0, 8, 2)
    ]
    expected = x + act(np.concatenate(groups, -1) + middle_bias) @ last[0, 0]
    np.testing.assert_allclose(block(x), expected, atol=1e-4)


@pytest.mark.parametrize("native", [True, False])
def test_groups_whether_or_not_tensorflow_trains_them(native, monkeypatch):
    x = random(2, 4, 4, 4)
    block = randomized(ResidualBlock(1, expansion=1, group_width=2), x)

    def gradients():
        with tf.GradientTape() as tape:
            tape.watch(x)
            with tf.GradientTape() as inner:
                inner.watch(x)
                y = tf.reduce_sum(tf.tanh(block(x)))
            penalty = tf.reduce_sum(tf.square(inner.gradient(y, x)))
        return [y, penalty, *tape.gradient(penalty, block.trainable_weights)]

    expected = gradients()
    monkeypatch.setattr(r3gan_layers, "_trains_groups", lambda dtype: native)
    for ours, theirs in zip(gradients(), expected):
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(
    ("channels", "width", "expected"),
    [(64, 16, 4), (8, 16, 1), (24, 16, 1), (48, 16, 3), (40, 16, 2), (64, 0, 1)],
)
def test_groups(channels, width, expected):
    assert r3gan_layers.groups(channels, width) == expected


def test_upsampling_is_a_1x1_convolution_and_bilinear_interpolation():
    x = random(2, 6, 6, 3)
    layer = randomized(Upsample(4), x)
    projected = tf.einsum("nhwc,oc->nhwo", x, layer.get_weights()[0][0, 0])
    expected = tf.image.resize(projected, (12, 12))
    np.testing.assert_allclose(layer(x)[:, 1:-1, 1:-1], expected[:, 1:-1, 1:-1], atol=1e-5)


def test_downsampling_is_upsamplings_transpose():
    x, y = random(2, 6, 6, 3), random(2, 12, 12, 4, seed=1)
    up, down = randomized(Upsample(4), x), Downsample(3)
    down.build(y.shape)
    down.set_weights([up.get_weights()[0]])
    np.testing.assert_allclose(tf.reduce_sum(up(x) * y), 4 * tf.reduce_sum(x * down(y)), rtol=1e-4)
    flat = down(tf.ones((1, 12, 12, 4)))[0, 2:4, 2:4].numpy()
    np.testing.assert_allclose(
        flat, np.broadcast_to(down.get_weights()[0][0, 0].sum(0), flat.shape), rtol=1e-5
    )


def test_the_bases():
    z, x = random(3, 5), random(3, 4, 4, 2)
    generative, discriminative = randomized(GenerativeBasis(4, 2), z), randomized(DiscriminativeBasis(), x)
    picture, kernel, bias = generative.get_weights()
    expected = (z @ kernel + bias).numpy()[:, None, None] * picture
    np.testing.assert_allclose(generative(z), expected, atol=1e-5)
    expected = np.einsum("nhwc,hwc->nc", x, discriminative.get_weights()[0])
    np.testing.assert_allclose(discriminative(x), expected, atol=1e-4)


@pytest.mark.parametrize("patch", [1, 2])
@pytest.mark.parametrize("classes", [0, 5])
def test_nothing_fades_or_explodes_at_the_start(patch, classes):
    keras.utils.set_random_seed(0)
    smooth = tf.repeat(tf.repeat(random(64, 4, 4, 3), 8, 1), 8, 2)
    options = {"num_classes": classes, "base_channels": 8, "blocks": 3, "patch": patch}
    generator, discriminator = R3GANGenerator(32, **options), R3GANDiscriminator(32, **options)
    z, labels = random(64, 64), np.arange(64) % 5
    inside = keras.Model(generator.body.inputs, generator.body.layers[-2].output)  # before tanh

    def draw(z, labels):
        return inside(tf.concat([z, generator.embedding(labels)], 1) if classes else z)

    images = draw(z, labels)
    assert 0.4 < np.std(images) < 1.6
    logits = discriminator((smooth, labels) if classes else smooth)
    assert 0.15 < np.std(logits) < 2.5
    if classes:  # an image is its latent's and its label's in equal parts
        by_label = draw(tf.repeat(z[:1], 5, 0), np.arange(5))
        assert np.std(by_label, axis=0).mean() > 0.4 * np.std(np.asarray(images)[labels == 0], axis=0).mean()


def test_squares_of_pixels_start_as_one():
    keras.utils.set_random_seed(0)
    generator = R3GANGenerator(32, base_channels=8, blocks=1, patch=2)
    image = tf.nn.avg_pool2d(generator(random(4, 64)), 2, 2, "VALID")
    np.testing.assert_allclose(tf.repeat(tf.repeat(image, 2, 1), 2, 2), generator(random(4, 64)), atol=1e-5)
    discriminator = R3GANDiscriminator(32, base_channels=8, blocks=1, patch=2)
    images = random(4, 32, 32, 3)
    means = tf.nn.avg_pool2d(images, 2, 2, "VALID")
    smooth = tf.repeat(tf.repeat(means, 2, 1), 2, 2)
    np.testing.assert_allclose(discriminator(images), discriminator(smooth), atol=1e-4)


def test_only_the_last_convolution_of_a_block_starts_at_zero():
    generator = R3GANGenerator(32, **SMALL)
    generator.build()
    zero = {w.name.split("/")[-1] for w in generator.weights if not np.any(w)}
    assert zero == {"first_bias:0", "middle_bias:0", "last:0", "bias:0"}


@pytest.mark.parametrize(("size", "patch"), [(28, 1), (50, 1), (48, 2), (100, 2)])
def test_any_size(size, patch):
    generator = R3GANGenerator(size, 1, 4, patch=patch, **SMALL)
    discriminator = R3GANDiscriminator(size, 1, patch=patch, **SMALL)
    images = generator(random(2, 4))
    assert images.shape == (2, size, size, 1) and images.dtype == tf.float32
    assert np.abs(images).max() <= 1 and np.std(images) > 0.01
    assert discriminator(images).shape == (2, 1)


def test_widths_and_depths():
    generator = R3GANGenerator(64, base_channels=4, blocks=2, expansion=2, group_width=0)
    discriminator = R3GANDiscriminator(64, base_channels=4, blocks=2, patch=2)
    for network, sizes in ((generator, [4, 8, 16, 32, 64]), (discriminator, [32, 16, 8, 4])):
        network.build()
        blocks = [layer for layer in network.body.layers if isinstance(layer, ResidualBlock)]
        shapes = list(dict.fromkeys(block.output_shape[1:] for block in blocks))
        widths = [32, 32, 16, 8, 4] if network is generator else [4, 8, 16, 32]
        assert shapes == [(size, size, width) for size, width in zip(sizes, widths)]
        assert len(blocks) == 2 * len(sizes)


@pytest.mark.parametrize(
    "wrong",
    [{"blocks": 0}, {"expansion": 0}, {"group_width": -1}, {"patch": 0}, {"patch": 3}, {"patch": 16}],
)
@pytest.mark.parametrize("network", [R3GANGenerator, R3GANDiscriminator])
def test_options_out_of_range(network, wrong):
    name, value = next(iter(wrong.items()))
    with pytest.raises(ValueError, match=f"Received: .*{name}={value}"):
        network(32, **wrong)


@pytest.mark.parametrize("network", [R3GANGenerator, R3GANDiscriminator])
def test_config_round_trip(network):
    model = network(32, num_classes=3, base_channels=4, blocks=1, expansion=1, group_width=4, patch=2)
    twin = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(model))
    assert type(twin) is network and twin.get_config() == model.get_config()


@pytest.mark.parametrize("precision", ["mixed_bfloat16", "mixed_float16"])
def test_it_trains_in_half_precision(precision):
    keras.utils.set_random_seed(0)
    shape = {"num_classes": 2, "dtype": precision, "patch": 2, **SMALL}
    gan = tfdogs.GAN(
        generator=R3GANGenerator(28, 1, 4, **shape),
        discriminator=R3GANDiscriminator(28, 1, **shape),
        loss="relativistic",
        regularizers=[tfdogs.R1(1.0), R2(1.0)],
    )
    # Eagerly: a graph of second derivatives takes longer to trace than two steps take.
    gan.compile(run_eagerly=True)
    networks = (gan.generator, gan.discriminator)
    before = [[w.numpy() for w in network.trainable_weights] for network in networks]
    images = np.random.default_rng(0).integers(0, 256, (8, 28, 28, 1), np.uint8)
    history = gan.fit(images, np.arange(8) % 2, batch_size=4, verbose=0).history
    assert all(np.isfinite(history[name]).all() for name in history)
    still = [
        weight is gan.discriminator.head.bias
        for old, network in zip(before, networks)
        for value, weight in zip(old, network.trainable_weights)
        if np.array_equal(value, weight)
    ]
    # A relativistic loss does not see the logit's bias. In float16 a step may be left out to find the scale.
    assert still == [True] or precision == "mixed_float16"
    assert all(np.isfinite(weight).all() for network in networks for weight in network.get_weights())
    assert gan.generate(2).std() > 0
    assert not np.array_equal(gan.generate(1, labels=0), gan.generate(1, labels=1))
