"""One file of a submission, as it is found."""

import hashlib
import io
import struct
from typing import Any, NamedTuple

import numpy as np
from PIL import Image

from tfdogs.competition.config import MAX_IMAGE_SIZE
from tfdogs.data.doctor import grey
from tfdogs.data.near_duplicates import perceptual_hash
from tfdogs.data.pictures import FORMATS, BadPicture, decode

RGB = "RGB 8 bit"
_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_HEADER = struct.Struct(">8s4x4sIIBB")
_CHUNK = struct.Struct(">I4s")
_COLOURS = {0: "grey", 2: "RGB", 3: "palette", 4: "grey with alpha", 6: "RGB with alpha"}
_CUT_OFF = "a PNG that is cut off"


class Picture(NamedTuple):
    """What the bytes of one file turn out to be.

    Attributes:
        problem: why it is not a PNG that can be read, or "".
        size: (width, height) as the PNG says, or None.
        colour: kind of pixels as the PNG says, such as "RGB 8 bit", or "".
        pixels: uint8 [H, W, 3], or None where it could not be decoded, or has more than 1024 x 1024 pixels.
        digest: 16 bytes over size and pixels: equal for equal pixels however packed; b"" without pixels.
        hash: np.uint64, `perceptual_hash` of the picture; 0 without pixels.
        contrast: mean absolute deviation of the luma from its median, in grey levels; 0 without pixels.
    """

    problem: str
    size: Any = None
    colour: str = ""
    pixels: Any = None
    digest: bytes = b""
    hash: Any = np.uint64(0)
    contrast: float = 0.0


def read(data):
    """Returns the `Picture` of a file's bytes, whatever they are: its content counts, not its name."""
    if not data.startswith(_SIGNATURE):
        return Picture(_otherwise(data))
    if len(data) < _HEADER.size:
        return Picture(_CUT_OFF)
    _, chunk, width, height, depth, kind = _HEADER.unpack_from(data)
    if chunk != b"IHDR" or kind not in _COLOURS:
        return Picture("a PNG whose header is damaged")
    colour = f"{_COLOURS[kind]} {depth} bit"
    chunks = frozenset(_chunks(data))
    if kind == 2 and b"tRNS" in chunks:
        colour += " with a transparent colour"
    if b"acTL" in chunks:
        return Picture("an animated PNG", (width, height), colour)
    if width * height > MAX_IMAGE_SIZE**2:
        return Picture("", (width, height), colour)
    if b"IEND" not in data:
        return Picture(_CUT_OFF, (width, height), colour)  # Pillow would not mind
    try:
        image = decode(data, 3, mend=False)  # as strict as the reader that will judge it
    except BadPicture as e:
        return Picture(f"a PNG that is {e.reason}", (width, height), colour)
    pixels, luma = np.asarray(image), grey(image)
    digest = hashlib.blake2b(np.array(pixels.shape).tobytes() + pixels.tobytes(), digest_size=16).digest()
    contrast = float(np.abs(luma - np.median(luma)).mean())
    return Picture("", (width, height), colour, pixels, digest, perceptual_hash(luma), contrast)


def _chunks(data):
    """Yields the types of a PNG's chunks that come before the pixels."""
    start = len(_SIGNATURE)
    while start + _CHUNK.size <= len(data):
        size, kind = _CHUNK.unpack_from(data, start)
        if kind == b"IDAT":
            return
        yield kind
        start += _CHUNK.size + size + 4  # its checksum


def _otherwise(data):
    """Says what bytes are that are no PNG."""
    if not data:
        return "an empty file"
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as image:
            return f"a {image.format}"
    except Exception:  # Pillow fails on hostile bytes in every way there is
        return "no picture"
