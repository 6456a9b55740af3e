"""What hangs on the wall: images as files, with their numbers."""

from typing import NamedTuple, Optional

from tfdogs.sampling.images import image_name, label_name, write_seeds_file

FOLDER = "images"


class Exhibit(NamedTuple):
    """One image of the wall.

    Attributes:
        number: its number, 0 or more; a run's image has that of its seed.
        seed: the seed that it was drawn from; None where nobody knows.
        label: its class's name or number; "" where it has none.
        width: in pixels.
        height: in pixels.
    """

    number: int
    seed: Optional[int]
    label: str
    width: int
    height: int

    @property
    def name(self):
        """Name of its file."""
        return image_name(self.number)


def hang(pictures, folder, *, size, classes=()):
    """Writes what a run draws.

    Args:
        pictures: iterable of `tfdogs.sampling.drawing.Picture`, read as it is written.
        folder: path of an empty folder.
        size: (width, height) of all of them.
        classes: class names, by label.

    Returns:
        List of `Exhibit`s.
    """
    exhibits = []
    for picture in pictures:
        exhibit = Exhibit(picture.seed, picture.seed, label_name(picture.label, classes), *size)
        (folder / exhibit.name).write_bytes(picture.png)
        exhibits.append(exhibit)
    return exhibits


def write_seeds(exhibits, path):
    """Writes `seeds.csv` as `tfdogs.generate` does, or nothing where no seed is known."""
    known = [exhibit for exhibit in exhibits if exhibit.seed is not None]
    if not known:
        return
    write_seeds_file(path, ((exhibit.name, exhibit.seed, exhibit.label) for exhibit in known))
