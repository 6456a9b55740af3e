"""The base of what regularizes a network."""

import keras
import tensorflow as tf


class Regularizer:
    """A penalty on a network, due every `interval` steps.

    One of every step joins the network's loss. One with an interval of 2 or more ("lazy regularization",
    Karras et al. 2020, StyleGAN2, appendix B) takes an optimizer's step of its own when it is due, its weight
    multiplied by the interval; `tfdogs.losses.lazy.ratio` says how to rescale the optimizer's learning rate
    and betas for it.

    A regularizer with state asks for its variables in `build` and changes them in `observe` only. It
    belongs to the one GAN that it was given to.

    Attributes:
        name: of its metric; a GAN's regularizers have names of their own.
        network: which one it is for, "discriminator" or "generator".
        observes: length of what `observe` is told; 0 for nothing.
        encodes: whether it asks `discriminate.reconstruct`, see `Reconstruction`.
        reads_fakes: whether a discriminator's penalty depends on the fakes; True, unless a class says no.

    Args:
        interval: steps from one evaluation to the next, 1 or more; default 1, every step.
        schedule: factor on the penalty as a function of the images seen, such as
            `tfdogs.training.schedules.Cosine(1.0, 0.1, kimg=1000)`; None for 1.

    Raises:
        ValueError: `interval` is under 1.
    """

    name = "regularizer"
    network = "discriminator"
    observes = 0
    encodes = False
    reads_fakes = True

    def __init__(self, interval=1, *, schedule=None):
        if interval < 1:
            raise ValueError(f"interval must be 1 or more. Received: interval={interval}")
        self.interval = int(interval)
        self.schedule = schedule

    def __call__(self, *arguments):
        """Computes the penalty.

        Args:
            *arguments: of a discriminator's regularizer (discriminate, reals, fakes, noise), where
                `discriminate` is a function from images [N, H, W, C] to float32 logits [N, 1];
                `discriminate.slopes(images)` are the logits' gradients by the images,
                `discriminate.slopes_before(images)`, for the very reals or fakes, those by the images before
                augmentation, `discriminate.reconstruct(images, noise)` what the discriminator's own
                `reconstruct` gives for them, and `discriminate.network` the discriminator itself. Reals and
                fakes are as the discriminator sees them, float32 [N, H, W, C], and no gradient flows into the
                fakes. Asked about the very tensor `reals` or `fakes`, they may answer with what is known
                already: a tape of one's own needs a `tf.identity` of it.
                Of a generator's regularizer (generator, latents, labels, noise): the model, float32
                [N, latent_dim], and int32 [N] or None. `noise` is `tfdogs.models.noise.Noise`.

        Returns:
            float32 scalar, weight included, lazy factor and schedule not; where `observes` is over 0 a pair
            of that and of float32 [observes].
        """
        signature = {
            "discriminator": "discriminate, reals, fakes, noise",
            "generator": "generator, latents, labels, noise",
        }
        raise TypeError(f"{type(self).__name__} must define __call__({signature[self.network]})")

    def check(self, network):
        """Raises ValueError where the network lacks what the penalty needs; called once, by the GAN."""

    def build(self, add_state):
        """Creates the state; called once, by the GAN.

        Args:
            add_state: (name, initial=0.0) -> float32 scalar variable, saved with the GAN.
        """

    def observe(self, numbers, due):
        """Changes the state; called after each update of the network where `observes` is over 0.

        Args:
            numbers: what the penalty returned beside itself, float32 [observes], the mean over the
                global batch; zeros where it was not due.
            due: float32 scalar, 1, or 0 where the penalty was not due: then nothing may change.
        """

    def factor(self, images_seen):
        """Returns what the penalty is multiplied by after `images_seen` images, a float32 scalar."""
        return tf.constant(1.0) if self.schedule is None else self.schedule(images_seen)

    def get_config(self):
        """Returns the constructor's arguments; `schedule` only where there is one."""
        if self.schedule is None:
            return {"interval": self.interval}
        schedule = keras.saving.serialize_keras_object(self.schedule)
        return {"interval": self.interval, "schedule": schedule}

    @classmethod
    def from_config(cls, config):
        """Builds it from what `get_config` returned."""
        if "schedule" in config:
            schedule = keras.saving.deserialize_keras_object(config["schedule"])
            config = {**config, "schedule": schedule}
        return cls(**config)


def register(cls):
    """Makes a class known to Keras' saving under the package name tfdogs."""
    return keras.saving.register_keras_serializable("tfdogs")(cls)
