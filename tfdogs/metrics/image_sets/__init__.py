"""Images to be scored: a data_dir, pictures in a folder or archive, arrays, what a generator draws."""

import sys
from pathlib import Path

from tfdogs.data.manifest import FILE_NAME
from tfdogs.data.names import printable
from tfdogs.data.sources.base import LeftOut
from tfdogs.data.sources.detect import open_tree
from tfdogs.errors import UsageError
from tfdogs.metrics.image_sets.arrays import Arrays
from tfdogs.metrics.image_sets.data_dir import DataDir
from tfdogs.metrics.image_sets.generated import Generated
from tfdogs.metrics.image_sets.image_set import ImageSet
from tfdogs.metrics.image_sets.pictures import Pictures
from tfdogs.metrics.image_sets.subset import Subset
from tfdogs.progress import say

__all__ = ["Arrays", "DataDir", "Generated", "ImageSet", "Pictures", "Subset", "open_images"]

FORMS = "a data_dir, a folder, .tar, .tar.gz or .zip of pictures, or a .npy or .npz of uint8 images"


def open_images(path, *, flag, split="train"):
    """Opens images on disk.

    Args:
        path: a folder made by `tfdogs.prepare`; a folder or an archive of pictures, told by its content; or a
            `.npy` or `.npz` file of an array, uint8 [N, H, W, C] (in an `.npz` named "images" or "arr_0").
        flag: name of the flag that gave it, for errors.
        split: which split of a data_dir.

    Returns:
        An `ImageSet` with at least one image. What lies in hidden folders does not count, which stderr tells.

    Raises:
        UsageError: no such path, or it is none of these, or holds no images.
        TfdogsError: a file is truncated or corrupt.
    """
    if Path(path).suffix.lower() in (".npy", ".npz") and not Path(path).is_dir():
        if not Path(path).is_file():
            raise UsageError(f"--{flag}: no such file; legal is {FORMS}. Received: --{flag}={path}")
        return Arrays.load(path)
    if path and Path(path, FILE_NAME).is_file():
        return DataDir(path, split=split)
    pictures = Pictures(open_tree(path, flag=flag, legal=FORMS))
    for line in LeftOut({}, programs=pictures.source.left_out().programs).lines():
        say(f"{printable(str(path))}: {line}", sys.stderr)
    return pictures
