"""Opens pictures that nobody vouches for: any bytes become 8-bit grey or RGB pixels, or a reason why not."""

import contextlib
import io
import math
import warnings
from typing import NamedTuple, Optional

import numpy as np
from PIL import ExifTags, Image, UnidentifiedImageError, features

from tfdogs.data import png

MAX_FILE_BYTES = 256 * 2**20
MAX_PIXELS = 64 * 10**6
# Pillow knows many more, some of which start external programs (EPS) and none of which holds photographs.
FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "PPM")
if features.check("avif"):  # since Pillow 11.3
    FORMATS += ("AVIF",)
_CONVERT = "convert it to JPEG or PNG"
# What is found under the name of a picture, or of an archive, by how it begins.
_KINDS = {
    b"version https://git-lfs": "a pointer of Git LFS and not the file itself: `git lfs pull` gets it",
    b"<!doctype html": "a web page: the download failed",
    b"<html": "a web page: the download failed",
    b"{": "JSON, such as the message of a download that failed, or annotations of COCO",
    b"<svg": f"a drawing in SVG: {_CONVERT}",
    b"<?xml": "XML, such as an annotation or a drawing in SVG",
    b"%pdf": f"a PDF: {_CONVERT}",
    b"%!ps": f"a drawing in PostScript: {_CONVERT}",
    b"8bps": f"a file of Photoshop: {_CONVERT}",
    b"\xff\x0a": f"a JPEG XL: {_CONVERT}",
    b"\0\0\0\x0cjxl ": f"a JPEG XL: {_CONVERT}",
    b"\0\0\0\x0cjp  ": f"a JPEG 2000: {_CONVERT}",
    b"\x1a\x45\xdf\xa3": f"a video: {_CONVERT}",
    b"\0\x05\x16\x07": "what macOS keeps beside a file (AppleDouble), not the file itself",
    b"\x1f\x8b": "compressed with gzip: unpack it",
    b"pk\x03\x04": "a zip archive: unpack it",
}
# How a picture is turned upright, by its orientation tag.
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


class BadPicture(Exception):
    """A picture that cannot be used.

    Attributes:
        reason: one word for `rejects.csv`.
        measure: the number that it was judged by, or None.
        detail: more for people, one line.
    """

    def __init__(self, reason, measure=None, detail=""):
        super().__init__(reason, measure, detail)
        self.reason, self.measure, self.detail = reason, measure, detail


class Picture(NamedTuple):
    """A decoded picture.

    Attributes:
        image: a PIL.Image of mode L or RGB, in which the picture's boxes lie.
        turn: the `Image.Transpose` by which what is cut from it is yet to be turned, or None.
    """

    image: Image.Image
    turn: Optional[Image.Transpose] = None


def turned(image, turn):
    """Returns an image turned by a `Picture`'s `turn`."""
    return image if turn is None else image.transpose(turn)


def decode(data, channels, *, frame=None, boxes=None, mend=True):
    """Decodes a picture; as `read`, of which it returns the image."""
    return read(data, channels, frame=frame, boxes=boxes, mend=mend).image


def read(data, channels, *, frame=None, boxes=None, mend=True):
    """Decodes a picture.

    Transparency is laid over white, 16-bit samples are scaled to 8, palettes, CMYK and the like are
    converted; of an animation the first frame counts. A camera's orientation tag is applied at once where
    there are no boxes. Boxes were mostly drawn on the pixels as they are stored, since annotation tools
    ignore the tag: with boxes the picture stays as stored, and what is cut from it is to be turned. Where it
    lies and their frame stands, or the reverse, or where without a frame they fit into the upright picture
    only, they were drawn on the upright picture, and it is turned at once.

    Args:
        data: the encoded bytes, or a PIL.Image.
        channels: 1 or 3.
        frame: (width, height) that the picture's boxes were measured in, or None.
        boxes: the picture's boxes, or None.
        mend: whether a PNG with sound pixels is read although its metadata is damaged or very long.

    Returns:
        A `Picture`.

    Raises:
        BadPicture: `unreadable`, `truncated`, `decompression_bomb` or `file_too_large`.
    """
    size = None if isinstance(data, Image.Image) else len(data)
    if size is not None and size > MAX_FILE_BYTES:
        raise BadPicture("file_too_large", size, f"more than {MAX_FILE_BYTES} bytes")
    if size == 0:
        raise BadPicture("unreadable", 0, "empty file")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow's own bomb warning and complaints about metadata
            try:
                image = data if size is None else _open(data)
            except (SyntaxError, ValueError, OSError):
                plain = png.without_metadata(data) if mend and size is not None else b""
                if not plain:
                    raise
                image = _open(plain)
            turn = _TURNS.get(_orientation(image))
            first = turn if boxes is None or _drawn_upright(image.size, turn, frame, boxes) else None
            image = _to_mode(turned(image, first), "L" if channels == 1 else "RGB")
            return Picture(image, None if first is turn else turn)
    except BadPicture:
        raise
    except UnidentifiedImageError as e:  # its text has a memory address
        raise BadPicture("unreadable", size, kind_of(data) or f"none of {', '.join(FORMATS)}") from e
    except Image.DecompressionBombError as e:
        raise BadPicture("decompression_bomb", None, f"more than {MAX_PIXELS} pixels: make it smaller") from e
    # Decoders fail on hostile bytes in every way there is (struct.error, SyntaxError, ...): all mean one.
    except Exception as e:
        text = _line(e)
        cut = "truncated" in text.lower() or (size is not None and _ends_early(data))
        raise BadPicture("truncated" if cut else "unreadable", size, text) from e


