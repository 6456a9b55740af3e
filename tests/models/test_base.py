import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from tfdogs.models.base import Discriminator, Generator
from tfdogs.models.mlp import MLPGenerator


class Copy(Generator):
    """What the body reads, as an image of one row."""

    def __init__(self, **kwargs):
        super().__init__(1, 1, 2, **kwargs)
        self.body = keras.Sequential(
            [keras.Input((self.input_dim,)), layers.Reshape((1, self.input_dim, 1))], name="body"
        )


class Features(Discriminator):
    """Pixels as features."""

    def __init__(self, **kwargs):
        super().__init__(1, 3, **kwargs)
        self.body = keras.Sequential([keras.Input(self.image_shape), layers.Flatten()], name="body")


def test_an_unconditional_generator_reads_the_latent_alone():
    z = np.array([[1.0, 2.0]], "float32")
    np.testing.assert_array_equal(Copy()(z)[0, 0, :, 0], [1, 2])


def test_the_labels_embedding_follows_the_latent():
    generator = Copy(num_classes=3)
    generator.build()
    generator.embedding.set_weights([np.array([[5.0, 6.0], [7.0, 8.0], [9.0, 10.0]])])
    z = np.array([[1.0, 2.0], [3.0, 4.0]], "float32")
    out = generator((z, np.array([2, 0])))
    np.testing.assert_array_equal(out[:, 0, :, 0], [[1, 2, 9, 10], [3, 4, 5, 6]])


@pytest.mark.parametrize("latent_dim", [16, 128, 512])
def test_a_label_starts_as_long_as_a_one_hot_one(latent_dim):
    # Shorter than the latent, or it drowns it: with embeddings drawn as latents are, dcgan drew each of
    # MNIST's digits in four or five shapes.
    generator = MLPGenerator(8, 1, latent_dim, hidden=4, num_classes=200)
    generator.build()
    length = np.linalg.norm(generator.embedding.get_weights()[0], axis=1)
    np.testing.assert_allclose(np.sqrt(np.mean(length**2)), 1, rtol=0.05)


def test_projection_equation_3():
    # Miyato and Koyama 2018: logit = psi(features) + features . embedding of the label.
    critic = Features(num_classes=2)
    critic.build()
    rng = np.random.default_rng(0)
    kernel, bias, table = rng.normal(size=(3, 1)), rng.normal(size=1), rng.normal(size=(2, 3))
    critic.head.set_weights([kernel, bias])
    critic.projection.set_weights([table])
    x, labels = rng.normal(size=(4, 1, 1, 3)).astype("float32"), np.array([0, 1, 1, 0])
    flat = x.reshape(4, 3)
    expected = flat @ kernel + bias + np.sum(flat * table[labels], axis=1, keepdims=True)
    np.testing.assert_allclose(critic((x, labels)), expected, rtol=1e-5)


@pytest.mark.parametrize("dtype", [None, "mixed_bfloat16", keras.mixed_precision.Policy("mixed_bfloat16")])
def test_config_is_json(dtype):
    name = getattr(dtype, "name", dtype)
    config = Features(num_classes=2, dtype=dtype, name="critic").get_config()
    shape = {"image_size": 1, "channels": 3, "num_classes": 2}
    assert config == {**shape, "freeze": 0, "dtype": name, "name": "critic"}


def test_training_reaches_the_body():
    class Dropping(Features):
        def __init__(self):
            super().__init__()
            stack = [keras.Input(self.image_shape), layers.Flatten(), layers.Dropout(0.99)]
            self.body = keras.Sequential(stack)

    critic = Dropping()
    critic.build()
    critic.head.set_weights([np.ones((3, 1)), np.zeros(1)])
    images = tf.ones((50, 1, 1, 3))
    np.testing.assert_array_equal(critic(images), np.full((50, 1), 3.0))
    assert np.mean(critic(images, training=True) == 0) > 0.5
