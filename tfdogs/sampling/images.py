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

    def rows():
        for index, picture in enumerate(pictures):
            name = image_name(index)
            (folder / name).write_bytes(picture.png)
            yield name, picture.seed, label_name(picture.label, classes)

    write_seeds_file(folder / SEEDS_FILE, rows())


def write_seeds_file(path, rows):
    """Writes `seeds.csv`.

    Args:
        path: the file.
        rows: iterable of (name, seed, label), read as it is written.
    """
    with path.open("w", newline="", encoding="utf-8", errors="backslashreplace") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(["name", "seed", "label"])
        table.writerows(rows)


def write_zip(pictures, path):
    """Writes `image_00000.png` and on into a zip that holds nothing else, as competitions ask for.

    Equal images give an equal file, byte for byte.

    Args:
        pictures: iterable of `tfdogs.sampling.drawing.Picture`, read as it is written.
        path: the file.
    """
    with path.open("wb") as file, StoredZip(file) as archive:
        for index, picture in enumerate(pictures):
            archive.add(image_name(index), picture.png)


def label_name(label, classes):
    """Returns a label's class name, its number where the classes have no names, or "" for None."""
    if label is None:
        return ""
    return classes[label] if classes else str(label)


def image_name(number):
    """Returns the file's name of an image with a number."""
    return f"image_{number:05d}.png"
