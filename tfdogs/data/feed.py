"""The feed: from a prepared data_dir to the batches that training takes."""

import concurrent.futures
import functools
import os
from pathlib import Path

import numpy as np
import psutil
import tensorflow as tf
from tqdm import tqdm

from tfdogs.data import records
from tfdogs.data.balance import BalancedOrder
from tfdogs.data.manifest import Manifest
from tfdogs.data.order import in_order, mirrored, order
from tfdogs.data.stores import Decoded, Encoded, decode
from tfdogs.errors import TfdogsError, UsageError

_CHECKED = 2**21  # pixels, of up to 32 images, that a thread checks at once
_UNDER_WAY = 2**30  # bytes of images in the batches that are put together at the same time


class Feed:
    """Feeds the images of one split, shuffled, flipped and batched, for ever.

    The order is a pure function of the seed and the number of images seen: epoch `e` is a uniformly random
    permutation drawn statelessly from `(seed, e)`, and so are its coins for the flips. An iterator therefore
    has no state worth saving: `batches(start_image=k)` goes on exactly where `k` images were taken, whatever
    the batch size was until then. Every image comes once an epoch, and batches straddle epochs. With
    `balance_classes` every class comes equally often instead, and each has epochs of its own: see
    `tfdogs.data.balance.BalancedOrder`.

    All records are read, checked and decoded once on construction, with a progress bar on a terminal. Where
    the decoded images fit `memory_limit` they are kept; else they are decoded anew every epoch, from shards
    that are memory-mapped. Both ways give the same batches.

    Example:

        feed = Feed("data/dogs64", batch_size=64, seed=0)
        gan.fit(feed.batches(), steps_per_epoch=1000)

    Args:
        data_dir: folder that `tfdogs.prepare` wrote.
        split: name of one of its splits, "train" or "eval".
        batch_size: images a batch, at least 1; may exceed the number of images.
        seed: any integer; its lowest 63 bits count.
        flip: whether every image is mirrored left to right with probability 1/2, anew in every epoch.
        balance_classes: whether `batches` gives every class that has images equally often, however many they
            are; default False: as often as it has images.
        memory_limit: most bytes that decoded images may take; 0 keeps them encoded. Default half of the
            machine's available memory.

    Attributes:
        manifest: the data_dir's `tfdogs.data.manifest.Manifest`.
        num_images: images in the split.
        image_size: their height and width, in pixels.
        channels: 1 or 3.
        num_classes: number of classes; 0 where the images have no labels.
        label_counts: images of the split by class, ints, a tuple of length `num_classes`.
        num_unlabelled: images of the split without a label.
        mode: "decoded" or "encoded".
        nbytes: size of the images, in RAM if decoded, of their shards on disk if encoded.

    Raises:
        UsageError: `data_dir` is not a prepared one, has no image in this split, or an argument is illegal;
            with `balance_classes`, an image has no label.
        TfdogsError: a shard is corrupt; names the shard and the record.
    """

    def __init__(
        self,
        data_dir,
        *,
        split="train",
        batch_size=64,
        seed=0,
        flip=True,
        balance_classes=False,
        memory_limit=None,
    ):
        if batch_size < 1:
            raise UsageError(f"batch_size must be at least 1. Received: {batch_size}")
        if memory_limit is None:
            memory_limit = psutil.virtual_memory().available // 2
        elif memory_limit < 0:
            raise UsageError(f"memory_limit must be at least 0 bytes. Received: {memory_limit}")
        self.manifest = Manifest.load(data_dir)
        counts = {name: self.manifest.num_images(name) for name in self.manifest.splits}
        if not counts.get(split):
            there = ", ".join(f"{name} ({count:,} images)" for name, count in counts.items()) or "nothing"
            raise UsageError(f"{data_dir} has no images in split {split!r}. It has: {there}")
        self.num_images = counts[split]
        self.image_size = self.manifest.image_size
        self.channels = self.manifest.channels
        self.num_classes = len(self.manifest.classes)
        if balance_classes and not self.num_classes:
            raise UsageError(
                f"balance_classes needs classes, and {data_dir} has none (its images lack labels)"
            )
        self.batch_size = batch_size
        self._seed = seed % 2**63
        self._flip = flip
        shape = (self.image_size, self.image_size, self.channels)
        decoded_bytes = self.num_images * int(np.prod(shape))
        labels = []
        checked = _collecting(labels, _checked(Path(data_dir), self.manifest, split))
        if decoded_bytes <= memory_limit:
            self.mode, self.nbytes = "decoded", decoded_bytes
            self._store = Decoded(checked, (self.num_images, *shape))
        else:
            self.mode = "encoded"
            self.nbytes = sum(shard.bytes for shard in self.manifest.splits[split])
            self._store = Encoded(checked, shape)
        labels = np.concatenate(labels)
        self.num_unlabelled = int((labels < 0).sum())
        self.label_counts = tuple(np.bincount(labels[labels >= 0], minlength=self.num_classes).tolist())
        self._stretch = self.num_images  # positions whose order is drawn at a time
        self._order = functools.partial(order, self._seed, count=self.num_images)
        if balance_classes:
            if self.num_unlabelled:
                found = f"{self.num_unlabelled:,} of {self.num_images:,} in {data_dir} have none"
                raise UsageError(f"balance_classes needs a class for every image, and {found}")
            balanced = BalancedOrder(labels, self._seed)
            self._stretch, self._order = balanced.length, balanced.order

    def batches(self, *, start_image=0, share=None):
        """Returns the endless stream of batches from an image on.

        Args:
            start_image: how many images of the stream were taken before, at least 0.
            share: `tfdogs.data.share.Share`: what some replicas get of each batch, which alone is decoded;
                None for whole batches.

        Returns:
            A `tf.data.Dataset` of (uint8 [batch_size, image_size, image_size, channels] in [0, 255],
            int32 labels [batch_size], -1 where there is none), with static shapes and infinite cardinality.
            Under a `tf.distribute` strategy of one worker each replica gets its part of a batch. With a share
            an element is what one replica gets, and those of a batch come in the order of the replicas: for
            `tf.distribute.Strategy.distribute_datasets_from_function`, with several workers too.

        Raises:
            UsageError: `start_image` is negative, or `batch_size` cannot be shared out evenly.
        """
        if start_image < 0:
            raise UsageError(f"start_image must be at least 0. Received: {start_image}")
        if share is not None:
            share.check(self.batch_size)
        first_epoch, skip = divmod(start_image, self._stretch)

        def rest(epoch):
            begin = tf.where(epoch == first_epoch, tf.constant(skip, tf.int64), 0)
            return tuple(values[begin:] for values in self._order(epoch))

        dataset = tf.data.Dataset.counter(first_epoch).map(rest).prefetch(1)
        dataset = dataset.rebatch(self.batch_size, drop_remainder=True)
        if share is not None:
            dataset = dataset.map(lambda *values: tuple(map(share.cut, values))).unbatch()
        dataset = dataset.map(self._take, num_parallel_calls=self._calls())
        dataset = dataset.apply(tf.data.experimental.assert_cardinality(tf.data.INFINITE_CARDINALITY))
        return in_order(dataset.prefetch(2))

    def ordered(self):
        """Returns every image once, in the order of the shards and never flipped, for scoring.

        Returns:
            A finite `tf.data.Dataset` of (uint8 images, int32 labels) as `batches` gives them, but for the
            last batch, which is smaller where the batch size does not divide the number of images.
        """
        dataset = tf.data.Dataset.range(self.num_images).batch(self.batch_size)
        dataset = dataset.map(self._store.gather, num_parallel_calls=self._calls())
        return in_order(dataset.prefetch(2))

    def first(self, n):
        """Returns the first `n` images in the order of the shards, or all where there are fewer.

        Returns:
            NumPy arrays: uint8 images [n, image_size, image_size, channels] and int32 labels [n].
        """
        indices = tf.range(min(n, self.num_images), dtype=tf.int64)
        return tuple(values.numpy() for values in self._store.gather(indices))

    def describe(self):
        """Returns one line for a log: how many images of what shape, where they are, and their size."""
        where = "decoded in RAM" if self.mode == "decoded" else "encoded, read from the memory-mapped shards"
        size = f"{self.nbytes / 1e6:,.0f} MB" + (" on disk" if self.mode == "encoded" else "")
        shape = f"{self.image_size}x{self.image_size}x{self.channels}"
        return f"{self.num_images:,} images of {shape} {where} ({size})"

    def _calls(self):
        """Returns how many batches may be put together at the same time: a core each, as memory allows."""
        batch_bytes = self.batch_size * self.image_size**2 * self.channels
        return max(1, min(os.cpu_count() or 1, _UNDER_WAY // batch_bytes))

    def _take(self, indices, flips):
        images, labels = self._store.gather(indices)
        if self._flip:
            images = mirrored(images, flips)
        return images, labels


def _collecting(labels, checked):
    """Passes on what `_checked` yields; the list `labels` gets each chunk's."""
    for chunk in checked:
        labels.append(chunk[-1])
        yield chunk


def _checked(data_dir, manifest, split):
    """Yields (shard's path, serialized records [N], uint8 images [N, ...], int32 labels [N]) in order.

    Raises:
        TfdogsError: a record is corrupt, has no image of the right size, or a label that is no class.
    """
    shape = (manifest.image_size, manifest.image_size, manifest.channels)
    signature = [tf.TensorSpec([None], tf.string)]
    decoder = tf.function(functools.partial(decode, shape=shape), input_signature=signature)

    def check(path, first, serialized):
        try:
            images, labels = (values.numpy() for values in decoder(serialized))
        except tf.errors.OpError as e:
            index = first + _first_undecodable(decoder, serialized)
            wanted = "x".join(map(str, shape))
            raise TfdogsError(f"{path}: record {index} holds no image of {wanted}; prepare it again") from e
        foreign = np.flatnonzero((labels < -1) | (labels >= len(manifest.classes)))
        if len(foreign):
            index, label, most = first + foreign[0], labels[foreign[0]], len(manifest.classes) - 1
            raise TfdogsError(f"{path}: record {index} has label {label}, legal are -1 to {most}")
        return path, serialized, images, labels

    workers, shards = os.cpu_count() or 1, manifest.splits[split]
    chunk = max(1, min(32, _CHECKED // (shape[0] * shape[1])))
    bar = tqdm(
        total=manifest.num_images(split), desc="reading", unit="img", delay=1, leave=False, disable=None
    )
    with concurrent.futures.ThreadPoolExecutor(workers) as pool, bar:
        for shard, first, batch in records.read_shards(data_dir, shards, batch_size=workers * chunk):
            batch = batch[: max(shard.records - first, 0)]  # of a surplus read_shards tells in the end
            chunks = [
                pool.submit(check, data_dir / shard.file, first + begin, batch[begin : begin + chunk])
                for begin in range(0, len(batch), chunk)
            ]
            for future in chunks:
                yield future.result()
            bar.update(len(batch))


def _first_undecodable(decoder, serialized):
    for index in range(len(serialized)):
        try:
            decoder(serialized[index : index + 1])
        except tf.errors.OpError:
            return index
    raise AssertionError("records failed to decode together, but none of them alone")
