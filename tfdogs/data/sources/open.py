"""From the value of `--images` to a source."""

from pathlib import Path

from tfdogs.data.sources.annotated import AnnotatedSource
from tfdogs.data.sources.celeba import CelebASource, is_celeba
from tfdogs.data.sources.detect import open_tree
from tfdogs.data.sources.idx import IdxSource, labels_of
from tfdogs.data.sources.paper import PaperDogsSource
from tfdogs.data.sources.tfds import TfdsSource, split_spec
from tfdogs.errors import UsageError

FORMS = "a folder, .tar, .tar.gz, .zip, idx:FILE, tfds:NAME[:SPLIT] or paper_dogs:N"


def open_source(images, *, annotations="", image_size=64, seed=0):
    """Opens a source of pictures.

    Args:
        images: a folder; a tar (also compressed) or zip archive, told by its content; `idx:FILE`, an IDX
            file of images, plain or gzipped; `tfds:NAME` or `tfds:NAME:SPLIT`, a prepared data set of
            TensorFlow Datasets, split "train" by default; `paper_dogs:N`, that many drawings.
        annotations: folder, tar or zip of VOC XML for the pictures of a folder or an archive; "" for none.
        image_size: height and width of paper dogs, in pixels.
        seed: seed of paper dogs.

    Returns:
        A `Source` with at least one picture.

    Raises:
        UsageError: `images` or `annotations` is of no legal form, missing, empty, or at odds with the other.
        TfdogsError: an archive is truncated or corrupt before its first picture, or a data set is not
            prepared.
    """
    form, _, rest = images.partition(":")
    if form in ("idx", "tfds", "paper_dogs") and rest:
        if annotations:
            raise UsageError(
                f"--annotations goes with pictures in a folder or an archive, not with {form}:. "
                f"Received: --images={images} --annotations={annotations}"
            )
        if form == "idx":
            return IdxSource(rest)
        if form == "tfds":
            return TfdsSource(*split_spec(rest))
        return _paper_dogs(rest, image_size, seed)

    tree = open_tree(images, flag="images", legal=FORMS)
    if not len(tree):
        others = "; ".join(tree.left_out().lines())
        raise UsageError(
            "--images holds no pictures (jpg, png, bmp, gif, webp, avif, tiff, ppm, pgm)"
            f"{f'; {others}' if others else ''}. Received: --images={images}"
        )
    celeba = is_celeba(tree)
    if annotations and celeba:
        raise UsageError(
            f"--annotations does not go with CelebA's layout, whose faces are in the middle. "
            f"Received: --images={images} --annotations={annotations}"
        )
    if celeba:
        return CelebASource(tree)
    return AnnotatedSource(tree, annotations) if annotations else tree


def paths_of(images, *, annotations=""):
    """Returns the files and folders from which `open_source` would read, for who asks whether they changed.

    Raises:
        TfdogsError: a data set of TensorFlow Datasets is not prepared.
    """
    form, _, rest = images.partition(":")
    if form == "paper_dogs" and rest:
        return []
    if form == "tfds" and rest:
        return [TfdsSource(*split_spec(rest)).folder]
    if form == "idx" and rest:
        return [path for path in (Path(rest), labels_of(Path(rest))) if path]
    return [Path(path) for path in (images, annotations) if path]


def _paper_dogs(number, image_size, seed):
    # isdigit alone lets digits of other scripts through, int alone "1_000".
    if not (number.isascii() and number.isdigit() and len(number) <= 12 and int(number)):
        raise UsageError(
            f"--images=paper_dogs:N takes a number of at least 1. Received: --images=paper_dogs:{number}"
        )
    try:
        return PaperDogsSource(int(number), image_size=image_size, seed=seed)
    except ValueError as e:
        raise UsageError(f"--images=paper_dogs:{number}: {e}") from e
