"""One update of the generator."""

import dataclasses
from typing import Optional

import tensorflow as tf

from tfdogs import tfgan
from tfdogs.models import latents
from tfdogs.models.noise import Use
from tfdogs.training import optimizers


@dataclasses.dataclass(frozen=True)
class Draw:
    """Fakes, and what it takes to learn from them.

    Attributes:
        fakes: images [N, H, W, C] in [-1, 1].
        z: the latents, float32 [N, latent_dim].
        labels: int32 [N], or None.
        tape: has recorded how they were drawn.
    """

    fakes: tf.Tensor
    z: tf.Tensor
    labels: Optional[tf.Tensor]
    tape: tf.GradientTape


class GeneratorStep:
    """Draws fakes, and teaches the generator to draw such as the discriminator takes for real.

    Args:
        generator: the model.
        judge: `Judge`.
        loss: `AdversarialLoss`.
        penalties: `Penalties` of the generator.
        trackers: dict from a metric's name to its `keras.metrics.Mean`.
        latent: "normal" or "uniform".
        latent_dim: length of a latent.
        top_k: `TopK`, or None.
        auxiliary: weight of the classifier's loss; 0 for none.
        images_seen: int64 variable, images before the step.
    """

    def __init__(
        self,
        generator,
        judge,
        loss,
        penalties,
        trackers,
        *,
        latent,
        latent_dim,
        top_k,
        auxiliary,
        images_seen,
    ):
        self._generator = generator
        self._judge = judge
        self._loss = loss
        self._penalties = penalties
        self._trackers = trackers
        self._latent = latent
        self._latent_dim = latent_dim
        self._top_k = top_k
        self._auxiliary = auxiliary
        self._images_seen = images_seen

    def draw(self, count, labels, noise):
        """Draws `count` fakes, one a label where there are labels; returns a `Draw`."""
        z = latents.sample(self._latent, [count, self._latent_dim], noise.fold(Use.LATENTS))
        inputs = z if labels is None else (z, labels)
        takes_noise = getattr(self._generator, "takes_noise", False)
        extra = {"noise": noise.fold(Use.GENERATOR)} if takes_noise else {}
        with tf.GradientTape() as tape:
            fakes = self._generator(inputs, training=True, **extra)
        return Draw(fakes, z, labels, tape)

    def __call__(self, optimizer, draw, batch, noise, *, lesson=None):
        """Updates the generator once.

        Args:
            optimizer: the generator's.
            draw: `Draw`.
            batch: `tfdogs.models.batches.Batch` of reals, with which a relativistic loss compares the fakes.
            noise: `Noise` of this part of the step.
            lesson: the gradient that the discriminator's own step had for the fakes, a `Lesson`; None to ask
                the discriminator as it is now.
        """
        arguments, penalty_noise = (self._generator, draw.z, draw.labels), noise.fold(Use.G_PENALTIES)
        real = self._reals_logits(batch.images, draw.labels, noise) if lesson is None else None
        with draw.tape as tape:
            if lesson is None:
                loss, whole = self._judged(draw, real, noise, batch)
            else:
                # Its gradient is the lesson's, which is this replica's share already.
                whole = tf.reduce_sum(lesson.slopes * tf.cast(draw.fakes, tf.float32))
                whole = tf.math.divide_no_nan(whole, tf.cast(batch.share, tf.float32))
                loss = lesson.loss
            every_step = self._penalties.every_step(arguments, penalty_noise)
            whole = tf.add_n([whole, *(one.penalty for one in every_step)])
            scaled_loss = optimizers.scaled(optimizer, whole, batch.share)
        self._penalties.update(
            optimizer,
            self._generator.trainable_variables,
            tape,
            scaled_loss,
            every_step=every_step,
            arguments=arguments,
            noise=penalty_noise,
            batch=batch,
        )
        self._trackers["g_loss"].update_state(loss, batch.weight)

    def _reals_logits(self, reals, labels, noise):
        """Returns what a relativistic loss compares the fakes with, or None."""
        if not self._loss.relativistic:
            return None
        return tf.stop_gradient(self._judge(self._judge.view(reals, noise, Use.REALS_SEEN_BY_G), labels))

    def _judged(self, draw, real, noise, batch):
        """Returns the loss, and what to learn from: it and the classifier's, where there is one."""
        labels = draw.labels
        fakes = self._judge.view(draw.fakes, noise, Use.SEEN_BY_G)
        fake, class_logits = self._judge.with_classes(fakes, labels)
        if self._top_k is not None:
            fake, real, class_logits, labels = self._top_k.select(
                fake, self._images_seen, real, class_logits, labels
            )
        loss = whole = self._loss.generator(fake, real)
        if class_logits is not None:
            class_loss = tfgan.auxiliary_classifier(class_logits, labels)
            self._trackers["g_class_loss"].update_state(class_loss, batch.weight)
            whole += self._auxiliary * class_loss
        return loss, whole
