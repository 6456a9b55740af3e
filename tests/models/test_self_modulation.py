import keras
import numpy as np
import pytest
import tensorflow as tf

import tfdogs
from tfdogs.models import registry
from tfdogs.models.base import CONDITION
from tfdogs.models.conditional_batch_norm import ConditionalBatchNormalization
from tfdogs.models.dcgan import DCGANGenerator
from tfdogs.models.named_weights import named_weights
from tfdogs.models.transfer import check_architecture

RNG = np.random.default_rng(5)


def make(**options):
    keras.utils.set_random_seed(3)
    generator = DCGANGenerator(28, 3, 6, base_channels=2, self_modulation=True, **options)
    generator.build()
    return generator


def relu(x):
    return np.maximum(x, 0)


@pytest.mark.parametrize("training", [True, False])
def test_scale_and_shift_of_each_batch_norm_follow_the_latent(training):
    generator = make()
    for weight in generator.trainable_variables:  # of a size that is seen
        weight.assign(RNG.normal(size=weight.shape, scale=0.5))
    z = RNG.normal(size=(5, 6)).astype("float32")
    hidden = next(layer for layer in generator.body.layers if layer.name == CONDITION)
    condition = relu(z @ hidden.kernel.numpy() + hidden.bias.numpy())
    x = z
    for layer in generator.body.layers:
        if layer is hidden or isinstance(layer, keras.layers.InputLayer):
            continue
        if isinstance(layer, ConditionalBatchNormalization):
            moving = layer.normalization.moving_mean.numpy(), layer.normalization.moving_variance.numpy()
            mean, variance = (np.mean(x, (0, 1, 2)), np.var(x, (0, 1, 2))) if training else moving
            scale, shift = (condition @ part.kernel.numpy() for part in (layer.scale, layer.shift))
            x = (x - mean) / np.sqrt(variance + layer.normalization.epsilon)
            x = x * (1 + scale[:, None, None]) + shift[:, None, None]
        else:
            x = np.array(layer(x))
    assert sum(isinstance(layer, ConditionalBatchNormalization) for layer in generator.body.layers) == 2
    np.testing.assert_allclose(generator(z, training=training), x, rtol=1e-3, atol=1e-4)


def test_classes_take_part():
    generator = make(num_classes=2)
    z = np.tile(RNG.normal(size=(1, 6)), (2, 1)).astype("float32")
    hidden = next(layer for layer in generator.body.layers if layer.name == CONDITION)
    assert hidden.kernel.shape == (12, 32)  # latent and embedding
    images = generator((z, tf.constant([0, 1])))
    assert np.abs(images[0] - images[1]).max() > 1e-6


def test_all_of_it_learns():
    generator = make()
    before = generator.get_weights()
    gan = tfdogs.GAN(
        generator=generator, discriminator=registry.build("dcgan", image_size=28, d_channels=1)[1]
    )
    gan.compile()
    gan.fit(RNG.integers(0, 256, (8, 28, 28, 3), np.uint8), batch_size=4, verbose=0)
    same = [w.name for w, old in zip(generator.weights, before) if np.array_equal(w, old)]
    assert not same


def test_layers_have_the_same_names_as_without():
    plain = DCGANGenerator(28, 3, 6, base_channels=2)
    plain.build()
    names = [{name.split("/")[0] for name in named_weights(network)} for network in (plain, make())]
    assert names[1] - names[0] == {CONDITION} and names[0] < names[1]


def test_it_goes_with_gates():
    generator = DCGANGenerator(64, 3, 6, base_channels=1, self_modulation=True, skip_excitation=True)
    generator.build()
    names = {name.split("/")[0] for name in named_weights(generator)}
    assert {CONDITION, "gate4to32"} < names
    assert generator(np.zeros((2, 6), "float32")).shape == (2, 64, 64, 3)


def test_a_run_without_it_is_refused_as_a_start():
    networks = [make(), registry.build("dcgan", image_size=28, g_channels=2, latent_dim=6)[0]]
    with pytest.raises(tfdogs.errors.UsageError, match="self_modulation must be the same: it is False there"):
        check_architecture("generator", networks[1], networks[0])
