"""The regularizers of one network beside its loss: when each is due, and what it adds to the gradient."""

import dataclasses

import tensorflow as tf

from tfdogs.losses import lazy
from tfdogs.losses.regularizer import Regularizer
from tfdogs.training import optimizers


@dataclasses.dataclass(frozen=True)
class Due:
    """What one regularizer came to in one step.

    Attributes:
        regularizer: which.
        due: float32 scalar, 1, or 0 in a step without it.
        penalty: float32 scalar, schedule included, lazy factor not; 0 where it was not due.
        numbers: float32 [regularizer.observes]; zeros where it was not due.
    """

    regularizer: Regularizer
    due: tf.Tensor
    penalty: tf.Tensor
    numbers: tf.Tensor


class Penalties:
    """Evaluates a network's regularizers.

    Those of every step share the tape of the loss, and what it has computed already. Lazy ones take an
    optimizer's step of their own, those of one interval together, weighed by the interval; learning rate and
    betas are to be rescaled for it, see `tfdogs.losses.lazy.ratio`.

    Args:
        regularizers: `Regularizer`s of one network.
        trackers: dict from a regularizer's name to its `keras.metrics.Mean`.
        images_seen: int64 variable, images before the step.
        steps_done: int64 variable, number of the step.
    """

    def __init__(self, regularizers, trackers, *, images_seen, steps_done):
        numbered = list(enumerate(regularizers))
        self._every_step = [(use, r) for use, r in numbered if r.interval == 1]
        self._lazy = {
            interval: [(use, r) for use, r in numbered if r.interval == interval]
            for interval in lazy.intervals(regularizers)
        }
        self._trackers = trackers
        self._images_seen = images_seen
        self._steps_done = steps_done

    def every_step(self, arguments, noise):
        """Evaluates what is due in every step; to be called under the tape of the loss.

        Args:
            arguments: what the regularizers take before the noise.
            noise: `Noise` for the penalties of this network.

        Returns:
            A list of `Due`, whose penalties belong to the loss.
        """
        due = tf.constant(1.0)
        return [Due(r, due, *self._evaluate(r, arguments, noise.fold(use))) for use, r in self._every_step]

    def update(self, optimizer, variables, tape, loss, *, every_step, arguments, noise, batch, inputs=()):
        """Takes the optimizer's step, and those of lazy penalties; tells the metrics and the regularizers.

        Args:
            optimizer: of the network.
            variables: the network's.
            tape: what has recorded `loss`.
            loss: `optimizers.scaled` loss, the penalties of every step included.
            every_step: what `every_step` returned.
            arguments: what the regularizers take before the noise.
            noise: `Noise` for the penalties of this network.
            batch: `tfdogs.models.batches.Batch` of this replica.
            inputs: tensors that the tape has watched.

        Returns:
            The gradients of `loss` by `inputs`, from the same backward pass.
        """
        gradients = optimizers.gradients(optimizer, tape, loss, [*variables, *inputs])
        gradients, by_inputs = gradients[: len(variables)], gradients[len(variables) :]
        optimizer.apply_gradients(zip(gradients, variables))
        for one in every_step:
            self._report(one, batch)
        for interval in self._lazy:
            due = tf.equal(self._steps_done % interval, 0)
            several, gradients = self._when_due(
                due,
                interval,
                arguments,
                noise=noise,
                optimizer=optimizer,
                variables=variables,
                share=batch.share,
            )
            optimizers.apply_when(due, optimizer, gradients, variables)
            for one in several:
                self._report(one, batch)
        return by_inputs

    def _report(self, one, batch):
        self._trackers[one.regularizer.name].update_state(one.penalty, sample_weight=one.due * batch.weight)
        if one.regularizer.observes:
            one.regularizer.observe(batch.mean(one.numbers), one.due)

    def _evaluate(self, regularizer, arguments, noise):
        result = regularizer(*arguments, noise)
        penalty, numbers = result if regularizer.observes else (result, tf.zeros([0]))
        return penalty * regularizer.factor(self._images_seen), numbers

    def _when_due(self, due, interval, arguments, *, noise, optimizer, variables, share):
        """Returns the `Due`s of an interval's regularizers, and their gradients; zeros where not due."""
        group = self._lazy[interval]

        def compute():
            with tf.GradientTape() as tape:
                results = [self._evaluate(r, arguments, noise.fold(use)) for use, r in group]
                loss = interval * tf.add_n([penalty for penalty, _ in results])
                scaled_loss = optimizers.scaled(optimizer, loss, share)
            return results, optimizers.gradients(optimizer, tape, scaled_loss, variables)

        def pause():
            zeros = [tf.zeros_like(variable) for variable in variables]
            return [(tf.constant(0.0), tf.zeros([r.observes])) for _, r in group], zeros

        results, gradients = tf.cond(due, compute, pause)
        several = [Due(r, tf.cast(due, tf.float32), *result) for (_, r), result in zip(group, results)]
        return several, gradients
