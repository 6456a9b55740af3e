"""The sheet "Can you tell which are real?": photographs among what was drawn, mixed by a seed."""

from typing import NamedTuple

import numpy as np
from PIL import Image, ImageOps

from tfdogs.data.pictures import decode
from tfdogs.metrics.pairs import take

FOLDER = "quiz"
_LARGEST = 256  # pixels; the sheet shows no image larger


class Quiz(NamedTuple):
    """A sheet, image i of which is `quiz/i.png` with two digits or more.

    Attributes:
        answers: tuple of bools, whether each is real.
        reals: where the real ones are from, for people.
        side: height and width of all of them, in pixels.
    """

    answers: tuple
    reals: str
    side: int


def name(place):
    """Returns the file's name of the image at a place of the sheet, which tells nothing of what it is."""
    return f"{place:02d}.png"


def write(exhibits, images, reals, *, folder, count, seed, name_of_reals):
    """Mixes real images with images of the wall; nothing but what they show tells them apart.

    All are cut to the square in their middle, brought to the size of the smallest, at most 256 pixels, and
    encoded anew; where what was drawn is grey, so is what is real.

    Args:
        exhibits: `Exhibit`s of the wall, at least one.
        images: path of the folder that holds them.
        reals: `tfdogs.metrics.image_sets.image_set.ImageSet`.
        folder: path of an empty folder.
        count: most images, an even number over 0; fewer where there are not so many of one kind.
        seed: decides which images and in what order; an int, 0 or more.
        name_of_reals: where the real ones are from, for people.

    Returns:
        `Quiz`.

    Raises:
        TfdogsError: a real image cannot be read.
    """
    generator = np.random.default_rng(seed)
    each = min(count // 2, len(exhibits), reals.num_images)
    drawn = generator.choice(len(exhibits), each, replace=False)
    known = generator.choice(reals.num_images, each, replace=False)
    fakes = [decode((images / exhibits[place].name).read_bytes(), 3) for place in drawn]
    photographs = [Image.fromarray(np.broadcast_to(p, (*p.shape[:2], 3))) for p in take(reals, known)]
    side = min(_LARGEST, *(min(image.size) for image in (*fakes, *photographs)))
    mode = "L" if all(map(_is_grey, fakes)) else "RGB"
    answers = generator.permutation(np.arange(2 * each) < each)
    for place, real in enumerate(answers):
        image = (photographs if real else fakes).pop()
        image = ImageOps.fit(image.convert(mode), (side, side), Image.Resampling.LANCZOS)
        image.save(folder / name(place), "png")
    return Quiz(tuple(map(bool, answers)), name_of_reals, side)


def _is_grey(image):
    pixels = np.asarray(image)
    return bool((pixels == pixels[..., :1]).all())
