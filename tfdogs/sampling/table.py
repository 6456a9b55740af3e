"""Images in rows and columns with titles, as one image."""

import numpy as np
from PIL import Image, ImageDraw, ImageFont

_GAP, _SMALLEST = 2, 64  # pixels; smaller images are enlarged by a whole number, and their pixels show
_TEXT, _LINE, _MARGIN = 11, 14, 6  # pixels: size of the letters, height of a line, space round a title
_LONGEST = 36  # letters of a line of a title
_INK = "#222222"


def draw(images, *, rows=(), columns=()):
    """Lays images out in a table with titles to the left and above.

    Args:
        images: uint8 [R, C, H, W, 1 or 3], R and C over 0.
        rows: R titles, which may have several lines; none for no titles.
        columns: C titles, each cut to its column's width; none for no titles.

    Returns:
        uint8 [height, width, 3]. Images smaller than 64 pixels are enlarged by a whole number.

    Raises:
        ValueError: another number of titles, or images of another shape.
    """
    images = np.asarray(images)
    if images.dtype != np.uint8 or images.ndim != 5 or 0 in images.shape[:2]:
        received = f"{images.dtype} {list(images.shape)}"
        raise ValueError(f"images must be uint8 [R, C, H, W, channels], none of them 0. Received: {received}")
    if len(rows) not in (0, images.shape[0]) or len(columns) not in (0, images.shape[1]):
        received = f"{len(rows)} and {len(columns)} for {images.shape[0]} by {images.shape[1]} images"
        raise ValueError(f"there must be a title a row and a column, or none. Received: {received}")
    times = -(-_SMALLEST // max(images.shape[2:4]))
    images = np.repeat(np.repeat(images, times, axis=2), times, axis=3)
    height, width = images.shape[2:4]
    font = ImageFont.load_default(_TEXT)
    rows = ["\n".join(_printable(line) for line in title.split("\n")) for title in rows]
    measure = ImageDraw.Draw(Image.new("L", (1, 1)))
    longest = max((measure.textlength(line, font) for title in rows for line in title.split("\n")), default=0)
    left = int(longest) + 2 * _MARGIN if rows else 0
    top = _LINE + _MARGIN if columns else 0
    size = left + images.shape[1] * (width + _GAP) - _GAP, top + images.shape[0] * (height + _GAP) - _GAP
    sheet = Image.new("RGB", size, "white")
    pen = ImageDraw.Draw(sheet)
    for row, title in enumerate(rows):
        middle = top + row * (height + _GAP) + height // 2
        pen.multiline_text((_MARGIN, middle), title, _INK, font, anchor="lm", spacing=_LINE - _TEXT)
    for column, title in enumerate(columns):
        place = left + column * (width + _GAP) + width // 2, top // 2
        pen.text(place, _fitted(measure, _printable(title), font, width), _INK, font, anchor="mm")
    for row, column in np.ndindex(*images.shape[:2]):
        image = images[row, column]
        picture = Image.fromarray(image[..., 0] if image.shape[-1] == 1 else image)
        sheet.paste(picture, (left + column * (width + _GAP), top + row * (height + _GAP)))
    return np.asarray(sheet)


def _printable(text):
    """Returns a line that the font has the letters for and that is not too long."""
    text = text.encode("latin-1", "replace").decode("latin-1")
    text = "".join(letter if letter.isprintable() else "?" for letter in text)  # names may have line breaks
    return text if len(text) <= _LONGEST else text[: _LONGEST - 3] + "..."


def _fitted(measure, text, font, width):
    while text and measure.textlength(text, font) > width:
        text = text[:-1]
    return text
