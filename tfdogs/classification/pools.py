"""The generated images of a study: gathered once a class, and kept in its folder."""

import urllib.parse
from pathlib import Path

import numpy as np

from tfdogs.errors import TfdogsError, UsageError
from tfdogs.metrics.image_sets import Subset, open_images
from tfdogs.progress import Progress
from tfdogs.sampling.drawing import Drawing
from tfdogs.sampling.output import replacing
from tfdogs.sampling.seeds import Seeds


def folder_name(class_name):
    """Returns a file name that belongs to this class alone, whatever characters it is made of."""
    return urllib.parse.quote(class_name, safe=" ")


def pool_path(output_dir, class_name):
    """Returns where a class's generated images are kept."""
    return Path(output_dir, "fakes", f"{folder_name(class_name)}.npy")


def check(path, class_name, *, count, shape):
    """Refuses what `gather` could not gather, as far as a look at the first image, or at a whole run, tells.

    Args:
        path, class_name, count, shape: see `gather`.

    Raises:
        UsageError, TfdogsError: as of `gather`.
    """
    if is_run(path):
        _open_run(path, class_name, shape)
    else:
        _check_shape(path, class_name, _open(path, class_name, count).image(0).shape, shape)


def gather(path, pool, class_name, *, count, shape, truncation=0.0):
    """Gathers one class's generated images, unless they are there already.

    Args:
        path: a run of tfdogs.train, or images as `tfdogs.metrics.image_sets.open_images` takes them.
        pool: the `.npy` file to keep them in.
        class_name: the class; a conditional run draws it.
        count: how many. A run draws the seeds 0 to count - 1; of a collection with more images so many are
            taken at random, and in random order.
        shape: (height, width, channels) that they must have.
        truncation: where a run draws; 0: none.

    Raises:
        UsageError: there are too few, of another shape, or not of this class.
        TfdogsError: an image, a run or the pool cannot be read.
    """
    if pool.is_file():
        return
    if is_run(path):
        images = _drawn(path, class_name, count, shape, truncation)
    else:
        images = _collected(path, class_name, count, shape)
    with replacing(pool) as aside, aside.open("wb") as file:
        np.save(file, images)


def is_trained_elsewhere(path, fingerprint):
    """Tells whether a source is a run that was trained on other data than that of this fingerprint.

    Such a run may have learned from the images that a study tests on.

    Raises:
        UsageError: the run is damaged.
    """
    if not is_run(path):
        return False
    from tfdogs.training import run

    return run.load_card(path).fingerprint != fingerprint


def load(pool):
    """Returns the images of a pool, uint8 [N, H, W, C], memory-mapped.

    Raises:
        TfdogsError: it is damaged.
    """
    try:
        return np.load(pool, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError, EOFError) as e:
        raise TfdogsError(
            f"{pool} is damaged ({' '.join(str(e).split())}); remove it, and it is made again"
        ) from e


def is_run(path):
    """Tells whether a path is a run of tfdogs.train."""
    return Path(path, "config.json").is_file()


def _drawn(path, class_name, count, shape, truncation):
    sampler, label = _open_run(path, class_name, shape)
    with Progress(f"drawing {class_name}", count) as progress:
        drawing = Drawing(
            sampler,
            Seeds.first(0, count),
            label=label,
            truncation=truncation or None,
            progress=progress,
        )
        return drawing.images()


def _open_run(path, class_name, shape):
    """Returns the sampler of a run, and the class's label where the run is conditional, else None."""
    from tfdogs.training import run  # after the data was found good: it takes its time

    try:
        loaded = run.load(path)
    except UsageError as e:
        raise UsageError(f"images of {class_name} cannot be drawn: {e}") from e
    _check_shape(path, class_name, loaded.gan.image_shape, shape)
    if not loaded.gan.num_classes:
        return loaded.gan.sampler, None
    if class_name not in loaded.classes:
        known = ", ".join(loaded.classes)
        raise UsageError(f"the conditional run {path} knows no class {class_name}; it knows {known}")
    return loaded.gan.sampler, loaded.classes.index(class_name)


def _collected(path, class_name, count, shape):
    batches = []
    for batch in Subset.draw(_open(path, class_name, count), count).batches():
        _check_shape(path, class_name, batch.shape[1:], shape)
        batches.append(batch)
    images = np.concatenate(batches)
    return images[np.random.default_rng(0).permutation(len(images))]


def _open(path, class_name, count):
    found = open_images(path, flag="fakes")
    if found.num_images < count:
        raise UsageError(
            f"--fakes: {count:,} images of {class_name} are needed, to train on and to test on (fewer with "
            f"--images_per_class), and {path} has {found.num_images:,}"
        )
    return found


def _check_shape(path, class_name, received, wanted):
    if tuple(received) != tuple(wanted):
        legal, given = ("x".join(map(str, shape)) for shape in (wanted, received))
        raise UsageError(
            f"--fakes: images of {class_name} must be {legal} as those of the data_dir. Received: {given} "
            f"in {path}"
        )
