import keras
import numpy as np
import pytest
from keras import layers

from tfdogs.models import introspection


def sequential(shape=(4, 4, 3)):
    return keras.Sequential(
        [
            keras.Input((6,)),
            layers.Dense(int(np.prod(shape))),
            layers.BatchNormalization(),
            layers.Activation("tanh"),
            layers.Reshape(shape),
        ]
    )


def functional(classes=3):
    z, label = keras.Input((6,)), keras.Input((), dtype="int32")
    x = layers.Concatenate()([z, layers.Embedding(classes, 2)(label)])
    return keras.Model([z, label], layers.Reshape((4, 4, 3))(layers.Dense(48, "tanh")(x)))


def discriminator(units=1, activation=None):
    return keras.Sequential([keras.Input((4, 4, 3)), layers.Flatten(), layers.Dense(units, activation)])


class Subclassed(keras.Model):
    """Keras notes a number for the config on its own, a layer it does not."""

    def __init__(self, dense):
        super().__init__()
        self.dense = layers.Dense(dense) if isinstance(dense, int) else dense
        self.reshape = layers.Reshape((4, 4, -1))

    def call(self, inputs):
        return self.reshape(self.dense(inputs))


class WithConfig(Subclassed):
    def __init__(self, width):
        super().__init__(layers.Dense(width))
        self.width = width

    def get_config(self):
        return {"width": self.width}


class WithADefault(Subclassed):
    """Its config forgets the layer: a clone has another shape."""

    def __init__(self, dense=16):
        super().__init__(dense)


def test_latent_dim():
    assert introspection.latent_dim(sequential()) == 6
    assert introspection.latent_dim(functional()) == 6
    told = Subclassed(48)
    told.latent_dim = 9
    assert introspection.latent_dim(told) == 9


@pytest.mark.parametrize("generator", [Subclassed(48), keras.Sequential([layers.Dense(4)])])
def test_latent_dim_that_nobody_tells(generator):
    with pytest.raises(ValueError, match="pass latent_dim to GAN"):
        introspection.latent_dim(generator)


def test_check_pair():
    assert introspection.check_pair(sequential(), discriminator(), 6, 0) == (4, 4, 3)
    z, label = keras.Input((4, 4, 3)), keras.Input((), dtype="int32")
    x = layers.Concatenate()([layers.Flatten()(z), layers.Embedding(3, 2)(label)])
    conditional = keras.Model([z, label], layers.Dense(1)(x))
    assert introspection.check_pair(functional(), conditional, 6, 3) == (4, 4, 3)


def test_a_generator_of_vectors():
    with pytest.raises(ValueError, match=r"must draw images \[N, H, W, C\]. Received: shape \(1, 48\)"):
        introspection.check_pair(sequential((48,)), discriminator(), 6, 0)


def test_a_discriminator_of_two_numbers():
    with pytest.raises(ValueError, match=r"one logit an image.* Received for one image: shape \(1, 2\)"):
        introspection.check_pair(sequential(), discriminator(2), 6, 0)


@pytest.mark.parametrize("how", ["activation", "layer"])
def test_a_discriminator_with_a_sigmoid(how):
    model = discriminator(activation="sigmoid")
    if how == "layer":
        model = keras.Sequential([discriminator(), layers.Activation("sigmoid")])
    with pytest.raises(ValueError, match=r"must give logits.* Received: a last layer '.*' with a sigmoid"):
        introspection.check_pair(sequential(), model, 6, 0)


CLONED = [(sequential(), 0), (functional(), 3), (WithConfig(48), 0), (Subclassed(48), 0)]


@pytest.mark.parametrize(("generator", "classes"), CLONED)
def test_a_clone_is_equal_and_independent(generator, classes):
    rng = np.random.default_rng(0)
    inputs = introspection.example_inputs(6, classes)
    generator(inputs)
    generator.set_weights([rng.uniform(0.5, 1, w.shape) for w in generator.get_weights()])
    twin = introspection.clone(generator, 6, classes)
    np.testing.assert_array_equal(twin(inputs), generator(inputs))
    assert not twin.trainable_weights and generator.trainable_weights
    before = twin(inputs).numpy()
    generator.set_weights([w + 1 for w in generator.get_weights()])
    np.testing.assert_array_equal(twin(inputs), before)


@pytest.mark.parametrize("generator", [Subclassed(layers.Dense(48)), WithADefault(layers.Dense(48))])
def test_what_cannot_be_cloned(generator):
    generator(introspection.example_inputs(6, 0))
    name = type(generator).__name__
    with pytest.raises(ValueError, match=rf"{name} cannot be cloned.*get_config\(\).*or pass ema=None"):
        introspection.clone(generator, 6, 0)


def test_example_inputs():
    z = introspection.example_inputs(7, 0)
    assert z.shape == (1, 7) and z.dtype == np.float32
    z, label = introspection.example_inputs(7, 2)
    assert z.shape == (1, 7) and label.shape == (1,) and label.dtype == np.int32
