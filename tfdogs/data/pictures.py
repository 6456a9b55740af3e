"""Opens pictures that nobody vouches for: any bytes become 8-bit grey or RGB pixels, or a reason why not."""

import io
import warnings

import numpy as np
from PIL import ExifTags, Image, ImageOps, UnidentifiedImageError

MAX_FILE_BYTES = 256 * 2**20
MAX_PIXELS = 64 * 10**6
# Pillow knows many more, some of which start external programs (EPS) and none of which holds photographs.
FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "PPM")


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


def decode(data, channels, *, frame=None, boxes=None):
    """Decodes a picture.

    Transparency is laid over white, 16-bit samples are scaled to 8, palettes, CMYK and the like are
    converted; of an animation the first frame counts. A camera's orientation tag is applied where there are
    no boxes. Boxes were mostly drawn on the pixels as they are stored, since annotation tools ignore the tag:
    with boxes the picture stays as stored, unless it lies and their frame stands, or the reverse.

    Args:
        data: the encoded bytes, or a PIL.Image.
        channels: 1 or 3.
        frame: (width, height) that the picture's boxes were measured in, or None.
        boxes: the picture's boxes, or None.

    Returns:
        A PIL.Image of mode L or RGB.

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
            image = data if size is None else Image.open(io.BytesIO(data), formats=FORMATS)
            if image.width * image.height > MAX_PIXELS:
                pixels = image.width * image.height
                raise BadPicture("decompression_bomb", pixels, f"more than {MAX_PIXELS} pixels")
            image.load()
            if _turn(image, frame, boxes):
                image = ImageOps.exif_transpose(image)
            return _to_mode(image, "L" if channels == 1 else "RGB")
    except BadPicture:
        raise
    except UnidentifiedImageError as e:  # its text has a memory address
        raise BadPicture("unreadable", size, f"none of {', '.join(FORMATS)}") from e
    except Image.DecompressionBombError as e:
        raise BadPicture("decompression_bomb", None, _line(e)) from e
    # Decoders fail on hostile bytes in every way there is (struct.error, SyntaxError, ...): all mean one.
    except Exception as e:
        text = _line(e)
        raise BadPicture("truncated" if "truncated" in text.lower() else "unreadable", size, text) from e


def _turn(image, frame, boxes):
    """Says whether the orientation tag is to be applied."""
    orientation = image.getexif().get(ExifTags.Base.Orientation, 1)
    if orientation == 1 or boxes is None:
        return orientation != 1
    turned = (image.height, image.width) if orientation >= 5 else image.size
    same = _upright(image.size) == _upright(frame or image.size)
    return not same and _upright(turned) == _upright(frame)


def _upright(size):
    return (size[1] > size[0]) - (size[1] < size[0])


def _to_mode(image, mode):
    if image.mode == mode:
        return image
    if image.mode.startswith("I"):  # 16 bits a sample, whatever the container calls them
        grey = np.clip(np.asarray(image, np.int64), 0, 65535) / 257
        return Image.fromarray(np.rint(grey).astype(np.uint8)).convert(mode)
    if image.mode == "F":
        raise BadPicture("unreadable", None, "floating point samples, of unknown range")
    if image.has_transparency_data:
        image = image.convert("RGBA")
        white = Image.new("RGBA", image.size, "white")
        return Image.alpha_composite(white, image).convert(mode)
    # Grey from anything but grey goes through RGB, which every mode converts to.
    return image.convert("RGB").convert(mode)


def _line(error):
    return f"{type(error).__name__}: {' '.join(str(error).split())}"[:200]
