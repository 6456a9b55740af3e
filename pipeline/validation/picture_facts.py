"""What StatisticsGen knows of a picture: a few numbers and words, no pixels."""

import numpy as np
from PIL import Image

from tfdogs.data.doctor import grey
from tfdogs.data.pictures import BadPicture, read, turned

PICTURE, UNIFORM, UNREADABLE = "picture", "uniform", "unreadable"
UNIFORM_BELOW = 6.0  # `tfdogs.prepare --min_contrast`'s default


def look(item, problem):
    """Returns the facts of a picture, by name.

    Args:
        item: `tfdogs.data.sources.base.Item` whose ref are its bytes or a PIL.Image.
        problem: (reason, detail) where it could not be loaded, or None.

    Returns:
        A dict of str, int and float; what does not apply is not there:
            class: its class.
            boxes: number of boxes.
            kind: "picture", "uniform" (hardly any contrast) or "unreadable".
            width, height: in pixels.
            scale: within which two powers of two its shorter side lies, such as "128-255".
            bytes: size of its file; of pixels without a file their number of bytes.
            brightness: mean luma, 0 to 255.
            contrast: mean distance of luma from its median, 0 to 127.5.
            saturation: mean of the largest minus the smallest of R, G and B, 0 to 255.
    """
    facts = {}
    if item.class_name is not None:
        facts["class"] = item.class_name
    if item.boxes is not None:
        facts["boxes"] = len(item.boxes)
    try:
        found = None if problem else read(item.ref, 3, frame=item.frame, boxes=item.boxes)
        picture = found and turned(*found)
    except BadPicture:
        picture = None
    if picture is None:
        return {**facts, "kind": UNREADABLE}
    luma = grey(picture)
    contrast = float(np.abs(luma - np.median(luma)).mean())
    small = np.asarray(picture.resize(luma.shape, Image.Resampling.BOX), np.float32)
    octave = 2 ** (min(picture.size).bit_length() - 1)
    return {
        **facts,
        "kind": PICTURE if contrast >= UNIFORM_BELOW else UNIFORM,
        "width": picture.width,
        "height": picture.height,
        "scale": f"{octave}-{2 * octave - 1}",
        "bytes": len(item.ref if isinstance(item.ref, bytes) else item.ref.tobytes()),
        "brightness": float(luma.mean()),
        "contrast": contrast,
        "saturation": float((small.max(-1) - small.min(-1)).mean()),
    }
