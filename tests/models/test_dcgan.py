import numpy as np
import pytest
from keras import layers

from tfdogs.models import strided
from tfdogs.models.dcgan import DCGANDiscriminator, DCGANGenerator


@pytest.fixture(scope="module")
def tutorial():
    networks = DCGANGenerator(64, 3, 100), DCGANDiscriminator(64, 3)
    for network in networks:
        network.build()
    return networks


def trainable(network):
    return sum(int(np.prod(w.shape)) for w in network.trainable_weights)


def test_parameters_are_pytorchs_tutorials(tutorial):
    # https://pytorch.org/tutorials/beginner/dcgan_faces_tutorial.html, nz = 100, ngf = ndf = 64.
    generator, discriminator = tutorial
    kernels = 100 * 16 * 512 + 16 * (512 * 256 + 256 * 128 + 128 * 64 + 64 * 3)
    assert trainable(generator) == kernels + 2 * (512 + 256 + 128 + 64) == 3_576_704
    kernels = 16 * (3 * 64 + 64 * 128 + 128 * 256 + 256 * 512 + 512)
    # One more than theirs: our last layer has a bias.
    assert trainable(discriminator) == kernels + 2 * (128 + 256 + 512) + 1 == 2_765_568 + 1


def test_widths(tutorial):
    generator, discriminator = tutorial
    up = [layer.filters for layer in generator.body.layers if isinstance(layer, layers.Conv2DTranspose)]
    down = [layer.filters for layer in discriminator.body.layers if type(layer) is strided.Conv2D]
    assert up == [256, 128, 64, 3] and down == [64, 128, 256, 512]
    assert generator.body.layers[1].target_shape == (4, 4, 512)
    slopes = {x.alpha.item() for x in discriminator.body.layers if isinstance(x, layers.LeakyReLU)}
    np.testing.assert_allclose(list(slopes), [0.2])
    sizes = [layer.output_shape[1] for layer in generator.body.layers if len(layer.output_shape) == 4]
    assert sorted(set(sizes)) == [4, 8, 16, 32, 64]


def test_norm():
    bare = DCGANDiscriminator(28, 1, base_channels=2, norm="none")
    bare.build()
    assert not any(isinstance(layer, layers.BatchNormalization) for layer in bare.body.layers)
    assert not bare.non_trainable_weights
    with pytest.raises(ValueError, match=r"norm must be one of batch, none. Received: norm='layer'"):
        DCGANDiscriminator(28, 1, norm="layer")


def test_batch_norm_statistics_move_in_training_only():
    generator = DCGANGenerator(28, 1, 4, base_channels=2)
    z = np.random.default_rng(0).normal(size=(8, 4)).astype("float32")
    generator(z, training=False)
    before = [w.numpy() for w in generator.non_trainable_weights]
    generator(z)
    for a, b in zip(before, generator.non_trainable_weights):
        np.testing.assert_array_equal(a, b)
    generator(z, training=True)
    assert any(not np.array_equal(a, b) for a, b in zip(before, generator.non_trainable_weights))
