"""How a GAN is written into a .keras file, and read from one; under which names files may be saved."""

import json

import keras

from tfdogs.losses import NAMES
from tfdogs.models import scalars

# What `get_config` writes as it stands, as an object, and as a list of objects.
_PLAIN = ("label_smoothing", "auxiliary", "d_steps", "simultaneous", "latent")
_PLAIN += ("latent_dim", "num_classes", "seed", "name")
_OBJECTS = ("generator", "discriminator", "augment", "instance_noise", "top_k", "ema")
_LISTS = ("regularizers", "tracks")
_FIXED = {"loss_function", *_PLAIN, *_OBJECTS, *_LISTS} - {"name"}


class Saved:
    """The configuration of a GAN: its constructor's arguments, which are attributes of the same names.

    Steps are made of them when the GAN is: they cannot be set afterwards.
    """

    def __setattr__(self, name, value):
        if name in _FIXED and getattr(self, "built", False):
            raise AttributeError(
                f"{name} cannot be set, since the steps are made of it: make another GAN. "
                f"Received: {name}={scalars.short(value)}"
            )
        super().__setattr__(name, value)

    def get_config(self):
        """Returns the constructor's arguments, networks included, for saving.

        Raises:
            ValueError: the loss is not one of `tfdogs.losses.NAMES`.
        """
        if self.loss_function.name not in NAMES:
            raise ValueError(
                f"a GAN with a loss of its own cannot be saved. Received: {self.loss_function.name}"
            )
        to_config = keras.saving.serialize_keras_object
        return {
            "loss": self.loss_function.name,
            **{name: getattr(self, name) for name in _PLAIN},
            **{name: to_config(getattr(self, name)) for name in _OBJECTS},
            **{name: [to_config(item) for item in getattr(self, name)] for name in _LISTS},
        }

    def to_json(self, **kwargs):
        """Returns the configuration as `keras.models.model_from_json` reads it; `kwargs` are `json.dumps`'.

        Keras would leave out where the class is, and read it back as its name.
        """
        return json.dumps(keras.saving.serialize_keras_object(self), **kwargs)

    @classmethod
    def from_config(cls, config, custom_objects=None):
        """Builds a GAN from what `get_config` returned."""
        config = dict(config)

        def build(value):
            return keras.saving.deserialize_keras_object(value, custom_objects)

        config.update({name: build(config[name]) for name in _OBJECTS if name in config})
        config.update({name: [build(item) for item in config[name]] for name in _LISTS if name in config})
        return cls(**config)


def check_path(path, save_format=None):
    """Raises ValueError where a GAN is to be saved as something else than a .keras file."""
    if not str(path).endswith(".keras") or save_format not in (None, "keras"):
        raise ValueError(
            "a GAN is saved as a .keras file, whose name must end in .keras; for a SavedModel see "
            f"tfdogs.serving.saved_model.export. Received: {path}"
            + (f", save_format={save_format!r}" if save_format else "")
        )


def refuse_saved_model():
    """Raises ValueError: Keras and TensorFlow would save, of a GAN, what draws no image."""
    raise ValueError(
        "a GAN is saved as a .keras file by save(), and its generator as a SavedModel by "
        "tfdogs.serving.saved_model.export. Received: SavedModel of the whole GAN"
    )


def check_weights_path(path, save_format=None):
    """Raises ValueError where weights would be saved in Keras' old HDF5, which wants no layer named twice."""
    old = str(path).endswith((".h5", ".hdf5", ".keras")) or save_format in ("h5", "hdf5", "keras")
    if old and not str(path).endswith(".weights.h5"):
        raise ValueError(
            "a GAN's weights are saved under a name that ends in .weights.h5, or has no ending. "
            f"Received: {path}" + (f", save_format={save_format!r}" if save_format else "")
        )
