"""The GAN as introduced in 2014: two multilayer perceptrons (Goodfellow et al. 2014)."""

import math

import keras
from keras import layers

from tfdogs.models.base import Discriminator, Generator
from tfdogs.models.leaky_relu import LeakyReLU


@keras.saving.register_keras_serializable("tfdogs")
class MLPGenerator(Generator):
    """Two hidden layers with ReLU, tanh at the end.

    Args:
        image_size: in pixels; default 28.
        channels: 1 or 3; default 1.
        latent_dim: length of a latent; default 100.
        num_classes, dtype, name: see `Generator`.
        hidden: units of a hidden layer; default 512.
    """

    def __init__(self, image_size=28, channels=1, latent_dim=100, *, hidden=512, **kwargs):
        super().__init__(image_size, channels, latent_dim, **kwargs)
        self.hidden = hidden
        self.body = keras.Sequential(
            [
                keras.Input((self.input_dim,)),
                layers.Dense(hidden, activation="relu", dtype=self.policy),
                layers.Dense(hidden, activation="relu", dtype=self.policy),
                layers.Dense(math.prod(self.image_shape), dtype=self.policy),
                layers.Reshape(self.image_shape, dtype=self.policy),
                layers.Activation("tanh", dtype="float32"),
            ],
            name="body",
        )

    def get_config(self):
        return {**super().get_config(), "hidden": self.hidden}


@keras.saving.register_keras_serializable("tfdogs")
class MLPDiscriminator(Discriminator):
    """Two hidden layers with LeakyReLU (the paper's maxout units have no layer in Keras).

    Args:
        image_size: in pixels; default 28.
        channels: 1 or 3; default 1.
        num_classes, freeze, dtype, name: see `Discriminator`.
        hidden: units of a hidden layer; default 512.
    """

    def __init__(self, image_size=28, channels=1, *, hidden=512, **kwargs):
        super().__init__(image_size, channels, **kwargs)
        self.hidden = hidden
        self.body = keras.Sequential(
            [
                keras.Input(self.image_shape),
                layers.Flatten(dtype=self.policy),
                layers.Dense(hidden, dtype=self.policy),
                LeakyReLU(dtype=self.policy),
                layers.Dense(hidden, dtype=self.policy),
                LeakyReLU(dtype=self.policy),
            ],
            name="body",
        )

    def get_config(self):
        return {**super().get_config(), "hidden": self.hidden}
