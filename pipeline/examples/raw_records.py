"""Raw examples: pictures as they came, with what their source says of them, in TFRecord shards."""

import io

import numpy as np
import tensorflow as tf
from PIL import Image

from tfdogs.data import png
from tfdogs.data.records import example
from tfdogs.data.sources.base import Box, Item

PIXELS = b"pixels"  # image/format where the source had pixels, no file: the bytes are a PNG of them


def serialize(index, item, data, problem):
    """Returns a picture as the bytes of a tf.train.Example.

    Args:
        index: its place in the source's order.
        item: `tfdogs.data.sources.base.Item`.
        data: its encoded bytes, a PIL.Image, or None where it could not be loaded.
        problem: (reason, detail) where it could not be loaded, else None.
    """
    pixels = isinstance(data, Image.Image)
    values = {
        "image/encoded": [png.encode(data) if pixels else data or b""],
        "image/format": [PIXELS if pixels else b"file"],
        "image/index": [index],
        "image/source": [item.name.encode("utf-8", "surrogateescape")],
    }
    if item.class_name is not None:
        values["image/class"] = [item.class_name.encode("utf-8", "surrogateescape")]
    if item.boxes is not None:
        values["image/boxes"] = [float(edge) for box in item.boxes for edge in box]
    if item.frame is not None:
        values["image/frame"] = [float(side) for side in item.frame]
    if problem:
        values["image/problem"] = [text.encode("utf-8", "replace") for text in problem]
    return example(values)


def parse(data):
    """Returns what `serialize` got: (index, `Item` whose ref are its bytes or pixels, problem or None)."""
    features = tf.train.Example.FromString(data).features.feature

    def texts(name):
        return [value.decode("utf-8", "surrogateescape") for value in features[name].bytes_list.value]

    boxes = frame = None
    if "image/boxes" in features:
        edges = np.array(features["image/boxes"].float_list.value, np.float64).reshape(-1, 4)
        boxes = tuple(Box(*row) for row in edges.tolist())
    if "image/frame" in features:
        frame = tuple(features["image/frame"].float_list.value)
    encoded = features["image/encoded"].bytes_list.value[0]
    if features["image/format"].bytes_list.value[0] == PIXELS and encoded:
        encoded = Image.open(io.BytesIO(encoded))
        encoded.load()
    (index,) = features["image/index"].int64_list.value
    item = Item(
        name=texts("image/source")[0],
        class_name=next(iter(texts("image/class")), None) if "image/class" in features else None,
        ref=encoded,
        boxes=boxes,
        frame=frame,
    )
    return index, item, tuple(texts("image/problem")) if "image/problem" in features else None
