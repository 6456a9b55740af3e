"""Adaptive discriminator augmentation."""

import functools

import keras
import tensorflow as tf

from tfdogs import augment
from tfdogs.augment import color, corruption, geometry
from tfdogs.augment.draws import Draws

SAFE_P = 0.8


@keras.saving.register_keras_serializable("tfdogs")
class ADA:
    """Karras et al. 2020, "Training Generative Adversarial Networks with Limited Data", appendix B.

    Every operation acts on an image with probability p, by itself. All geometric ones become one matrix and
    one bilinear reading of the image, all colours one matrix. p follows r_t, the mean sign of D's verdicts on
    reals (equation 1): where D knows the training images by heart it rises. What counts is how far D is from
    being undecided, which each loss knows (`AdversarialLoss.verdicts`). As long as p stays under 0.8 the
    generator does not learn to draw the augmentations (section 2.2); that is as far as it rises.

    Unlike the paper's, images are not enlarged twofold before they are moved, which costs much on a CPU, and
    what lies beyond the border is the image's reflection wherever it is needed. R1 and R2 are taken at the
    augmented images here, as DiffAugment's are, unless they are told otherwise (`before_augmentation`).

    Args:
        policy: out of blit (mirror, right angles, shift by whole pixels), geometry (scale, rotation, stretch,
            shift), color (brightness, contrast, inverted luma, hue, saturation), filter (bands of
            frequencies), noise and cutout, comma-separated; they act in this order. Default
            "blit,geometry,color", the paper's choice.
        target: of r_t, in [-1, 1]; default 0.6.
        kimg: thousands of images in which p goes from 0 to 1, or back; 0 for a p that stays. Default 500.
        interval: updates of D from one change of p to the next, 1 or more; default 4.
        initial_p: the p to begin with, in [0, 1]; default 0.
        schedule: p as a function of the images seen, such as `tfdogs.Cosine(0.0, 0.3, kimg=1000)`, which is
            how R3GAN (Huang et al. 2024, appendix) augments; goes with `kimg` 0. Default None: no schedule.

    Raises:
        ValueError: an unknown name, or an argument out of range.
    """

    def __init__(
        self, policy=augment.ADA_POLICY, *, target=0.6, kimg=500.0, interval=4, initial_p=0.0, schedule=None
    ):
        if not -1 <= target <= 1 or not 0 <= initial_p <= 1 or kimg < 0 or interval < 1:
            raise ValueError(
                "target must be in [-1, 1], initial_p in [0, 1], kimg 0 or more, interval 1 or more. "
                f"Received: target={target}, initial_p={initial_p}, kimg={kimg}, interval={interval}"
            )
        if schedule is not None and (kimg or initial_p):
            raise ValueError(
                "with a schedule kimg and initial_p must be 0: it says what p is. "
                f"Received: kimg={kimg}, initial_p={initial_p}"
            )
        self.policy = policy
        self.schedule = schedule
        self.target = float(target)
        self.kimg = float(kimg)
        self.interval = int(interval)
        self.initial_p = float(initial_p)
        self.p = self.initial_p
        self.tracked = {}
        self._parts = augment.names(policy, augment.ADA_NAMES)

    def build(self, add_state):
        """Creates the state; called once, by the GAN.

        Args:
            add_state: (name, initial=0.0) -> float32 scalar variable, saved with the GAN.
        """
        initial = self.initial_p if self.schedule is None else float(self.schedule(0))
        self.p = add_state("augment_p", initial)
        self.tracked = {"augment_p": self.p}
        # Since p last changed: signs summed, updates, images.
        self._signs, self._updates, self._images = (
            add_state(f"augment_{name}") for name in ("signs", "updates", "images")
        )

    def __call__(self, images, noise):
        """Augments images, each in its own way.

        Args:
            images: float32 [N, H, W, C] in [-1, 1]; H, W and C static. With color C is 1 or 3, or one more
                for alpha, which keeps its values.
            noise: `tfdogs.models.noise.Noise`.

        Returns:
            float32 [N, H, W, C]; colours may leave [-1, 1].
        """
        draws = Draws(noise, tf.shape(images)[0], tf.convert_to_tensor(self.p))
        height, width = images.shape[1:3]
        moves = []
        if "blit" in self._parts:
            moves += geometry.blit(draws, height, width)
        if "geometry" in self._parts:
            moves += geometry.move(draws, height, width)
        if moves:
            images = geometry.warp(images, functools.reduce(tf.matmul, moves))
        if "color" in self._parts:
            images = color.apply(images, color.matrices(draws))
        if "filter" in self._parts:
            images = corruption.filter_bands(images, draws)
        if "noise" in self._parts:
            images = corruption.add_noise(images, draws)
        if "cutout" in self._parts:
            images = corruption.cut_out(images, draws)
        return images

    def at(self, p):
        """Returns the same augmentation with a `p` that stays, such as for a preview."""
        return ADA(self.policy, kimg=0, initial_p=p)

    def observe(self, verdicts, images):
        """Steers p; called after each update of D, in replica context.

        Args:
            verdicts: D's on this replica's reals, over 0 where it takes one for real; float32 [n].
            images: how many the global batch has.
        """
        if self.schedule is not None:
            # A count in float32 is exact to 16.7 million images.
            self._images.assign_add(tf.cast(images, tf.float32))
            self.p.assign(self.schedule(self._images))
            return
        if not self.kimg:
            return
        context = tf.distribute.get_replica_context()
        own = tf.stack([tf.reduce_sum(tf.sign(verdicts)), tf.cast(tf.size(verdicts), tf.float32)])
        summed, count = tf.unstack(context.all_reduce(tf.distribute.ReduceOp.SUM, own))
        signs = self._signs + summed / count
        updates = self._updates + 1
        images = self._images + tf.cast(images, tf.float32)
        due = tf.cast(updates >= self.interval, tf.float32)
        step = due * tf.sign(signs / updates - self.target) * images / (1000 * self.kimg)
        self.p.assign(tf.clip_by_value(self.p + step, 0.0, max(SAFE_P, self.initial_p)))
        for variable, value in ((self._signs, signs), (self._updates, updates), (self._images, images)):
            variable.assign((1 - due) * value)

    def get_config(self):
        """Returns the constructor's arguments."""
        return {
            "policy": self.policy,
            "target": self.target,
            "kimg": self.kimg,
            "interval": self.interval,
            "initial_p": self.initial_p,
            "schedule": keras.saving.serialize_keras_object(self.schedule),
        }

    @classmethod
    def from_config(cls, config):
        """Builds it from what `get_config` returned."""
        return cls(**{**config, "schedule": keras.saving.deserialize_keras_object(config.get("schedule"))})
