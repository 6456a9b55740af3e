"""The real pictures of the page's quiz."""

import json

from PIL import Image

from tfdogs.data import crops, png
from tfdogs.data.sources.base import Box
from tfdogs.errors import UsageError
from tfdogs.metrics.image_sets import Subset, open_images


def real_files(path, *, image_shape, max_reals=200):
    """Reads real pictures and makes them look as what the model draws does.

    Each is decoded, cropped to its largest centred square, resized with antialiasing and encoded again:
    nothing of a picture's file gets out but its pixels.

    Args:
        path: what `tfdogs.metrics.image_sets.open_images` takes: a data_dir, a folder or an archive of
            pictures, a NumPy file; "" for none.
        image_shape: (size, size, channels) of the model's images, or None where the model does not tell.
        max_reals: most pictures; of more, these many are drawn at random, always the same.

    Returns:
        {path in a request: (content type, bytes)}: `/reals/index.json` and `/reals/0.png` and on.

    Raises:
        UsageError: there are no pictures there, or the images' shape is not known.
        TfdogsError: a picture cannot be read.
    """
    pictures = []
    if path:
        if image_shape is None:
            raise UsageError(f"--reals needs a model with a signature `images`. Received: --reals={path}")
        images = Subset.draw(open_images(path, flag="reals"), max_reals)
        pictures = [_picture(image, image_shape) for batch in images.batches() for image in batch]
    names = [f"{number}.png" for number in range(len(pictures))]
    files = {f"/reals/{name}": ("image/png", data) for name, data in zip(names, pictures)}
    return {**files, "/reals/index.json": ("application/json", json.dumps({"images": names}).encode())}


def _picture(pixels, image_shape):
    size, _, channels = image_shape
    image = Image.fromarray(pixels[:, :, 0] if pixels.shape[2] == 1 else pixels)
    image = image.convert("L" if channels == 1 else "RGB")
    whole = Box(0, 0, image.width, image.height)
    (square,) = crops.center(image.width, image.height, whole, [whole], 0)
    return png.encode(crops.cut(image, square, size))
