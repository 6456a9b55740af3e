"""The search for the image that is nearest to a given one."""

import math
from typing import NamedTuple, Optional

import numpy as np
import tensorflow as tf

from tfdogs.data import pixels

_FRAMES = 6  # images of the way that are kept, the first and the last among them
_CHUNK = 32  # candidates compared at once
# Karras et al. 2020 (StyleGAN2), appendix D.
_RATE, _RATE_UP, _RATE_DOWN = 0.1, 0.05, 0.25
_NOISE, _NOISE_UNTIL = 0.05, 0.75
_BETA1, _BETA2, _EPSILON = 0.9, 0.999, 1e-8


class Projection(NamedTuple):
    """What was found for one image.

    Attributes:
        seed: of the latent that the search started from, an int.
        label: the class, an int; None for an unconditional generator.
        point: float32 [D], in the space that was searched.
        distances: float32 [steps + 1]: on the way, noise included, and last the found image's own.
        start: the distance of the start's own image.
        frames: uint8 [F, H, W, C]: images of the way, from the start's to the found one.
        steps: the steps at which they were drawn, F ints.
    """

    seed: int
    label: Optional[int]
    point: np.ndarray
    distances: np.ndarray
    start: float
    frames: np.ndarray
    steps: tuple


class Projector:
    """Searches a space by Adam, from the nearest of many seeds (Karras et al. 2020, appendix D).

    The rate rises to 0.1 during the first 5 % of the steps and falls by half a cosine during the last
    quarter; noise on the point, 5 % of the space's spread, fades during the first three quarters. Each start
    is searched from by itself, all in one batch, and the one that ends nearest is kept, or a start where that
    was nearer still. Equal arguments give equal results.

    Args:
        sampler: `tfdogs.sampling.sampler.Sampler`, whose latents are the candidates.
        space: `LatentSpace` or `StyleSpace` of its generator.
        distance: `Distance`.
        steps: steps of Adam; default 300.
        starts: how many candidates to start from; default 4.
        seed: of the noise; default 0.
        progress: called with 1 after each step; default: nobody is told.
    """

    def __init__(self, sampler, space, distance, *, steps=300, starts=4, seed=0, progress=None):
        self._sampler = sampler
        self._space = space
        self._distance = distance
        self._steps = steps
        self._starts = starts
        self._seed = seed
        self._progress = progress or (lambda count: None)
        self._views = tf.function(lambda images: distance.views(images))
        self._measure = tf.function(self._measured)
        self._update = tf.function(self._updated)
        self.frame_steps = tuple(sorted({round(i * steps / (_FRAMES - 1)) for i in range(_FRAMES)}))

    def project(self, images, seeds, labels=None):
        """Finds for each image the point whose image is nearest.

        Args:
            images: iterable of uint8 [H, W, C].
            seeds: int64 [S], of the candidates, at least as many as starts.
            labels: int32 [S], their classes, for a conditional generator; else None.

        Returns:
            A `Projection` an image, a list.
        """
        targets = [self._views(pixels.to_float(image[None])) for image in images]
        found = []
        for target, nearest in zip(targets, self._nearest(targets, seeds, labels)):
            classes = None if labels is None else tf.constant(labels[nearest])
            found.append(self._search(target, seeds[nearest], classes))
        return found

    def _search(self, target, seeds, labels):
        """Returns the `Projection` of a target's views, from the starts that these seeds are."""
        first = x = self._space.enter(tf.constant(self._sampler.latents(seeds)), labels)
        first_distances, images = self._measure(target, first, labels)
        frames, course = [images.numpy()], []
        mean = square = tf.zeros_like(x)
        for step in range(self._steps):
            x, mean, square, distances = self._update(target, labels, x, mean, square, tf.constant(step))
            course.append(distances.numpy())
            if step + 1 in self.frame_steps:
                last_distances, images = self._measure(target, x, labels)
                frames.append(images.numpy())
            self._progress(1)
        last_distances = last_distances.numpy()
        best, start = int(np.argmin(last_distances)), int(np.argmin(first_distances))
        if first_distances[start] <= last_distances[best]:
            best, x, last_distances, frames[-1] = start, first, first_distances.numpy(), frames[0]
        return Projection(
            seed=int(seeds[best]),
            label=None if labels is None else int(labels[best]),
            point=x[best].numpy(),
            distances=np.append(np.array(course)[:, best], last_distances[best]).astype(np.float32),
            start=float(first_distances[best]),
            frames=np.stack([images[best] for images in frames]),
            steps=self.frame_steps,
        )

    def _nearest(self, targets, seeds, labels):
        """Returns for each target the places of its nearest candidates, nearest first; each is drawn once."""
        distances = [[] for _ in targets]
        for start in range(0, len(seeds), _CHUNK):
            here = slice(start, start + _CHUNK)
            images = self._sampler.images(seeds[here], labels=None if labels is None else labels[here])
            padded = np.pad(images, ((0, _CHUNK - len(images)), *[(0, 0)] * 3))
            views = self._views(pixels.to_float(padded))
            for target, so_far in zip(targets, distances):
                so_far.append(self._distance.between(views, target).numpy()[: len(images)])
        order = [np.argsort(np.concatenate(to_one), kind="stable") for to_one in distances]
        return [places[: self._starts] for places in order]

    def _measured(self, target, points, labels):
        """Returns the distances of points' own images, and these as uint8."""
        images = self._space.draw(points, labels)
        return self._distance.between(self._distance.views(images), target), pixels.to_uint8(images)

    def _updated(self, target, labels, x, mean, square, step):
        """One step of Adam for each row by itself. Returns (x, mean, square, distances)."""
        t = tf.cast(step, tf.float32) / self._steps
        fade = tf.maximum(0.0, 1.0 - t / _NOISE_UNTIL) ** 2
        row = tf.random.stateless_normal([1, x.shape[1]], [self._seed, step])
        with tf.GradientTape() as tape:
            tape.watch(x)
            images = self._space.draw(x + _NOISE * self._space.spread * fade * row, labels)
            distances = self._distance.between(self._distance.views(images), target)
            loss = tf.reduce_sum(distances + self._space.pull(x))
        gradient = tape.gradient(loss, x)
        mean = _BETA1 * mean + (1.0 - _BETA1) * gradient
        square = _BETA2 * square + (1.0 - _BETA2) * gradient**2
        count = tf.cast(step + 1, tf.float32)
        unbiased = mean / (1.0 - _BETA1**count), square / (1.0 - _BETA2**count)
        down = 0.5 - 0.5 * tf.cos(math.pi * tf.minimum(1.0, (1.0 - t) / _RATE_DOWN))
        rate = _RATE * down * tf.minimum(1.0, (t + 1.0 / self._steps) / _RATE_UP)
        return x - rate * unbiased[0] / (tf.sqrt(unbiased[1]) + _EPSILON), mean, square, distances
