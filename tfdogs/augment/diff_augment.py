"""DiffAugment: the discriminator sees reals and fakes only after the same differentiable augmentation."""

import keras
import tensorflow as tf

from tfdogs import augment


def _brightness(images, noise):
    return images + noise.uniform([tf.shape(images)[0], 1, 1, 1], -0.5, 0.5)


def _saturation(images, noise):
    if images.shape[-1] == 4:  # alpha is no colour
        return tf.concat([_saturation(images[..., :3], noise), images[..., 3:]], -1)
    if images.shape[-1] != 3:
        return images
    grey = tf.reduce_mean(images, axis=-1, keepdims=True)
    return grey + (images - grey) * noise.uniform([tf.shape(images)[0], 1, 1, 1], 0.0, 2.0)


def _contrast(images, noise):
    mean = tf.reduce_mean(images, axis=[1, 2, 3], keepdims=True)
    return mean + (images - mean) * noise.uniform([tf.shape(images)[0], 1, 1, 1], 0.5, 1.5)


def _translation(images, noise):
    n = tf.shape(images)[0]

    def steps(noise, size):
        reach = size // 8
        return tf.cast(tf.floor(noise.uniform([n], -reach, reach + 1.0)), tf.int32)

    return _move(images, steps(noise.fold(0), images.shape[1]), steps(noise.fold(1), images.shape[2]))


@tf.custom_gradient
def _move(images, down, right):
    """Moves images by whole pixels, each by its own, int32 [N]; zeros come in at the border.

    The gradient moves back; a gather's own adds up pixel by pixel, which takes several times as long.
    """
    height, width, channels = images.shape[1:]
    rows = tf.range(height) - down[:, None]
    columns = tf.range(width) - right[:, None]
    inside = ((rows >= 0) & (rows < height))[:, :, None] & ((columns >= 0) & (columns < width))[:, None, :]
    border = height * width  # a pixel of zeros behind the last one
    places = tf.where(inside, rows[:, :, None] * width + columns[:, None, :], border)
    pixels = tf.pad(tf.reshape(images, [-1, border, channels]), [[0, 0], [0, 1], [0, 0]])
    moved = tf.gather(pixels, places, batch_dims=1)
    return moved, lambda upstream: (_move(upstream, -down, -right), None, None)


def _cutout(images, noise):
    n, height, width = tf.shape(images)[0], images.shape[1], images.shape[2]

    def hole(noise, size):
        centre = tf.floor(noise.uniform([n, 1], 0.0, size))
        where = tf.range(size, dtype=tf.float32)[None, :]
        return tf.logical_and(where >= centre - size // 4, where < centre + size // 4)

    rows, columns = hole(noise.fold(0), height), hole(noise.fold(1), width)
    inside = tf.logical_and(rows[:, :, None], columns[:, None, :])[..., None]
    return tf.where(inside, tf.zeros_like(images), images)


_OPERATIONS = {
    "brightness": (_brightness,),
    "saturation": (_saturation,),
    "contrast": (_contrast,),
    "color": (_brightness, _saturation, _contrast),
    "translation": (_translation,),
    "cutout": (_cutout,),
}


@keras.saving.register_keras_serializable("tfdogs")
class DiffAugment:
    """Zhao et al. 2020, "Differentiable Augmentation for Data-Efficient GAN Training", section 3.3.

    Colour: brightness +-0.5, saturation x [0, 2), contrast x [0.5, 1.5); translation by up to an eighth
    of the side, zeros coming in; cutout of a square of half the side.

    Args:
        policy: names out of brightness, saturation, contrast, color (those three), translation and
            cutout, comma-separated, applied in that order.

    Raises:
        ValueError: an unknown name.
    """

    def __init__(self, policy="color,translation,cutout"):
        self.policy = policy
        self._operations = [operation for name in augment.names(policy) for operation in _OPERATIONS[name]]

    def __call__(self, images, noise):
        """Augments images, each in its own way.

        Args:
            images: float32 [N, H, W, C] in [-1, 1]; H, W and C static.
            noise: `tfdogs.models.noise.Noise`.

        Returns:
            float32 [N, H, W, C]; colours may leave [-1, 1].
        """
        for use, operation in enumerate(self._operations):
            images = operation(images, noise.fold(use))
        return images

    def get_config(self):
        """Returns the constructor's arguments."""
        return {"policy": self.policy}

    @classmethod
    def from_config(cls, config):
        """Builds it from what `get_config` returned."""
        return cls(**config)
