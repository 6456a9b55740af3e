"""What an augmentation makes of real images, as a sheet to look at."""

import numpy as np
import tensorflow as tf

from tfdogs.data import pixels
from tfdogs.models.noise import Noise
from tfdogs.sampling import table

STRENGTHS = (0.1, 0.3, 0.5, 0.8)


def draw(images, augment, *, strengths=STRENGTHS, each=None, seed=0):
    """Draws a row an image: the image itself, then augmentations of it.

    Args:
        images: uint8 [N, H, W, C], the reals.
        augment: `ADA`, drawn at every p of `strengths`, or another augmentation.
        strengths: probabilities p in [0, 1].
        each: augmentations of one strength; default 2 for ADA and 8 for another one.
        seed: of the random numbers.

    Returns:
        uint8 [height, width, 3].
    """
    views = [("", augment)]
    if hasattr(augment, "at"):
        views = [(f"p = {p:g}", augment.at(p)) for p in strengths]
    each = each or (2 if hasattr(augment, "at") else 8)
    titles, columns = ["real"], [np.asarray(images)]
    for use, (title, view) in enumerate(views):
        for copy in range(each):
            noise = Noise(tf.constant([seed, use], tf.int64)).fold(copy)
            titles.append(title or str(copy + 1))
            columns.append(pixels.to_uint8(view(pixels.to_float(tf.constant(images)), noise)).numpy())
    return table.draw(np.stack(columns, axis=1), columns=titles)
