import keras
import numpy as np
import pytest
import tensorflow as tf

from tfdogs.losses.path_length import PathLength
from tfdogs.models.noise import Noise
from tfdogs.models.stylegan2 import StyleGAN2Generator

NOISE = Noise(tf.constant([3, 4], tf.int64))
Z = tf.constant(np.random.default_rng(0).normal(size=(6, 5)), tf.float32)


class Linear:
    """Images are sums of linear maps of the ws, of which there are two."""

    num_ws = 2

    def __init__(self):
        self.maps = tf.Variable(np.random.default_rng(1).normal(size=(2, 5, 2 * 3 * 1)), dtype=tf.float32)

    def to_w(self, latents, labels=None):
        self.labels = labels
        return 2.0 * latents

    def from_w(self, ws, noise=None):
        return tf.reshape(tf.einsum("nkd,kdp->np", ws, self.maps), [-1, 2, 3, 1])


def built(regularizer, mean=0.0):
    regularizer.build(lambda name, initial=0.0: tf.Variable(initial + mean, name=name))
    return regularizer


def lengths(maps, count):
    y = NOISE.fold(1).normal([count, 2, 3, 1]).numpy().reshape(count, -1) / np.sqrt(6)
    slopes = np.einsum("kdp,np->nkd", maps, y)
    return np.sqrt(np.mean(np.sum(slopes**2, 2), 1))


@pytest.mark.parametrize(("share", "count"), [(1.0, 6), (0.5, 3), (0.01, 1)])
def test_linear_generator_closed_form(share, count):
    generator, regularizer = Linear(), built(PathLength(3.0, batch_share=share), mean=0.7)
    labels = tf.range(6)
    penalty, numbers = regularizer(generator, Z, labels, NOISE)
    expected = lengths(generator.maps.numpy(), count)
    np.testing.assert_allclose(numbers, [expected.mean()], rtol=1e-4)
    np.testing.assert_allclose(penalty, 3.0 * np.mean((expected - 0.7) ** 2), rtol=1e-4)
    np.testing.assert_array_equal(generator.labels, np.arange(count))


def test_gradient_closed_form():
    # |A'y| scales with A: the slope along A is 2 (|A'y| - a) |A'y|.
    generator, regularizer = Linear(), built(PathLength(1.0, batch_share=1.0), mean=0.7)
    with tf.GradientTape() as tape:
        penalty, _ = regularizer(generator, Z, None, NOISE)
    slope = np.sum(tape.gradient(penalty, generator.maps) * generator.maps)
    expected = lengths(generator.maps.numpy(), 6)
    np.testing.assert_allclose(slope, np.mean(2 * (expected - 0.7) * expected), rtol=1e-4)


def test_the_average_follows_the_lengths_where_it_is_due():
    regularizer = built(PathLength(decay=0.1))
    for value, due in ((4.0, 1.0), (0.0, 0.0), (2.0, 1.0)):
        regularizer.observe(tf.constant([value]), tf.constant(due))
    np.testing.assert_allclose(regularizer.mean_length, 0.9 * 0.4 + 0.2, rtol=1e-6)


def test_gradients_by_a_generators_weights_equal_finite_differences(smooth):
    keras.utils.set_random_seed(0)
    generator = StyleGAN2Generator(8, 3, 5, base_channels=2, mapping_layers=2)
    generator.build()
    regularizer = built(PathLength(2.0, batch_share=1.0), mean=0.1)
    variables = generator.trainable_variables

    @tf.function
    def evaluate():
        with tf.GradientTape() as tape:
            penalty, _ = regularizer(generator, Z, None, NOISE)
        none = tf.UnconnectedGradients.ZERO
        return penalty, tape.gradient(penalty, variables, unconnected_gradients=none)

    gradients = [gradient.numpy() for gradient in evaluate()[1]]
    starts = [variable.numpy() for variable in variables]
    for name in ("kernel", "bias", "constant", "noise_strength"):
        chosen = [i for i, variable in enumerate(variables) if variable.name.startswith(name)]
        directions = {i: gradients[i] / max(np.linalg.norm(gradients[i]), 1e-9) for i in chosen}
        values, step = [], 5e-3
        for sign in (1, -1):
            for i, direction in directions.items():
                variables[i].assign(starts[i] + sign * step * direction)
            values.append(float(evaluate()[0]))
        for i in chosen:
            variables[i].assign(starts[i])
        slope, expected = (
            (values[0] - values[1]) / (2 * step),
            sum(np.linalg.norm(gradients[i]) for i in chosen),
        )
        assert slope > 0.01
        np.testing.assert_allclose(expected, slope, rtol=5e-3, err_msg=name)


def test_a_flat_generator_has_a_finite_gradient():
    generator, regularizer = Linear(), built(PathLength())
    generator.maps.assign(0 * generator.maps)
    with tf.GradientTape() as tape:
        penalty, _ = regularizer(generator, Z, None, NOISE)
    assert np.isfinite(tape.gradient(penalty, generator.maps)).all()


def test_config_round_trip():
    regularizer = PathLength(3.0, interval=8, decay=0.02, batch_share=0.25)
    twin = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(regularizer))
    assert isinstance(twin, PathLength) and twin.get_config() == regularizer.get_config()
    assert PathLength().get_config() == {"weight": 2.0, "interval": 4, "decay": 0.01, "batch_share": 0.5}


@pytest.mark.parametrize("options", [{"decay": 0}, {"decay": 1.5}, {"batch_share": 0}, {"batch_share": 2}])
def test_options_out_of_range(options):
    ((name, value),) = options.items()
    with pytest.raises(ValueError, match=rf"must be in \(0, 1\]. Received: .*{name}={value}"):
        PathLength(**options)


def test_a_generator_without_styles():
    with pytest.raises(ValueError, match=r"needs a generator with to_w and from_w.*Received: object"):
        built(PathLength())(object(), Z, None, NOISE)
