"""A PNG per image, in a folder or in a zip."""

import csv

from tfdogs.sampling.output import SEEDS_FILE
from tfdogs.sampling.stored_zip import StoredZip


def write_folder(pictures, folder, *, classes=()):
    """Writes `image_00000.png` and on, and `seeds.csv`, which tells each one's seed and label.

    Args:
        pictures: iterable of `tfdogs.sampling.drawing.Picture`, read as it is written.
        folder: an empty folder.
        classes: class names, by label; without them `seeds.csv` has the labels' numbers. An unconditional
            image's label is empty.
    """
    with (folder / SEEDS_FILE).open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(["name", "seed", "label"])
        for index, picture in enumerate(pictures):
            name = _name(index)
            (folder / name).write_bytes(picture.png)
            rows.writerow([name, picture.seed, label_name(picture.label, classes)])


def write_zip(pictures, path):
    """Writes `image_00000.png` and on into a zip that holds nothing else, as competitions ask for.

    Equal images give an equal file, byte for byte.

    Args:
        pictures: iterable of `tfdogs.sampling.drawing.Picture`, read as it is written.
        path: the file.
    """
    with path.open("wb") as file, StoredZip(file) as archive:
        for index, picture in enumerate(pictures):
            archive.add(_name(index), picture.png)


def label_name(label, classes):
    """Returns a label's class name, its number where the classes have no names, or "" for None."""
    if label is None:
        return ""
    return classes[label] if classes else str(label)


def _name(index):
    return f"image_{index:05d}.png"
