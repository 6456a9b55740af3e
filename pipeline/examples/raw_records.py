"""Raw examples: pictures as they came, with what their source says of them, as rows of Parquet files.

Needs no TensorFlow, which takes a worker process seconds to import.
"""

import contextlib
import hashlib
import io
import json

import pyarrow as pa
from PIL import Image
from pyarrow import parquet

from tfdogs.data import png
from tfdogs.data.sources.base import Box, Item

# Names are bytes: a file's may be no legal UTF-8.
SCHEMA = pa.schema(
    [
        pa.field("index", pa.int64(), nullable=False),  # place in the source's order
        pa.field("source", pa.binary(), nullable=False),
        pa.field("class", pa.binary()),
        pa.field("boxes", pa.list_(pa.list_(pa.float64()))),  # left, top, right, bottom
        pa.field("frame", pa.list_(pa.float64())),  # width, height that the boxes are of
        pa.field("problem", pa.list_(pa.string())),  # reason, detail: why it could not be loaded
        pa.field("pixels", pa.bool_(), nullable=False),  # the source had pixels, no file: a PNG of them
        pa.field("encoded", pa.large_binary(), nullable=False),
        pa.field("digest", pa.binary(16), nullable=False),  # over all the rest
    ]
)
_GROUP = 64  # pictures that are in memory together


def row(index, item, data, *, problem):
    """Returns a picture as a dict of `SCHEMA`'s columns.

    Args:
        index: its place in the source's order.
        item: `tfdogs.data.sources.base.Item`.
        data: its encoded bytes, a PIL.Image, or None where it could not be loaded.
        problem: (reason, detail) where it could not be loaded, else None.
    """
    pixels = isinstance(data, Image.Image)
    told = {
        "index": index,
        "source": _bytes(item.name),
        "class": None if item.class_name is None else _bytes(item.class_name),
        "boxes": None if item.boxes is None else [[float(edge) for edge in box] for box in item.boxes],
        "frame": None if item.frame is None else [float(side) for side in item.frame],
        "problem": [text.encode("utf-8", "replace").decode() for text in problem] if problem else None,
        "pixels": pixels,
    }
    encoded = png.encode(data) if pixels else data or b""
    plain = {name: value.hex() if isinstance(value, bytes) else value for name, value in told.items()}
    digest = hashlib.blake2b(json.dumps(plain, sort_keys=True).encode(), digest_size=16)
    digest.update(encoded)
    return {**told, "encoded": encoded, "digest": digest.digest()}


def parse(row):
    """Returns what `row` got: (index, `Item` whose ref are its bytes or pixels, problem or None)."""
    encoded = row["encoded"]
    if row["pixels"]:
        encoded = Image.open(io.BytesIO(encoded))
        encoded.load()
    item = Item(
        name=_text(row["source"]),
        class_name=None if row["class"] is None else _text(row["class"]),
        ref=encoded,
        boxes=None if row["boxes"] is None else tuple(Box(*edges) for edges in row["boxes"]),
        frame=None if row["frame"] is None else tuple(row["frame"]),
    )
    return row["index"], item, None if row["problem"] is None else tuple(row["problem"])


@contextlib.contextmanager
def writing(path):
    """Opens a Parquet file; yields a function that appends a row to it."""
    rows = []
    # Pictures are compressed, and no two of a column are alike.
    with parquet.ParquetWriter(path, SCHEMA, compression="none", use_dictionary=False) as file:

        def flush():
            file.write_table(pa.Table.from_pylist(rows, SCHEMA))
            rows.clear()

        def write(row):
            rows.append(row)
            if len(rows) == _GROUP:
                flush()

        yield write
        if rows:
            flush()


def read(path):
    """Yields the rows of a file."""
    with parquet.ParquetFile(path) as file:
        for batch in file.iter_batches(_GROUP):
            yield from batch.to_pylist()


def digests(path):
    """Returns the digests of a file's rows; the pictures are not read."""
    return parquet.read_table(path, columns=["digest"]).column("digest").to_pylist()


def _bytes(text):
    return text.encode("utf-8", "surrogateescape")


def _text(data):
    return data.decode("utf-8", "surrogateescape")
