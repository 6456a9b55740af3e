"""The adversarial game as a `keras.Model`: here G and D meet."""

import keras
import tensorflow as tf

from tfdogs.losses import adversarial
from tfdogs.models import arguments, batches, introspection, latents, scalars
from tfdogs.models.discriminator_step import DiscriminatorStep
from tfdogs.models.generator_step import GeneratorStep
from tfdogs.models.judge import Judge
from tfdogs.models.noise import Noise
from tfdogs.models.penalties import Penalties
from tfdogs.models.saved import Saved
from tfdogs.models.two_players import TwoPlayers
from tfdogs.sampling import seeds
from tfdogs.sampling.sampler import Sampler
from tfdogs.training.ema import EMA, update_average


@keras.saving.register_keras_serializable("tfdogs")
class GAN(Saved, TwoPlayers):
    """Trains any Keras generator against any Keras discriminator.

    `fit` takes NumPy arrays, a `tf.data.Dataset` or a `keras.utils.Sequence` of images, uint8 [N, H, W, C] or
    floating in [-1, 1], with labels, int [N] or one-hot, where the networks are conditional; or of dicts with
    "image" and "label", as tfds gives them. `TwoPlayers.fit` lists the arguments. Every random number follows
    from (`seed`, images seen), so that a run which is saved and restored goes on exactly as if it had never
    stopped.

    Example:

        gan = tfdogs.GAN(generator=generator, discriminator=discriminator, loss="hinge")
        gan.compile()
        gan.fit(images, batch_size=64, epochs=10)
        dogs = gan.generate(16, seed=0)

    Args:
        generator: latents [N, latent_dim] -> images in [-1, 1], [N, H, W, C]; where it is conditional it
            takes (latents, labels). With an attribute `takes_noise` that is True, training hands it the
            step's `Noise` as `noise`.
        discriminator: images -> logits [N, 1], without a sigmoid; where conditional: (images, labels).
        loss: name in `tfdogs.losses.NAMES`, or an `AdversarialLoss`; default "non_saturating".
        label_smoothing: one-sided: the reals' target is 1 minus this; in [0, 0.5); default 0.
        auxiliary: weight of the loss of D's auxiliary classifier, on reals in its step and on fakes in G's
            (AC-GAN); over 0 D has `judge_and_classify(inputs, training)` -> (logits, class logits [N,
            num_classes]) and an attribute `auxiliary` that is True. Default 0.
        regularizers: `Regularizer`s of either network, such as `R1` and `GradientPenalty`.
        augment: (images, noise) -> images, such as `DiffAugment`; applied to all that D sees; or None. It may
            have `build(add_state)`, as a `Regularizer` has; `observe(verdicts, images)`, called after each
            update of D with its verdicts on the reals (`AdversarialLoss.verdicts`: over 0 where D takes one
            for real), float32 [n], and the size of the global batch; and `tracked`, a dict from names to
            variables that the metrics report.
        instance_noise: standard deviation of Gaussian noise on all that D sees in training, a number or a
            schedule (`tfdogs.training.schedules`); default 0.
        top_k: `TopK`: G learns from the best of its fakes only; None for all.
        ema: `EMA`, or a half-life in kimg, of the averaged generator that draws samples; None for none.
            Default 10.
        tracks: further averages, each with `decay(batch_size, images_seen)`; their networks are
            `track_generators`.
        d_steps: discriminator steps to one generator step. A batch is split among them, as evenly as it goes;
            of fewer images than steps some are taken several times. Default 1.
        simultaneous: update G by what D said before its own update, which spares a pass of D, about a fifth
            of a step (Goodfellow et al. 2014 alternate, TF-GAN offers both). For losses whose slope at a
            fake's logit is never 0, and a D that judges each image on its own, in float32 or bfloat16;
            default False.
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
        auxiliary=0.0,
        regularizers=(),
        augment=None,
        instance_noise=0.0,
        top_k=None,
        ema=10.0,
        tracks=(),
        d_steps=1,
        simultaneous=False,
        latent="normal",
        latent_dim=None,
        num_classes=None,
        seed=0,
        name="gan",
    ):
        super().__init__(name=name)
        arguments.check_kinds(
            generator=generator,
            discriminator=discriminator,
            label_smoothing=label_smoothing,
            auxiliary=auxiliary,
            instance_noise=instance_noise,
            ema=ema,
            regularizers=regularizers,
            tracks=tracks,
            augment=augment,
            top_k=top_k,
        )
        self.loss_function = adversarial.get(loss)
        self.generator, self.discriminator = generator, discriminator
        self.label_smoothing, self.auxiliary = label_smoothing, auxiliary
        self.regularizers = list(regularizers)
        self.augment = augment
        self.instance_noise = instance_noise
        self.top_k = top_k
        self.ema = ema if ema is None or hasattr(ema, "decay") else EMA(ema)
        self.tracks = list(tracks)
        self.d_steps = scalars.whole("d_steps", d_steps, 1)
        scalars.switch("simultaneous", simultaneous)
        self.simultaneous = bool(simultaneous)
        self.latent, self.seed = latent, scalars.seed(seed)
        if num_classes is None:
            num_classes = getattr(generator, "num_classes", 0)
        self.num_classes = scalars.whole("num_classes", num_classes)
        arguments.check(self)
        if latent_dim is None:
            latent_dim = introspection.latent_dim(generator)
        self.latent_dim = scalars.whole("latent_dim", latent_dim, 1)
        self.image_shape = introspection.check_pair(
            generator, discriminator, self.latent_dim, self.num_classes
        )
        self.ema_generator = self._twin() if self.ema else None
        self.track_generators = [self._twin() for _ in self.tracks]
        self.images_seen = self._add_scalar("images_seen", 0, "int64")
        self.steps_done = self._add_scalar("steps_done", 0, "int64")
        self.states = {}
        for owner in (*self.regularizers, augment):
            if hasattr(owner, "build") and not isinstance(owner, keras.layers.Layer):
                owner.build(self._add_state)
        self._trackers = {name: keras.metrics.Mean(name=name) for name in self._metric_names()}
        self._judge = Judge(
            discriminator,
            num_classes=self.num_classes,
            augment=augment,
            instance_noise=instance_noise,
            classifies=bool(auxiliary),
            encodes=any(regularizer.encodes and regularizer.interval == 1 for regularizer in regularizers),
            images_seen=self.images_seen,
        )
        self._d_step = DiscriminatorStep(
            self._judge,
            self.loss_function,
            self._penalties("discriminator"),
            self._trackers,
            label_smoothing=label_smoothing,
            auxiliary=auxiliary,
            observe=getattr(augment, "observe", None),
        )
        self._g_step = GeneratorStep(
            generator,
            self._judge,
            self.loss_function,
            self._penalties("generator"),
            self._trackers,
            latent=latent,
            latent_dim=self.latent_dim,
            top_k=top_k,
            auxiliary=auxiliary,
            images_seen=self.images_seen,
        )
        self._sampler = None
        # What Keras would learn of the first call: what is saved is asked for it.
        self._set_save_spec(introspection.example_inputs(self.latent_dim, self.num_classes))
        self.built = True

    def compile(self, *args, jit_compile=False, **kwargs):
        """Sets the optimizers, see `TwoPlayers.compile`; XLA cannot do `top_k`, whose shapes change."""
        if jit_compile and self.top_k is not None:
            raise ValueError("jit_compile must be False with top_k. Received: jit_compile=True")
        super().compile(*args, jit_compile=jit_compile, **kwargs)

    @property
    def metrics(self):
        """d_loss and g_loss; d_real and d_fake, the discriminator's mean probability that reals and fakes
        are real (its mean score where the loss has no probability); with an auxiliary classifier its losses,
        d_class_loss and g_class_loss; each regularizer's penalty; what the augmentation reports."""
        return list(self._trackers.values())

    def call(self, inputs, training=None):
        """Returns the discriminator's logits [N, 1] on what the generator draws from `inputs`."""
        images = self.generator(inputs, training=training)
        return self.discriminator((images, inputs[1]) if self.num_classes else images, training=training)

    def train_step(self, data):
        """One step: `d_steps` updates of D, one of G, one of the averages. Returns the metrics' results."""
        batch = self._unpack(data)
        noise = Noise.at(self.seed, self.images_seen)
        for i, part in enumerate(batches.split(batch, self.d_steps)):
            here = noise.fold(i).among(part.rows)
            draw = self._g_step.draw(tf.shape(part.images)[0], part.labels, here)
            teach = self.simultaneous and i == self.d_steps - 1
            lesson = self._d_step(self.d_optimizer, part, draw.fakes, here, teach=teach)
        # The fakes that D has just learned from teach G.
        self._g_step(self.g_optimizer, draw, part, here, lesson=lesson)
        with tf.control_dependencies([batch.images]):  # what is refused is not counted
            self._count(batch.total)
        for name, variable in getattr(self.augment, "tracked", {}).items():
            self._trackers[name].update_state(variable)
        return {name: tracker.result() for name, tracker in self._trackers.items()}

    def test_step(self, data):
        """Judges held-out images beside fresh fakes: d_real under training's means that D knows its reals."""
        batch = self._unpack(data)
        images_before = batches.total(tf.cast(self._trackers["d_loss"].count, tf.int64))
        noise = Noise.at(self.seed, self.images_seen).fold(images_before).among(batch.rows)
        z = latents.sample(self.latent, [tf.shape(batch.images)[0], self.latent_dim], noise)
        fakes = self.generator((z, batch.labels) if self.num_classes else z, training=False)
        real, fake = (self._judge(images, batch.labels, training=False) for images in (batch.images, fakes))
        d_loss = self.loss_function.discriminator(real, fake, self.label_smoothing)
        self._trackers["d_loss"].update_state(d_loss, batch.weight)
        self._trackers["g_loss"].update_state(self.loss_function.generator(fake, real), batch.weight)
        self._d_step.track_verdicts(real, fake, batch)
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

        Raises:
            ValueError: an argument out of range, or labels for an unconditional generator.
        """
        numbers = seeds.following(seed, scalars.whole("num_images", num_images))
        return self.sampler.images(numbers, labels=labels, truncation=truncation)

    def _metric_names(self):
        classes = ["d_class_loss", "g_class_loss"] if self.auxiliary else []
        penalties = [regularizer.name for regularizer in self.regularizers]
        tracked = getattr(self.augment, "tracked", {})
        return ["d_loss", "g_loss", "d_real", "d_fake", *classes, *penalties, *tracked]

    def _add_state(self, name, initial=0.0):
        if name in self.states:
            raise ValueError(f"states must have names of their own. Received: {name} twice")
        self.states[name] = self._add_scalar(name, initial, "float32")
        return self.states[name]

    def _add_scalar(self, name, initial, dtype):
        once = tf.VariableAggregation.ONLY_FIRST_REPLICA
        start = keras.initializers.Constant(initial)
        return self.add_weight(name, (), dtype, start, trainable=False, aggregation=once)

    def _twin(self):
        return introspection.clone(self.generator, self.latent_dim, self.num_classes)

    def _penalties(self, network):
        return Penalties(
            [regularizer for regularizer in self.regularizers if regularizer.network == network],
            self._trackers,
            images_seen=self.images_seen,
            steps_done=self.steps_done,
        )

    def _unpack(self, data):
        return batches.unpack(data, self.image_shape, self.num_classes, self.check_range)

    def _count(self, batch):
        rules, averages = (self.ema, *self.tracks), (self.ema_generator, *self.track_generators)
        for rule, average in zip(rules, averages):
            if rule is not None:
                update_average(average, self.generator, rule.decay(batch, self.images_seen))
        self.images_seen.assign_add(batch)
        self.steps_done.assign_add(1)
