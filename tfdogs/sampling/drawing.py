"""The images that a command asked for, in batches, with a bounded number of them in memory."""

import contextlib
from typing import NamedTuple, Optional

import numpy as np

from tfdogs.overlap import overlap
from tfdogs.sampling.grid import encode_png
from tfdogs.sampling.seeds import CHUNK

BATCH = 256  # images; a multiple of the sampler's chunk, and fewer where that is smaller
_ENCODERS = 2  # threads; zlib works outside the interpreter's lock, and the generator needs the cores too
_AHEAD = 2  # batches drawn while the writer still waits for an earlier one


class Picture(NamedTuple):
    """One image: its seed, its label (None without classes) and its PNG file's bytes."""

    seed: int
    label: Optional[int]
    png: bytes


class Drawing:
    """Seeds, labels and truncation, ready to be drawn.

    Args:
        sampler: `tfdogs.sampling.sampler.Sampler`.
        seeds: `tfdogs.sampling.seeds.Seeds`.
        label: class of all images, an int, or a rule from seeds to labels such as
            `tfdogs.sampling.labels.DataLabels`; None: for a conditional generator the seed modulo its
            classes.
        truncation: None, or over 0: see `tfdogs.models.latents.from_seeds`.
        progress: called with each batch's number of images once it is drawn; default: nobody is told.
    """

    def __init__(self, sampler, seeds, *, label=None, truncation=None, progress=None):
        self.sampler = sampler
        self.seeds = seeds
        self.truncation = truncation
        self.label = label
        self.progress = progress or (lambda count: None)

    @property
    def batch(self):
        """Most images that are drawn before the first of them are handed on."""
        return max(1, BATCH * self.sampler.chunk // CHUNK)

    def labels(self, seeds):
        """Returns the labels of int64 `seeds` [N], int32 [N], or None for an unconditional generator."""
        if not self.sampler.num_classes:
            return None
        if self.label is None:
            labels = seeds % self.sampler.num_classes
        else:
            labels = self.label(seeds) if callable(self.label) else np.full(len(seeds), self.label)
        return labels.astype(np.int32)

    def batches(self):
        """Yields (seeds int64 [N], labels int32 [N] or None, images uint8 [N, H, W, C]), N at most 256."""
        for seeds in self.seeds.chunks(self.batch):
            labels = self.labels(seeds)
            images = self.sampler.images(seeds, labels=labels, truncation=self.truncation)
            self.progress(len(seeds))
            yield seeds, labels, images

    def images(self):
        """Returns all images at once, uint8 [N, H, W, C]."""
        return np.concatenate([images for _, _, images in self.batches()])

    def pictures(self):
        """Yields every image as a `Picture`, in order; PNGs are encoded while the next batch is drawn.

        No more than `_AHEAD` batches and the one that is drawn are in memory, however slow the reader is.
        """
        with contextlib.closing(overlap(_encode, self.batches(), threads=_ENCODERS, ahead=_AHEAD)) as encoded:
            for batch in encoded:
                yield from batch


def _encode(batch):
    seeds, labels, images = batch
    labels = [None] * len(seeds) if labels is None else labels.tolist()
    return [
        Picture(seed, label, encode_png(image)) for seed, label, image in zip(seeds.tolist(), labels, images)
    ]
