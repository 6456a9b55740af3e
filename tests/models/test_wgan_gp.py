import numpy as np
from keras import layers

from tfdogs.addons import InstanceNormalization
from tfdogs.models import strided
from tfdogs.models.wgan_gp import WGANGPCritic, WGANGPGenerator


def test_five_blocks_at_64_pixels_and_a_latent_of_200():
    generator = WGANGPGenerator(base_channels=2)
    assert generator.latent_dim == 200 and generator.image_shape == (64, 64, 3)
    # A projection and four transposed convolutions.
    kinds = [type(layer) for layer in generator.body.layers]
    assert kinds.count(layers.Dense) + kinds.count(strided.Conv2DTranspose) == 5


def test_the_critic_normalizes_each_image_by_itself():
    critic = WGANGPCritic(32, 3, base_channels=2)
    images = np.random.default_rng(0).uniform(-1, 1, (4, 32, 32, 3)).astype("float32")
    norms = [layer for layer in critic.body.layers if isinstance(layer, InstanceNormalization)]
    assert len(norms) == 2 and {norm.dtype for norm in norms} == {"float32"}
    together = critic(images, training=True)
    alone = [critic(images[i : i + 1], training=True)[0] for i in range(4)]
    np.testing.assert_allclose(together, alone, rtol=1e-4, atol=1e-6)
    assert not critic.non_trainable_weights
