"""The parts of ADA that change pixels one by one or with their neighbours: filter, noise, cutout."""

import numpy as np
import tensorflow as tf

_POWER = (10 / 13, 1 / 13, 1 / 13, 1 / 13)  # a photograph's, from its coarsest band to its finest
_BAND = 1.0  # standard deviation of log2 of a band's factor
_NOISE = 0.1  # standard deviation of the noise's own standard deviation
_BLUR = (1 / 16, 4 / 16, 6 / 16, 4 / 16, 1 / 16)


def filter_bands(images, draws):
    """Strengthens and weakens four bands of frequencies, the whole power of a photograph staying as it is.

    The bands are the differences of ever wider blurs (the à trous wavelets of B-splines), which add up to the
    image; the paper's are of sym2 wavelets.

    Args:
        images: float32 [N, H, W, C].
        draws: `Draws`.

    Returns:
        float32 [N, H, W, C].
    """
    coarsest, *finer = (gain[:, None, None, None] for gain in band_gains(draws))
    result, sharp = images, images
    for step, gain in zip((1, 2, 4), reversed(finer)):
        blurred = blur(sharp, step)
        result += (gain - 1) * (sharp - blurred)
        sharp = blurred
    return result + (coarsest - 1) * sharp


def band_gains(draws):
    """Draws a factor for each band.

    Args:
        draws: `Draws`.

    Returns:
        Four times float32 [N], from the coarsest band to the finest.
    """
    gains = [1.0] * len(_POWER)
    for band, power in enumerate(_POWER):
        drawn = draws.sometimes(tf.pow(2.0, draws.normal(_BAND)), otherwise=1.0)
        norm = tf.sqrt(1 + power * (tf.square(drawn) - 1))
        gains = [gain * (drawn if i == band else 1.0) / norm for i, gain in enumerate(gains)]
    return gains


def blur(images, step):
    """Blurs by a B-spline whose taps are `step` pixels apart; borders go on as their own reflections.

    Args:
        images: float32 [N, H, W, C]; H and W static.
        step: 1 or more.

    Returns:
        float32 [N, H, W, C].
    """
    for axis in (1, 2):
        images = _blur_along(images, step, axis)
    return images


def add_noise(images, draws):
    """Adds Gaussian noise, of a strength of its own to each image.

    Args:
        images: float32 [N, H, W, C].
        draws: `Draws`.

    Returns:
        float32 [N, H, W, C].
    """
    sigma = draws.sometimes(tf.abs(draws.normal(_NOISE)), otherwise=0.0)
    return images + sigma[:, None, None, None] * draws.noise().normal(tf.shape(images))


def cut_out(images, draws):
    """Puts zeros into a square of half the side, which may reach over the border.

    Args:
        images: float32 [N, H, W, C]; H and W static.
        draws: `Draws`.

    Returns:
        float32 [N, H, W, C].
    """
    half = draws.sometimes(tf.fill([tf.shape(images)[0]], 0.25), otherwise=0.0)

    def inside(side):
        places = (tf.range(side, dtype=tf.float32) + 0.5) / side
        return tf.abs(places - draws.uniform()[:, None]) < half[:, None]

    rows, columns = inside(images.shape[1]), inside(images.shape[2])
    hole = tf.logical_and(rows[:, :, None], columns[:, None, :])[..., None]
    return tf.where(hole, 0.0, images)


def _blur_along(images, step, axis):
    side = images.shape[axis]
    blurred = 0.0
    for tap, weight in enumerate(_BLUR):
        places = (np.arange(side) + step * (tap - 2)) % (2 * side)
        places = np.minimum(places, 2 * side - 1 - places)
        blurred += weight * tf.gather(images, places, axis=axis)
    return blurred
