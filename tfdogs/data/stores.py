"""Where a feed's images wait: decoded in RAM, or encoded in shards that are memory-mapped."""

import mmap

import numpy as np
import tensorflow as tf

from tfdogs.data import records


class Decoded:
    """All images as one uint8 tensor in RAM.

    Args:
        checked: iterable of (path, records, uint8 images [n, H, W, C], int32 labels [n]), in order.
        shape: [N, H, W, C].
    """

    def __init__(self, checked, shape):
        images = _aligned_empty(shape)
        labels = np.empty(shape[0], np.int32)
        done = 0
        for _, _, some_images, some_labels in checked:
            after = done + len(some_labels)
            images[done:after], labels[done:after] = some_images, some_labels
            done = after
        # tf.data's functions take eager tensors as inputs: they are in no graph, which could not hold 2 GB.
        # DLPack shares the array's memory, where tf.constant would copy it.
        self._images = tf.experimental.dlpack.from_dlpack(images.__dlpack__())
        with tf.device("CPU:0"):
            self._labels = tf.constant(labels)

    def gather(self, indices):
        """Returns uint8 images [n, H, W, C] and int32 labels [n] of int64 `indices` [n]."""
        return tf.gather(self._images, indices), tf.gather(self._labels, indices)


class Encoded:
    """Memory-mapped shards, and where in them each record lies.

    Args:
        checked: iterable of (shard's path, serialized records [n], images, labels), in order.
        shape: [H, W, C].
    """

    def __init__(self, checked, shape):
        self._shape = shape
        self._maps, files, begins, ends = [], [], [], []
        path = end = None
        for shard_path, serialized, _, _ in checked:
            if shard_path != path:
                path, end = shard_path, 0
                with path.open("rb") as f:
                    self._maps.append(mmap.mmap(f.fileno(), 0, access=mmap.ACCESS_READ))
            # A record lies between 8 bytes of length with a CRC of 4, and a CRC of 4.
            lengths = tf.strings.length(serialized).numpy().astype(np.int64)
            record_ends = end + np.cumsum(lengths + 16)
            end = record_ends[-1]
            files.append(np.full(len(lengths), len(self._maps) - 1))
            begins.append(record_ends - 4 - lengths)
            ends.append(record_ends - 4)
        self._files, self._begins, self._ends = map(np.concatenate, (files, begins, ends))

    def gather(self, indices):
        """Returns uint8 images [n, H, W, C] and int32 labels [n] of int64 `indices` [n]."""
        serialized = tf.numpy_function(self._fetch, [indices], tf.string, stateful=False)
        return decode(tf.ensure_shape(serialized, indices.shape), self._shape)

    def _fetch(self, indices):
        places = zip(self._files[indices], self._begins[indices], self._ends[indices])
        return np.array([self._maps[file][begin:end] for file, begin, end in places], dtype=object)


def decode(serialized, shape):
    """Decodes records, string [N], to uint8 images [N, *shape] and int32 labels [N]."""
    parsed = records.parse(serialized)
    images = tf.map_fn(
        lambda png: records.decode(png, shape[0], shape[2]),
        parsed["image/encoded"],
        fn_output_signature=tf.TensorSpec(shape, tf.uint8),
    )
    return images, tf.cast(parsed["image/class/label"], tf.int32)


def _aligned_empty(shape, alignment=64):
    """Returns an uninitialised uint8 array that starts where TensorFlow wants its tensors to start."""
    size = int(np.prod(shape))
    memory = np.empty(size + alignment, np.uint8)
    offset = -memory.ctypes.data % alignment
    return memory[offset : offset + size].reshape(shape)
