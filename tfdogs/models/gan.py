"""The adversarial game as a `keras.Model`: here G and D meet."""

import keras
import numpy as np
import tensorflow as tf

from tfdogs.losses import NAMES, adversarial
from tfdogs.models import batches, introspection, latents
from tfdogs.models.noise import Noise
from tfdogs.sampling.sampler import Sampler
from tfdogs.training import optimizers
from tfdogs.training.ema import EMA, update_average

# Uses of a step's noise; each gets numbers of its own.
_LATENTS, _SEEN_REALS, _SEEN_FAKES, _SEEN_BY_G, _PENALTY = range(5)


@keras.saving.register_keras_serializable("tfdogs")
class GAN(keras.Model):
    """Trains any Keras generator against any Keras discriminator.

    `fit` takes NumPy arrays, a `tf.data.Dataset` or a `keras.utils.Sequence` of images, uint8 [N, H, W, C]
    (floating images are taken to be in [-1, 1] already), with labels, int [N], where the networks are
    conditional. Every random number follows from (`seed`, images seen), so that a run which is saved and
    restored goes on exactly as if it had never stopped.

    Example:

        gan = tfdogs.GAN(generator=generator, discriminator=discriminator, loss="hinge")
        gan.compile()
        gan.fit(images, batch_size=64, epochs=10)
        dogs = gan.generate(16, seed=0)

    Args:
        generator: latents [N, latent_dim] -> images in [-1, 1], [N, H, W, C]; where it is conditional it
            takes (latents, labels).
        discriminator: images -> logits [N, 1], without a sigmoid; where conditional: (images, labels).
        loss: name in `tfdogs.losses.NAMES`, or an `AdversarialLoss`; default "non_saturating".
        label_smoothing: one-sided: the reals' target is 1 minus this; in [0, 0.5); default 0.
        regularizers: `Regularizer`s of the discriminator, such as `R1` and `GradientPenalty`.
        augment: (images, noise) -> images, such as `DiffAugment`; applied to all that D sees; or None.
        ema: `EMA`, or a half-life in kimg, of the averaged generator that draws samples; None for none.
            Default 10.
        d_steps: discriminator steps to one generator step. A batch is split among them: its size is a
            multiple of `d_steps`. Default 1.
        latent: "normal", N(0, 1), or "uniform", U[-1, 1).
        latent_dim: length of a latent; default: what the generator says.
        num_classes: 0 for unconditional networks; default: what the generator says, or 0.
        seed: of all random numbers in training; default 0.
        name: name of the model.

    Raises:
        ValueError: networks that don't fit together, or an argument out of range.
    """

    def __init__(
        self,
        *,
        generator,
        discriminator,
        loss="non_saturating",
        label_smoothing=0.0,
        regularizers=(),
        augment=None,
        ema=10.0,
        d_steps=1,
        latent="normal",
        latent_dim=None,
        num_classes=None,
        seed=0,
        name="gan",
    ):
        super().__init__(name=name)
        self.loss_function = adversarial.get(loss)
        if not 0 <= label_smoothing < 0.5 or (label_smoothing and not self.loss_function.smooths):
            raise ValueError(
                "label_smoothing must be in [0, 0.5), and 0 for hinge and wasserstein. "
                f"Received: label_smoothing={label_smoothing}, loss={self.loss_function.name}"
            )
        if d_steps < 1:
            raise ValueError(f"d_steps must be 1 or more. Received: d_steps={d_steps}")
        if latent not in latents.KINDS:
            raise ValueError(f"latent must be one of {', '.join(latents.KINDS)}. Received: latent={latent!r}")
        self.generator = generator
        self.discriminator = discriminator
        self.label_smoothing = label_smoothing
        self.regularizers = list(regularizers)
        self.augment = augment
        self.ema = ema if ema is None or isinstance(ema, EMA) else EMA(ema)
        self.d_steps = d_steps
        self.latent = latent
        self.seed = seed
        self.num_classes = getattr(generator, "num_classes", 0) if num_classes is None else num_classes
        self.latent_dim = latent_dim or introspection.latent_dim(generator)
        self.image_shape = introspection.check_pair(
            generator, discriminator, self.latent_dim, self.num_classes
        )
        self.ema_generator = (
            introspection.clone(generator, self.latent_dim, self.num_classes) if self.ema else None
        )
        once = tf.VariableAggregation.ONLY_FIRST_REPLICA
        counter = {"shape": (), "dtype": "int64", "initializer": "zeros", "trainable": False}
        self.images_seen = self.add_weight(name="images_seen", aggregation=once, **counter)
        self.steps_done = self.add_weight(name="steps_done", aggregation=once, **counter)
        if len({r.name for r in self.regularizers}) < len(self.regularizers):
            names = [r.name for r in self.regularizers]
            raise ValueError(f"regularizers must have names of their own. Received: {names}")
        names = ["d_loss", "g_loss", "d_real", "d_fake", *(r.name for r in self.regularizers)]
        self._trackers = {name: keras.metrics.Mean(name=name) for name in names}
        self._sampler = None
        self.built = True

    def compile(
        self, *, g_optimizer=None, d_optimizer=None, steps_per_execution=1, jit_compile=False, **kwargs
    ):
        """Sets the optimizers; their slots are created here, so that a checkpoint finds them.

        Args:
            g_optimizer: the generator's; default Adam(2e-4, beta_1=0.5), as DCGAN's.
            d_optimizer: the discriminator's; default the same.
            steps_per_execution: steps to one call into TensorFlow.
            jit_compile: XLA; worth trying on a GPU, several times slower on a CPU.
            **kwargs: what else `keras.Model.compile` takes.

        Raises:
            ValueError: one optimizer was given for both networks.
        """
        if g_optimizer is d_optimizer and not isinstance(g_optimizer, (type(None), str, dict)):
            raise ValueError(
                "g_optimizer and d_optimizer must be two optimizers. Received: the same one twice"
            )
        g_optimizer = keras.optimizers.Adam(2e-4, beta_1=0.5) if g_optimizer is None else g_optimizer
        d_optimizer = keras.optimizers.Adam(2e-4, beta_1=0.5) if d_optimizer is None else d_optimizer
        self.g_optimizer = optimizers.prepare(g_optimizer, self.generator)
        self.d_optimizer = optimizers.prepare(d_optimizer, self.discriminator)
        # Keras wants one optimizer of its own; D's, lest it attach a third that nothing uses.
        super().compile(
            optimizer=self.d_optimizer,
            steps_per_execution=steps_per_execution,
            jit_compile=jit_compile,
            **kwargs,
        )

    @property
    def metrics(self):
        """d_loss and g_loss; d_real and d_fake, the discriminator's mean probability that reals and fakes
        are real (its mean score where the loss has no probability); each regularizer's penalty."""
        return list(self._trackers.values())

    def call(self, inputs, training=None):
        """Returns the discriminator's logits [N, 1] on what the generator draws from `inputs`."""
        images = self.generator(inputs, training=training)
        return self.discriminator((images, inputs[1]) if self.num_classes else images, training=training)

    def train_step(self, data):
        """One step: `d_steps` updates of D, one of G, one of the average. Returns the metrics' results."""
        parts = batches.split(*self._unpack(data), self.d_steps)
        noise = Noise.at(self.seed, self.images_seen)
        for i, (reals, labels) in enumerate(parts):
            here = noise.fold(i)
            with tf.GradientTape() as tape:
                fakes = self._draw(tf.shape(reals)[0], labels, here)
                with tape.stop_recording():
                    self._train_discriminator(reals, fakes, labels, here)
                if i == len(parts) - 1:  # the fakes that D has just learned from teach G
                    logits = self._judge(self._seen(fakes, here.fold(_SEEN_BY_G)), labels)
                    loss = self.loss_function.generator(logits)
                    scaled_loss = optimizers.scaled(self.g_optimizer, loss)
        variables = self.generator.trainable_variables
        gradients = optimizers.gradients(self.g_optimizer, tape, scaled_loss, variables)
        self.g_optimizer.apply_gradients(zip(gradients, variables))
        self._trackers["g_loss"].update_state(loss)
        self._count(sum(tf.shape(reals, tf.int64)[0] for reals, _ in parts))
        return {name: tracker.result() for name, tracker in self._trackers.items()}

    def test_step(self, data):
        """Judges held-out images beside fresh fakes: d_real under training's means that D knows its reals."""
        reals, labels = self._unpack(data)
        batches_before = tf.cast(self._trackers["d_loss"].count, tf.int64)
        noise = Noise.at(self.seed, self.images_seen).fold(batches_before)
        z = latents.sample(self.latent, [tf.shape(reals)[0], self.latent_dim], noise)
        fakes = self.generator((z, labels) if self.num_classes else z, training=False)
        real, fake = (self._judge(images, labels, training=False) for images in (reals, fakes))
        self._trackers["d_loss"].update_state(
            self.loss_function.discriminator(real, fake, self.label_smoothing)
        )
        self._trackers["g_loss"].update_state(self.loss_function.generator(fake))
        self._track_verdicts(real, fake)
        return {name: self._trackers[name].result() for name in ("d_loss", "g_loss", "d_real", "d_fake")}

    @property
    def sampler(self):
        """The `Sampler` of the averaged generator, or of the trained one where there is no average."""
        if self._sampler is None:
            network = self.generator if self.ema_generator is None else self.ema_generator
            self._sampler = Sampler(
                network, self.latent_dim, latent=self.latent, num_classes=self.num_classes
            )
        return self._sampler

    def generate(self, num_images, *, seed=0, labels=None, truncation=None):
        """Draws images with the averaged generator, or the trained one where there is no average.

        Image i comes from seed `seed + i`: the same seed gives the same image, byte for byte on one
        machine, in whatever batch.

        Args:
            num_images: how many.
            seed: of the first image.
            labels: for conditional networks an int, or ints [num_images]; default: seed modulo classes.
            truncation: None, or over 0: see `tfdogs.models.latents.from_seeds`.

        Returns:
            uint8 array [num_images, H, W, C].
        """
        seeds = seed + np.arange(num_images, dtype=np.int64)
        return self.sampler.images(seeds, labels=labels, truncation=truncation)

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
            "generator": to_config(self.generator),
            "discriminator": to_config(self.discriminator),
            "loss": self.loss_function.name,
            "label_smoothing": self.label_smoothing,
            "regularizers": [to_config(regularizer) for regularizer in self.regularizers],
            "augment": to_config(self.augment),
            "ema": to_config(self.ema),
            "d_steps": self.d_steps,
            "latent": self.latent,
            "latent_dim": self.latent_dim,
            "num_classes": self.num_classes,
            "seed": self.seed,
            "name": self.name,
        }

    @classmethod
    def from_config(cls, config, custom_objects=None):
        """Builds a GAN from what `get_config` returned."""
        config = dict(config)
        for name in ("generator", "discriminator", "augment", "ema"):
            config[name] = keras.saving.deserialize_keras_object(config[name], custom_objects)
        config["regularizers"] = [
            keras.saving.deserialize_keras_object(regularizer, custom_objects)
            for regularizer in config["regularizers"]
        ]
        return cls(**config)

    def get_compile_config(self):
        """Returns both optimizers' configurations, for saving; None before `compile`."""
        if not self._is_compiled:
            return None
        to_config = keras.saving.serialize_keras_object
        return {"g_optimizer": to_config(self.g_optimizer), "d_optimizer": to_config(self.d_optimizer)}

    def compile_from_config(self, config):
        """Compiles with what `get_compile_config` returned; the slots' values are loaded after it."""
        self.compile(**{name: keras.saving.deserialize_keras_object(value) for name, value in config.items()})

    def _unpack(self, data):
        return batches.unpack(data, self.image_shape, self.num_classes)

    def _draw(self, count, labels, noise):
        z = latents.sample(self.latent, [count, self.latent_dim], noise.fold(_LATENTS))
        return self.generator((z, labels) if self.num_classes else z, training=True)

    def _seen(self, images, noise):
        images = tf.cast(images, tf.float32)
        return images if self.augment is None else self.augment(images, noise)

    def _judge(self, images, labels, training=True):
        inputs = (images, labels) if self.num_classes else images
        return tf.cast(self.discriminator(inputs, training=training), tf.float32)

    def _train_discriminator(self, reals, fakes, labels, noise):
        reals = self._seen(reals, noise.fold(_SEEN_REALS))
        fakes = self._seen(tf.stop_gradient(fakes), noise.fold(_SEEN_FAKES))
        variables = self.discriminator.trainable_variables
        with tf.GradientTape() as tape:
            # Two passes, so that BatchNorm never mixes reals with fakes.
            real_logits, fake_logits = self._judge(reals, labels), self._judge(fakes, labels)
            loss = self.loss_function.discriminator(real_logits, fake_logits, self.label_smoothing)
            scaled_loss = optimizers.scaled(self.d_optimizer, loss)
        gradients = optimizers.gradients(self.d_optimizer, tape, scaled_loss, variables)
        for use, regularizer in enumerate(self.regularizers):
            extra = self._penalty_gradients(regularizer, reals, fakes, labels, noise.fold(_PENALTY + use))
            gradients = [gradient + more for gradient, more in zip(gradients, extra)]
        self.d_optimizer.apply_gradients(zip(gradients, variables))
        self._trackers["d_loss"].update_state(loss)
        self._track_verdicts(real_logits, fake_logits)

    def _penalty_gradients(self, regularizer, reals, fakes, labels, noise):
        variables = self.discriminator.trainable_variables

        def compute():
            with tf.GradientTape() as tape:
                penalty = regularizer(lambda images: self._judge(images, labels), reals, fakes, noise)
                scaled_loss = optimizers.scaled(self.d_optimizer, regularizer.interval * penalty)
            return penalty, optimizers.gradients(self.d_optimizer, tape, scaled_loss, variables)

        due, penalty, gradients = regularizer.when_due(self.steps_done, compute, variables)
        self._trackers[regularizer.name].update_state(penalty, sample_weight=due)
        return gradients

    def _track_verdicts(self, real_logits, fake_logits):
        verdict = self.loss_function.probability or tf.identity
        self._trackers["d_real"].update_state(verdict(real_logits))
        self._trackers["d_fake"].update_state(verdict(fake_logits))

    def _count(self, batch):
        batch *= tf.distribute.get_replica_context().num_replicas_in_sync
        if self.ema is not None:
            decay = self.ema.decay(batch, self.images_seen)
            update_average(self.ema_generator, self.generator, decay)
        self.images_seen.assign_add(batch)
        self.steps_done.assign_add(1)
