"""Images out of a generator: same seed, same image, whatever batch it came in."""

import functools
import numbers

import numpy as np
import tensorflow as tf

from tfdogs.data import pixels
from tfdogs.models import float32, latents
from tfdogs.sampling.seeds import CHUNK, whole

_PIXELS = CHUNK * 512**2  # of a chunk; of larger images there are fewer, lest activations fill the memory


def chunk_size(image_shape):
    """Returns how many images (H, W, C) are drawn at once: `CHUNK` up to 512 px, 8 at 1024 px."""
    height, width = image_shape[:2]
    return max(1, min(CHUNK, _PIXELS // (height * width)))


class Sampler:
    """Draws images from a generator.

    One of `tfdogs.models` that was trained in a reduced precision draws in float32, with the weights that it
    has at the moment: what an export serves, on whatever machine, is what is drawn here.

    Args:
        generator: latents (or (latents, labels)) -> images in [-1, 1]. One with `truncates_styles` is called
            with `truncation`, float32 [N], too.
        latent_dim: length of a latent.
        latent: "normal" or "uniform", as in training.
        num_classes: number of classes; 0 for an unconditional generator.

    Attributes:
        truncates_styles: whether truncation is the generator's own: psi, which draws the style of an image
            towards the mean one, rather than a bound of the latents.
        image_shape: (H, W, C) of what it draws.
        chunk: images that the generator draws at once, the last ones padded.
    """

    def __init__(self, generator, latent_dim, *, latent="normal", num_classes=0):
        self.generator = generator
        self._twin = None
        self.latent_dim = latent_dim
        self.latent = latent
        self.num_classes = num_classes
        self.truncates_styles = getattr(generator, "truncates_styles", False)
        self._draw = tf.function(self._call_generator)
        self._latents = tf.function(self._draw_latents, reduce_retracing=True)

    @property
    def network(self):
        """What draws: `generator`, or where it computes in a reduced precision its twin in float32."""
        if self._twin is None:
            self._twin = float32.twin(self.generator) if float32.reduced(self.generator) else self.generator
        elif self._twin is not self.generator:
            float32.copy(self.generator, self._twin)
        return self._twin

    @functools.cached_property
    def image_shape(self):
        self._painter = self.network
        inputs = tf.TensorSpec([CHUNK, self.latent_dim], tf.float32)
        if self.num_classes:
            inputs = (inputs, tf.TensorSpec([CHUNK], tf.int32))
        style = (tf.TensorSpec([CHUNK], tf.float32),) if self.truncates_styles else ()
        shape = self._draw.get_concrete_function(inputs, *style).structured_outputs.shape
        if not shape.is_fully_defined():  # a network that learns it when it runs
            shape = self._draw(
                *tf.nest.map_structure(lambda s: tf.zeros(s.shape, s.dtype), (inputs, *style))
            ).shape
        return tuple(shape[1:])

    @property
    def chunk(self):
        return chunk_size(self.image_shape)

    def latents(self, seeds, truncation=None):
        """Returns the latents of `seeds`, float32 [N, latent_dim]; see `tfdogs.models.latents.from_seeds`.

        A generator that truncates styles has the same latents whatever the truncation.
        """
        seeds = whole(seeds, "seeds").reshape(-1)
        number = isinstance(truncation, numbers.Real) and not isinstance(truncation, bool)
        if truncation is not None and not (number and truncation > 0):
            raise ValueError(
                f"truncation must be over 0, or None for none. Received: truncation={truncation}"
            )
        if truncation is None or self.truncates_styles:
            return self._latents(seeds).numpy()
        return self._latents(seeds, tf.constant(truncation, tf.float32)).numpy()

    def images(self, seeds, *, labels=None, truncation=None):
        """Draws one image a seed.

        Args:
            seeds: ints [N], each in the range of int64.
            labels: for a conditional generator an int, ints [N], or a rule from seeds to labels such as
                `tfdogs.sampling.labels.DataLabels`; default: the seed modulo the number of classes.
            truncation: None, or over 0: see `tfdogs.models.latents.from_seeds`, and for a generator that
                truncates styles `StyleGAN2Generator.call`.

        Returns:
            uint8 array [N, H, W, C].

        Raises:
            ValueError: labels for an unconditional generator, a label out of range, or a bad truncation.
        """
        seeds = whole(seeds, "seeds").reshape(-1)
        return self.from_latents(self.latents(seeds, truncation), self._labels(seeds, labels), truncation)

    def from_latents(self, z, labels=None, truncation=None):
        """Draws one image a latent.

        Args:
            z: float32 [N, latent_dim].
            labels: int32 [N] for a conditional generator, else None.
            truncation: what the latents were drawn with: where it is the generator's own it acts here, one
                for all or [N]; elsewhere the latents have it already.

        Returns:
            uint8 array [N, H, W, C].
        """
        self._painter = self.network  # before it is traced, and with the weights of now
        psi = np.broadcast_to(np.float32(1.0 if truncation is None else truncation), len(z))
        chunks = [np.zeros((0, *self.image_shape), np.uint8)]
        for start in range(0, len(z), self.chunk):
            here = slice(start, start + self.chunk)
            padding = self.chunk - len(z[here])
            inputs = np.pad(z[here], ((0, padding), (0, 0)))
            if self.num_classes:
                inputs = (inputs, np.pad(labels[here], (0, padding)).astype(np.int32))
            style = (np.pad(psi[here], (0, padding)),) if self.truncates_styles else ()
            chunks.append(self._draw(inputs, *style).numpy()[: len(z[here])])
        return np.concatenate(chunks)

    def _call_generator(self, inputs, truncation=None):
        style = {} if truncation is None else {"truncation": truncation}
        return pixels.to_uint8(self._painter(inputs, training=False, **style))

    def _draw_latents(self, seeds, truncation=None):
        return latents.from_seeds(self.latent, seeds, self.latent_dim, truncation)

    def _labels(self, seeds, labels):
        if not self.num_classes:
            if labels is not None:
                raise ValueError("this generator is unconditional: it takes no labels")
            return None
        if labels is None:
            return (seeds % self.num_classes).astype(np.int32)
        labels = labels(seeds) if callable(labels) else labels
        labels = whole(labels, f"labels, in [0, {self.num_classes}),")
        if labels.shape not in ((), seeds.shape):
            raise ValueError(
                f"labels must be one, or one a seed, [{len(seeds)}], and not one-hot. "
                f"Received: shape {labels.shape}"
            )
        labels = np.broadcast_to(labels, seeds.shape)
        if labels.size and not (labels.min() >= 0 and labels.max() < self.num_classes):
            raise ValueError(
                f"labels must be in [0, {self.num_classes}). Received: {labels.min()} to {labels.max()}"
            )
        return labels.astype(np.int32)