def _open(data):
    """Returns a loaded PIL.Image of a file's bytes."""
    image = Image.open(io.BytesIO(data), formats=FORMATS)
    if image.width * image.height > MAX_PIXELS:
        pixels = image.width * image.height
        raise BadPicture("decompression_bomb", pixels, f"more than {MAX_PIXELS} pixels: make it smaller")
    image.load()
    return image


def kind_of(data):
    """Returns what a file is that is no picture for us, and what to do, for people; "" where it is unknown.

    Args:
        data: its bytes; the first 512 are enough.
    """
    if data[4:12] in (b"ftypavif", b"ftypavis"):
        return "an AVIF, which Pillow reads from 11.3 on: pip install -U pillow"
    if data[4:8] == b"ftyp":
        return "a HEIC or a video: convert it to JPEG or PNG"
    start = data[:512].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if data and not any(data[:512]):
        return "only zero bytes at its beginning: copy or download it again"
    return next((kind for magic, kind in _KINDS.items() if start.startswith(magic.lower())), "")


def _orientation(image):
    # Damaged metadata is no reason to lose sound pixels.
    with contextlib.suppress(Exception):
        return image.getexif().get(ExifTags.Base.Orientation, 1)
    return 1


def _drawn_upright(size, turn, frame, boxes):
    """Says whether boxes were drawn on the upright picture rather than on the pixels as they are stored."""
    if turn not in (_TURNS[5], _TURNS[6], _TURNS[7], _TURNS[8]):
        return False  # both have the same shape
    width, height = size
    if frame:
        return _shape(size) != _shape(frame) == _shape((height, width))
    right, bottom = (max((box[edge] for box in boxes if box[edge] < math.inf), default=0) for edge in (2, 3))
    return not (right <= width and bottom <= height) and right <= height and bottom <= width


def _shape(size):
    """Returns 1 for what stands, -1 for what lies, 0 for a square."""
    return (size[1] > size[0]) - (size[1] < size[0])


def _to_mode(image, mode):
    if image.mode == mode:
        return image
    if image.mode.startswith("I"):  # 16 bits a sample, whatever the container calls them
        grey = np.asarray(image, np.int64)
        if grey.min() < 0 or grey.max() > 65535:
            raise BadPicture("unreadable", None, "samples of 32 bits or with a sign, of unknown range")
        return Image.fromarray(np.rint(grey / 257).astype(np.uint8)).convert(mode)
    if image.mode == "F":
        raise BadPicture("unreadable", None, "floating point samples, of unknown range")
    if image.has_transparency_data:
        image = image.convert("RGBA")
        white = Image.new("RGBA", image.size, "white")
        return Image.alpha_composite(white, image).convert(mode)
    # Grey from anything but grey goes through RGB, which every mode converts to.
    return image.convert("RGB").convert(mode)


def _ends_early(data):
    """Says whether a WebP is shorter than its header says, of which its decoder does not speak."""
    riff = data[:4] == b"RIFF" and data[8:12] == b"WEBP"
    return riff and len(data) < 8 + int.from_bytes(data[4:8], "little")


def _line(error):
    return f"{type(error).__name__}: {' '.join(str(error).split())}"[:200]
