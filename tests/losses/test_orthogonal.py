import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from tfdogs.losses.orthogonal import Orthogonal


class Discriminate:
    """What a discriminator's regularizer is handed."""

    def __init__(self, network):
        self.network = network


def model(*stack, shape):
    return keras.Sequential([keras.Input(shape), *stack])


def closed_form(matrix):
    gram = np.float64(matrix).T @ np.float64(matrix)
    return np.sum((gram * (1 - np.eye(len(gram)))) ** 2)


@pytest.mark.parametrize(("units", "shape"), [(3, (5,)), (7, (2,))], ids=["tall", "wide"])
def test_dense_closed_form_and_its_gradient(units, shape):
    keras.utils.set_random_seed(0)
    generator = model(layers.Dense(units), shape=shape)
    with tf.GradientTape() as tape:
        penalty = Orthogonal(0.3)(generator, None, None, None)
    kernel = generator.layers[0].kernel
    w = np.float64(kernel)
    np.testing.assert_allclose(penalty, 0.3 * closed_form(w), rtol=1e-4)
    # d |W'W * (1 - I)|^2 / dW = 4 W (W'W * (1 - I))
    expected = 0.3 * 4 * w @ (w.T @ w * (1 - np.eye(units)))
    np.testing.assert_allclose(tape.gradient(penalty, kernel), expected, rtol=1e-3, atol=1e-6)


def test_every_trainable_kernel_counts_with_its_outputs_as_columns():
    keras.utils.set_random_seed(0)
    frozen = layers.Dense(4, trainable=False)
    network = model(
        layers.Conv2D(4, 3),
        layers.BatchNormalization(),
        layers.Conv2DTranspose(5, 3),
        layers.Flatten(),
        frozen,
        layers.Dense(2),
        shape=(4, 4, 2),
    )
    convolution, _, transposed, _, _, dense = network.layers
    matrices = [
        convolution.kernel.numpy().reshape(-1, 4),
        transposed.kernel.numpy().transpose(0, 1, 3, 2).reshape(-1, 5),  # its kernel is [H, W, out, in]
        dense.kernel.numpy(),
    ]
    penalty = Orthogonal(1.0, network="discriminator")(Discriminate(network), None, None, None)
    np.testing.assert_allclose(penalty, sum(closed_form(m) for m in matrices), rtol=1e-4)


def test_filters_at_right_angles_pay_nothing_whatever_their_length():
    network = model(layers.Dense(4), shape=(6,))
    rotation, _ = np.linalg.qr(np.random.default_rng(0).normal(size=(6, 4)))
    network.set_weights([rotation * [1.0, 2.0, 3.0, 0.5], np.zeros(4)])
    assert abs(float(Orthogonal(1.0)(network, None, None, None))) < 1e-4


def test_a_network_without_kernels_pays_nothing():
    assert float(Orthogonal()(model(layers.Flatten(), shape=(2,)), None, None, None)) == 0.0


def test_names_and_config():
    for network, name in (("generator", "g_orthogonal"), ("discriminator", "d_orthogonal")):
        penalty = Orthogonal(0.5, network=network, interval=4)
        twin = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(penalty))
        assert (twin.weight, twin.network, twin.interval, twin.name) == (0.5, network, 4, name)
    with pytest.raises(ValueError, match="Received: network='both'"):
        Orthogonal(network="both")
