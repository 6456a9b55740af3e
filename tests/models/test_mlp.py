import numpy as np
from keras import layers

from tfdogs.models.mlp import MLPDiscriminator, MLPGenerator


def parameters(network):
    network.build()
    return sum(int(np.prod(w.shape)) for w in network.weights)


def test_parameters_in_closed_form():
    h, image, z, k = 8, 28 * 28, 5, 3
    shared = (h + 1) * h
    generator, discriminator = MLPGenerator(28, 1, z, hidden=h), MLPDiscriminator(28, 1, hidden=h)
    assert parameters(generator) == (z + 1) * h + shared + (h + 1) * image
    assert parameters(discriminator) == (image + 1) * h + shared + h + 1
    # A conditional generator reads an embedding of the latent's length beside it; the discriminator
    # projects its features on one of the label.
    generator = MLPGenerator(28, 1, z, hidden=h, num_classes=k)
    discriminator = MLPDiscriminator(28, 1, hidden=h, num_classes=k)
    assert parameters(generator) == k * z + (2 * z + 1) * h + shared + (h + 1) * image
    assert parameters(discriminator) == k * h + (image + 1) * h + shared + h + 1


def test_layers():
    generator, discriminator = MLPGenerator(hidden=4), MLPDiscriminator(hidden=4)
    dense = [layer.activation.__name__ for layer in generator.body.layers if isinstance(layer, layers.Dense)]
    assert dense == ["relu", "relu", "linear"]
    assert sum(isinstance(layer, layers.LeakyReLU) for layer in discriminator.body.layers) == 2
    assert generator.image_shape == discriminator.image_shape == (28, 28, 1)
    assert generator.latent_dim == 100


def test_the_generator_by_hand():
    generator = MLPGenerator(8, 1, 3, hidden=4)
    generator.build()
    rng = np.random.default_rng(0)
    z = rng.normal(size=(5, 3)).astype("float32")
    weights = [rng.normal(size=w.shape).astype("float32") for w in generator.get_weights()]
    generator.set_weights(weights)
    w1, b1, w2, b2, w3, b3 = weights
    hidden = np.maximum(np.maximum(z @ w1 + b1, 0) @ w2 + b2, 0)
    np.testing.assert_allclose(generator(z), np.tanh(hidden @ w3 + b3).reshape(5, 8, 8, 1), atol=1e-5)
