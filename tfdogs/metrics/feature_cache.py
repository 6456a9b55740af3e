"""Features on disk: what was extracted once is not extracted again."""

import contextlib
import hashlib
import json
import os
from pathlib import Path

import numpy as np

from tfdogs import locks
from tfdogs.aside import hidden_beside, sweep
from tfdogs.errors import TfdogsError
from tfdogs.metrics.extraction import stream
from tfdogs.metrics.feature_set import FeatureSet
from tfdogs.metrics.image_sets.subset import Subset

FORMAT = "tfdogs-features/1"
_FACTS = "entry.json"
_POOL, _PROBABILITIES = "features.npy", "probabilities.npy"


def default_directory():
    """Returns `tfdogs/features` in $XDG_CACHE_HOME, or in ~/.cache where that is not set."""
    home = os.environ.get("XDG_CACHE_HOME") or Path("~/.cache").expanduser()
    return Path(home, "tfdogs", "features")


class FeatureCache:
    """Keeps the features of image sets, found again by the images' content and the extractor's stamp.

    An entry is a folder with `features.npy` and `probabilities.npy` (float32, memory-mapped when read),
    `moments.npz` once they were asked for, and `entry.json`. It is written aside and renamed, so that it is
    whole or absent, and processes may fill one cache at the same time: of those that need the same entry one
    makes it, and the others wait. An entry with a missing or truncated
    file is made anew. Nothing is ever removed: delete the folder, or what is old in it, at any time.

    Args:
        directory: the cache; created when needed. Default `default_directory()`.
    """

    def __init__(self, directory=None):
        self.directory = Path(directory).expanduser() if directory else default_directory()

    def features(self, image_set, extractor, *, num_images=None, seed=0):
        """Returns the features of an image set, extracting them where they are not there yet.

        Memory does not grow with the number of images.

        Args:
            image_set: `ImageSet`.
            extractor: `Extractor`.
            num_images: how many of the images, drawn without replacement where the set has more; None: all.
            seed: of that draw.

        Returns:
            A `FeatureSet`.

        Raises:
            TfdogsError: an image cannot be read, a feature is not finite, or the disk failed.
        """
        images = Subset.draw(image_set, num_images, seed=seed)
        key = "\n".join((FORMAT, images.content_key(), extractor.stamp.key()))
        key = hashlib.sha256(key.encode()).hexdigest()
        entry = self.directory / key[:40]
        try:
            found = _read(entry, key)
            if found is None:
                self.directory.mkdir(parents=True, exist_ok=True)
                lock = self.directory / f".{entry.name}.lock"
                with locks.held(lock, wait=True, work=f"extracts the features of {images.name}"):
                    found = _read(entry, key)  # another process may have made them meanwhile
                    if found is None:
                        self._make(entry, key, images, extractor)
                        found = _read(entry, key)
        except OSError as e:
            where = f"{self.directory}: {e.strerror or e}"
            raise TfdogsError(f"cannot keep features in {where} (another --cache_dir may)") from e
        if found is None:
            raise TfdogsError(f"{entry} was damaged as soon as it was written; is the disk full?")
        return FeatureSet(
            *found,
            stamp=extractor.stamp,
            name=images.name,
            key=key,
            image_set=images,
            indices=getattr(images, "indices", None),
            directory=entry,
        )

    def _make(self, entry, key, images, extractor):
        sweep(self.directory, ours=True)
        with hidden_beside(entry) as hidden:
            hidden.mkdir()
            _write(hidden, key, images, extractor)
            try:
                hidden.rename(entry)
            except OSError:
                if _read(entry, key) is not None:
                    return  # a process that the lock does not reach was faster: its entry is the same
                entry.rename(hidden.with_suffix(".old"))
                hidden.rename(entry)


def _write(folder, key, images, extractor):
    """Extracts into `folder`, row by row."""
    widths = {_POOL: extractor.num_features}
    if extractor.num_classes:
        widths[_PROBABILITIES] = extractor.num_classes
    with contextlib.ExitStack() as stack:
        files = {name: stack.enter_context((folder / name).open("wb")) for name in widths}
        for name, file in files.items():
            shape = (images.num_images, widths[name])
            header = {"descr": "<f4", "fortran_order": False, "shape": shape}
            np.lib.format.write_array_header_1_0(file, header)
        for features in stream(images, extractor):
            # Plain writes, because a full disk under a memory map ends the process.
            for file, rows in zip(files.values(), features):
                file.write(np.ascontiguousarray(rows, "<f4"))
        for file in files.values():
            file.flush()
            os.fsync(file.fileno())
    facts = {
        "format": FORMAT,
        "key": key,
        "images": images.name,
        "num_images": images.num_images,
        "stamp": extractor.stamp.to_dict(),
        "files": {name: (folder / name).stat().st_size for name in widths},
    }
    (folder / _FACTS).write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8")


def _read(entry, key):
    """Returns an entry's (pool, probabilities or None), memory-mapped, or None where it is not whole."""
    try:
        facts = json.loads((entry / _FACTS).read_text(encoding="utf-8"))
        if facts["format"] != FORMAT or facts["key"] != key:
            return None
        arrays = {name: np.load(entry / name, mmap_mode="r") for name in facts["files"]}
        for name, array in arrays.items():
            whole = (entry / name).stat().st_size == facts["files"][name]
            if not whole or array.dtype != np.float32 or len(array) != facts["num_images"]:
                return None
        return arrays[_POOL], arrays.get(_PROBABILITIES)
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError, AttributeError, EOFError):
        return None  # foreign or truncated
