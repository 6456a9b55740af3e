"""The discriminator as training asks it: what it sees, and what it says."""

import tensorflow as tf

from tfdogs.models.noise import Use
from tfdogs.training import schedules


class Judge:
    """Shows images to the discriminator.

    Args:
        discriminator: images, or (images, labels), to logits [N, 1].
        num_classes: 0 for an unconditional discriminator.
        augment: (images, noise) -> images, or None.
        instance_noise: standard deviation of Gaussian noise on all that it sees, a number or a schedule.
        classifies: whether to ask its auxiliary classifier too.
        encodes: whether its feature maps of the reals are wanted.
        images_seen: int64 variable, images before the step.
    """

    def __init__(
        self, discriminator, *, num_classes, augment, instance_noise, classifies, encodes, images_seen
    ):
        self.discriminator = discriminator
        self._num_classes = num_classes
        self._augment = augment
        self._instance_noise = instance_noise
        self._classifies = classifies
        self._encodes = encodes
        self._images_seen = images_seen

    def view(self, images, noise, use):
        """Returns images as the discriminator sees them, float32 [N, H, W, C].

        Args:
            images: [N, H, W, C] in [-1, 1].
            noise: `Noise` of this part of the step.
            use: the `Use` that this is.
        """
        images = tf.cast(images, tf.float32)
        if self._augment is not None:
            images = self._augment(images, noise.fold(use))
        if self._instance_noise:
            sigma = schedules.value(self._instance_noise, self._images_seen)
            images += sigma * noise.fold(Use.INSTANCE_NOISE).fold(use).normal(tf.shape(images))
        return images

    def __call__(self, images, labels, training=True):
        """Returns logits, float32 [N, 1]."""
        return tf.cast(self.discriminator(self._inputs(images, labels), training=training), tf.float32)

    def with_classes(self, images, labels):
        """Returns logits, and class logits, float32 [N, num_classes], or None without a classifier."""
        if not self._classifies:
            return self(images, labels), None
        outputs = self.discriminator.judge_and_classify(self._inputs(images, labels), training=True)
        return tuple(tf.cast(output, tf.float32) for output in outputs)

    def with_maps(self, images, labels):
        """Returns logits, and feature maps as the discriminator's `judge_and_encode` gives them."""
        logits, maps = self.discriminator.judge_and_encode(self._inputs(images, labels), training=True)
        return tf.cast(logits, tf.float32), maps

    def reals(self, images, labels):
        """Returns what `with_classes` does, and feature maps; None where they are not wanted of this pass.

        There is no method for classes and maps at once: with a classifier, maps take a pass of their own.
        """
        if not self._encodes or self._classifies:
            return (*self.with_classes(images, labels), None)
        logits, maps = self.with_maps(images, labels)
        return logits, None, maps

    def _inputs(self, images, labels):
        return (images, labels) if self._num_classes else images


class Discriminate:
    """Images to logits, as a regularizer asks for them.

    Args:
        judge: `Judge`.
        labels: int32 [N], or None: the same for every images that are asked about.
        known: pairs of images and their logits, which need no second pass.
        tape: persistent, has recorded how the known logits came of their images.
        origins: triples of images as the discriminator sees them, the images that they were made of, float32
            [N, H, W, C], and the function which makes the former of the latter.
        encoded: images and their feature maps, or None.
    """

    def __init__(self, judge, labels, known=(), tape=None, *, origins=(), encoded=None):
        self.network = judge.discriminator
        self._judge = judge
        self._labels = labels
        self._known = known
        self._tape = tape
        self._origins = origins
        self._encoded = encoded

    def __call__(self, images):
        """Returns logits, float32 [N, 1]."""
        logits = self._known_logits(images)
        return self._judge(images, self._labels) if logits is None else logits

    def slopes(self, images):
        """Returns d D(x) / d x for each image, [N, H, W, C]."""
        tape, logits = self._tape, self._known_logits(images)
        if logits is None:
            with tf.GradientTape(watch_accessed_variables=False) as tape:
                tape.watch(images)
                logits = self._judge(images, self._labels)
        return tape.gradient(logits, images)

    def slopes_before(self, images):
        """Returns d D(seen(x)) / d x for the x of which `images` were made by augmentation, [N, H, W, C].

        Raises:
            ValueError: `images` are not a training step's reals or fakes.
        """
        origin, view = next(((x, view) for seen, x, view in self._origins if seen is images), (None, None))
        if origin is None:
            raise ValueError("what images were before augmentation is known of a step's reals and fakes only")
        tape, logits = self._tape, self._known_logits(images)
        if logits is None:
            with tf.GradientTape(watch_accessed_variables=False) as tape:
                tape.watch(origin)
                logits = self._judge(view(origin), self._labels)
        return tape.gradient(logits, origin)

    def reconstruct(self, images, noise):
        """Returns what the discriminator's `reconstruct` gives for images: pairs (drawn, expected)."""
        if self._encoded is not None and self._encoded[0] is images:
            maps = self._encoded[1]
        else:
            _, maps = self._judge.with_maps(images, self._labels)
        return self.network.reconstruct(maps, images, noise)

    def _known_logits(self, images):
        return next((logits for seen, logits in self._known if seen is images), None)
