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

    def __call__(self, optimizer, draw, reals, noise):
        """Updates the generator once.

        Args:
            optimizer: the generator's.
            draw: `Draw`.
            reals: images [N, H, W, C] in [-1, 1] that a relativistic loss compares the fakes with.
            noise: `Noise` of this part of the step.
        """
        real, labels = None, draw.labels
        if self._loss.relativistic:
            reals = self._judge.view(reals, noise, Use.REALS_SEEN_BY_G)
            real = tf.stop_gradient(self._judge(reals, labels))
        arguments, penalty_noise = (self._generator, draw.z, labels), noise.fold(Use.G_PENALTIES)
        with draw.tape as tape:
            fakes = self._judge.view(draw.fakes, noise, Use.SEEN_BY_G)
            fake, class_logits = self._judge.with_classes(fakes, labels)
            if self._top_k is not None:
                fake, real, class_logits, labels = self._top_k.select(
                    fake, self._images_seen, real, class_logits, labels
                )
            loss = self._loss.generator(fake, real)
            every_step = self._penalties.every_step(arguments, penalty_noise)
            whole = tf.add_n([loss, *(one.penalty for one in every_step)])
            if class_logits is not None:
                class_loss = tfgan.auxiliary_classifier(class_logits, labels)
                self._trackers["g_class_loss"].update_state(class_loss)
                whole += self._auxiliary * class_loss
            scaled_loss = optimizers.scaled(optimizer, whole)
        self._penalties.update(
            optimizer,
            self._generator.trainable_variables,
            tape,
            scaled_loss,
            every_step=every_step,
            arguments=arguments,
            noise=penalty_noise,
        )
        self._trackers["g_loss"].update_state(loss)
