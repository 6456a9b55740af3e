"""Paper dogs: drawn dog faces, the demo data set that needs no download and no TensorFlow.

A picture depends on (seed, index, size) alone.
"""

from __future__ import annotations

import numpy as np
from PIL import Image

from tfdogs.data.paper_breeds import BREEDS, SPECS
from tfdogs.data.paper_sketch import Sketch


def breed_of(index: int, *, seed: int = 0) -> int:
    """Return the label of a picture in [0, len(BREEDS)); a block of len(BREEDS) indices has every label once.

    Raises:
        ValueError: If `index` or `seed` is negative.
    """
    if index < 0 or seed < 0:
        raise ValueError(f"`index` and `seed` must not be negative. Received: index={index}, seed={seed}")
    block, place = divmod(index, len(BREEDS))
    return int(np.random.default_rng([seed, block, 1]).permutation(len(BREEDS))[place])


def draw(index: int, *, seed: int = 0, size: int = 64) -> Image.Image:
    """Draw a frontal dog face that fills the picture; equal arguments give equal bytes in every process.

    Args:
        index: Number of the picture, 0 or more.
        seed: Number of the data set, 0 or more.
        size: Width and height in pixels, 16 to 1024. An index shows the same dog at every size.

    Returns:
        An RGB image, size x size, values in [0, 255], of the breed `breed_of(index, seed=seed)`.

    Raises:
        ValueError: If `index` or `seed` is negative, or `size` is out of range.
    """
    if not 16 <= size <= 1024:
        raise ValueError(f"`size` must be from 16 to 1024 pixels. Received: {size}")
    breed, times = SPECS[breed_of(index, seed=seed)], min(8, max(192 // size, 3 if size <= 256 else 2))
    sketch = Sketch(breed, np.random.default_rng([seed, index]), size * times)
    head = (sketch.draw_ears, sketch.head)[:: 1 if sketch.behind else -1]
    for part in (sketch.background, sketch.neck, *head, sketch.muzzle, sketch.eyes):
        part()
    return sketch.finish(size, times)
