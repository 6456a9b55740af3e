"""One update of the discriminator."""

import dataclasses
import functools

import tensorflow as tf

from tfdogs import tfgan
from tfdogs.models.judge import Discriminate
from tfdogs.models.noise import Use
from tfdogs.training import optimizers


@dataclasses.dataclass(frozen=True)
class Lesson:
    """What the discriminator's step leaves for the generator's, where both are updated at once.

    Attributes:
        loss: the generator's, float32 scalar.
        slopes: this replica's share of its gradient by the fakes, float32 [N, H, W, C].
    """

    loss: tf.Tensor
    slopes: tf.Tensor


class DiscriminatorStep:
    """Teaches the discriminator to tell reals from fakes.

    Args:
        judge: `Judge`.
        loss: `AdversarialLoss`.
        penalties: `Penalties` of the discriminator.
        trackers: dict from a metric's name to its `keras.metrics.Mean`.
        label_smoothing: one-sided, see `GAN`.
        auxiliary: weight of the classifier's loss; 0 for none.
        observe: (`AdversarialLoss.verdicts` on the reals, float32 [n]; images in the global batch) -> None,
            told of each update, or None.
    """

    def __init__(self, judge, loss, penalties, trackers, *, label_smoothing, auxiliary, observe):
        self._judge = judge
        self._loss = loss
        self._penalties = penalties
        self._trackers = trackers
        self._label_smoothing = label_smoothing
        self._auxiliary = auxiliary
        self._observe = observe

    def __call__(self, optimizer, batch, fakes, noise, *, teach=False):
        """Updates the discriminator once.

        Args:
            optimizer: the discriminator's.
            batch: `tfdogs.models.batches.Batch` of reals.
            fakes: as many generated images, of the same labels; no gradient flows into them.
            noise: `Noise` of this part of the step.
            teach: whether to return what the generator is to learn from, for `GeneratorStep.learn`.

        Returns:
            A `Lesson`, or None.
        """
        labels = batch.labels
        drawn = [tf.cast(images, tf.float32) for images in (batch.images, tf.stop_gradient(fakes))]
        views = [
            functools.partial(self._judge.view, noise=noise, use=use)
            for use in (Use.SEEN_REALS, Use.SEEN_FAKES)
        ]
        noise = noise.fold(Use.D_PENALTIES)
        with tf.GradientTape() as tape:
            tape.watch(drawn[1])
            # What a penalty asks about reals and fakes, gradients included, is taken from these two passes.
            with tf.GradientTape(persistent=True, watch_accessed_variables=False) as by_images:
                by_images.watch(drawn)
                reals, fakes = (view(images) for view, images in zip(views, drawn))
                by_images.watch([reals, fakes])  # without an augmentation they are what was drawn
                # Two passes, so that BatchNorm never mixes reals with fakes.
                real, class_logits, maps = self._judge.reals(reals, labels)
                fake = self._judge(fakes, labels)
            loss = self._loss.discriminator(real, fake, self._label_smoothing)
            origins = tuple(zip((reals, fakes), drawn, views))
            known, encoded = ((reals, real), (fakes, fake)), (reals, maps) if maps is not None else None
            discriminate = Discriminate(
                self._judge, labels, known, by_images, origins=origins, encoded=encoded
            )
            every_step = self._penalties.every_step((discriminate, reals, fakes), noise)
            whole = tf.add_n([loss, *(one.penalty for one in every_step)])
            if class_logits is not None:
                class_loss = tfgan.auxiliary_classifier(class_logits, labels)
                self._trackers["d_class_loss"].update_state(class_loss, batch.weight)
                whole += self._auxiliary * class_loss
            scaled_loss = optimizers.scaled(optimizer, whole, batch.share)
        by_inputs = self._penalties.update(
            optimizer,
            self._judge.discriminator.trainable_variables,
            tape,
            scaled_loss,
            every_step=every_step,
            arguments=(Discriminate(self._judge, labels, origins=origins), reals, fakes),
            noise=noise,
            batch=batch,
            inputs=drawn[1:] if teach else (),
        )
        self._trackers["d_loss"].update_state(loss, batch.weight)
        self.track_verdicts(real, fake, batch)
        if self._observe is not None:
            verdicts = self._loss.verdicts(real, fake, self._label_smoothing)
            self._observe(verdicts[: batch.count, 0], batch.total)
        return self._lesson(real, fake, *by_inputs) if teach else None

    def _lesson(self, real, fake, slopes):
        # Where D judges each image on its own, a loss reaches a fake through that fake's logit only: G's
        # gradient at the fake is D's, times the ratio of the two losses' slopes at the logit.
        with tf.GradientTape(persistent=True) as tape:
            tape.watch(fake)
            d_loss = self._loss.discriminator(real, fake, self._label_smoothing)
            g_loss = self._loss.generator(fake, real)
        ratios = tf.math.divide_no_nan(tape.gradient(g_loss, fake), tape.gradient(d_loss, fake))
        return Lesson(g_loss, slopes * ratios[:, :, None, None])

    def track_verdicts(self, real, fake, batch):
        """Puts the discriminator's verdicts on a batch's reals and on fakes into their metrics."""
        verdict = self._loss.probability or tf.identity
        self._trackers["d_real"].update_state(verdict(real), batch.mask)
        self._trackers["d_fake"].update_state(verdict(fake), batch.mask)
