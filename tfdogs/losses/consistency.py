"""Balanced consistency regularization."""

import tensorflow as tf

from tfdogs.augment.diff_augment import DiffAugment
from tfdogs.losses.regularizer import Regularizer, register


@register
class Consistency(Regularizer):
    """real * E[(D(x) - D(T(x)))^2] + fake * E[(D(G(z)) - D(T(G(z))))^2], T a random augmentation (bCR).

    Zhao et al. 2020, "Improved Consistency Regularization for GANs", section 3.1: T mirrors half of the
    images and shifts all of them. Nothing of T can leak into what is drawn. It costs two more passes of the
    discriminator.

    Args:
        real: weight on reals; default 10.
        fake: weight on fakes; default 10.
        policy: what T does beside mirroring, as of `DiffAugment`; default "translation"; "" for nothing.
        flip: whether T mirrors images left to right, each with probability 1/2; default True.
        interval: see `Regularizer`.
        schedule: see `Regularizer`.

    Raises:
        ValueError: an unknown policy, or T does nothing.
    """

    name = "consistency"

    def __init__(self, real=10.0, fake=10.0, *, policy="translation", flip=True, interval=1, schedule=None):
        super().__init__(interval, schedule=schedule)
        if not policy and not flip:
            raise ValueError("T must do something. Received: policy='', flip=False")
        self.real, self.fake = float(real), float(fake)
        self.policy, self.flip = policy, bool(flip)
        self._augment = DiffAugment(policy) if policy else None

    def __call__(self, discriminate, reals, fakes, noise):
        def distance(images, noise):
            return tf.reduce_mean(
                tf.square(discriminate(images) - discriminate(self._transformed(images, noise)))
            )

        return self.real * distance(reals, noise.fold(0)) + self.fake * distance(fakes, noise.fold(1))

    def get_config(self):
        return {
            "real": self.real,
            "fake": self.fake,
            "policy": self.policy,
            "flip": self.flip,
            **super().get_config(),
        }

    def _transformed(self, images, noise):
        if self.flip:
            heads = noise.fold(0).uniform([tf.shape(images)[0], 1, 1, 1]) < 0.5
            images = tf.where(heads, images[:, :, ::-1], images)
        return images if self._augment is None else self._augment(images, noise.fold(1))
