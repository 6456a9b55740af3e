"""Many images as one, and one image as a PNG file."""

import io
import math
from pathlib import Path

import numpy as np
from PIL import Image

from tfdogs.aside import hidden_beside

_WHITE = 255


def tile(images, columns=0, gap=2):
    """Lays images out in rows, the first at the top left, with a white gap between neighbours.

    Args:
        images: uint8 [N, H, W, C], N over 0.
        columns: images a row; 0, the default, for a near square. Never more than N.
        gap: pixels between neighbours, 0 or more; there is none round the edge. Default 2.

    Returns:
        uint8 [rows * (H + gap) - gap, columns * (W + gap) - gap, C]; places left over are white.

    Raises:
        ValueError: an argument has another shape, dtype or range.
    """
    images = np.asarray(images)
    if images.dtype != np.uint8 or images.ndim != 4 or not len(images):
        raise ValueError(
            f"images must be uint8 [N, H, W, C] with N over 0. Received: {images.dtype} {list(images.shape)}"
        )
    if columns < 0 or gap < 0:
        raise ValueError(f"columns and gap must be at least 0. Received: columns={columns}, gap={gap}")
    count, height, width, channels = images.shape
    columns = min(count, columns or math.ceil(math.sqrt(count)))
    rows = -(-count // columns)
    cells = np.full((rows * columns, height + gap, width + gap, channels), _WHITE, np.uint8)
    cells[:count, :height, :width] = images
    cells = cells.reshape(rows, columns, height + gap, width + gap, channels)
    sheet = cells.swapaxes(1, 2).reshape(rows * (height + gap), columns * (width + gap), channels)
    return np.ascontiguousarray(sheet[: sheet.shape[0] - gap, : sheet.shape[1] - gap])


def encode_png(image):
    """Returns an image, uint8 [H, W, C] with C 1 or 3 (or [H, W]), as the bytes of a PNG file."""
    image = np.asarray(image)
    if image.ndim == 3 and image.shape[-1] == 1:
        image = image[..., 0]
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, "png")
    return buffer.getvalue()


def save_png(image, path):
    """Writes an image, uint8 [H, W, C] with C 1 or 3 (or [H, W]), as a PNG file, aside and then renamed.

    Args:
        image: the image.
        path: the file; its folder exists. A file of that name is replaced.

    Raises:
        OSError: the disk refuses.
    """
    path = Path(path)
    with hidden_beside(path) as hidden:
        hidden.write_bytes(encode_png(image))
        hidden.replace(path)
