"""Stored averages of a run, and averages of any length out of them."""

import re
import zipfile
from pathlib import Path

import numpy as np

from tfdogs.aside import replacing
from tfdogs.errors import TfdogsError, UsageError
from tfdogs.training import disk
from tfdogs.training.ema import weight_pairs
from tfdogs.training.posthoc import solve

_NAME = re.compile(r"kimg\d{6,}\.\d{3}\.npz", re.ASCII)
_WORST = 0.25  # of a fit's residual: beyond, what comes out has little to do with what was asked for


class Snapshots:
    """The power-function averages of a run over time, a file a moment in `DIRECTORY/ema`.

    A file `kimg000123.456.npz` holds the moment, the lengths of the averages, and each weight of the
    generator with the averages in the first dimension, as float16 where that is exact to three digits.
    BatchNorm's moving statistics are averaged as all weights are.

    Args:
        directory: the run's folder.
    """

    FOLDER = "ema"

    def __init__(self, directory):
        self.directory = Path(directory, self.FOLDER)

    def paths(self):
        """Returns the files, oldest first."""
        if not self.directory.is_dir():
            return []
        return sorted(path for path in self.directory.iterdir() if _NAME.fullmatch(path.name))

    def drop_after(self, images_seen):
        """Removes the files of moments after so many images."""
        for path in self.paths():
            if round(1000 * _moment(path)) > images_seen:
                path.unlink()

    def save(self, gan):
        """Writes the averages of now, aside and then renamed; one of the same moment is replaced.

        Args:
            gan: a `tfdogs.GAN` with `tracks`, each a `PowerEMA`.

        Returns:
            The file's path.

        Raises:
            ValueError: the GAN tracks no averages, or ones that are no `PowerEMA`.
            TfdogsError: the disk failed.
        """
        lengths = [getattr(track, "sigma_rel", None) for track in gan.tracks]
        if not lengths or None in lengths:
            raise ValueError(f"the GAN must track PowerEMAs. Received: tracks={list(gan.tracks)}")
        seen = int(gan.images_seen.numpy())
        arrays = {"images_seen": np.int64(seen), "sigma_rels": np.array(lengths)}
        for index, weights in enumerate(zip(*map(_weights, gan.track_generators))):
            arrays[_array_name(index)] = _compact(np.stack([weight.numpy() for weight in weights]))
        path = self.directory / f"kimg{seen / 1000:010.3f}.npz"
        with replacing(path) as hidden:
            with hidden.open("wb") as file:
                np.savez(file, **arrays)
            disk.flush(hidden)
        disk.flush(self.directory)
        return path

    def reconstruct(self, generator, sigma_rel, *, kimg=None):
        """Sets a generator's weights to the average of any length at the moment of a snapshot.

        Args:
            generator: a network of the run's architecture; all its weights are set.
            sigma_rel: length of the average, in (0, 0.288].
            kimg: thousands of images at the moment; default: the newest.

        Returns:
            (kimg, residual): the moment, and `tfdogs.training.posthoc.solve`'s residual.

        Raises:
            UsageError: there is no snapshot, none of that moment, or too few of them for this length.
            TfdogsError: a file is damaged or belongs to another network; names it.
        """
        paths = self.paths()
        if not paths:
            raise UsageError(
                f"{self.directory.parent} has no snapshots of averages; python -m tfdogs.train "
                "--ema_snapshot_kimg=N stores them"
            )
        moments = [_moment(path) for path in paths]
        kimg = moments[-1] if kimg is None else kimg
        place = int(np.argmin(np.abs(np.subtract(moments, kimg))))
        if abs(moments[place] - kimg) > 1e-3:
            known = ", ".join(f"{moment:g}" for moment in moments)
            raise UsageError(f"{self.directory} has snapshots at kimg {known}. Received: kimg={kimg:g}")
        kimg, paths = moments[place], paths[: place + 1]
        lengths = [_read(path, ["sigma_rels"])[0] for path in paths]
        times = np.repeat(moments[: place + 1], [len(there) for there in lengths])
        shares, residual = solve(times, np.concatenate(lengths), kimg, sigma_rel)
        if residual > _WORST:
            raise UsageError(
                f"the {len(paths)} snapshots in {self.directory} until {kimg:g} kimg come no nearer to an "
                f"average of length {sigma_rel:g} than {100 * residual:.0f} %; take a length nearer to "
                f"{' or '.join(f'{length:g}' for length in lengths[-1])}, or train with a shorter "
                "--ema_snapshot_kimg"
            )
        _combine(_weights(generator), paths, np.split(shares, np.cumsum([len(there) for there in lengths])))
        return kimg, residual


def _moment(path):
    """Returns thousands of images at the moment of a file."""
    return float(path.name[len("kimg") : -len(".npz")])


def _combine(variables, paths, shares):
    """Assigns to each variable the sum over the files of share times stored average."""
    names = [_array_name(index) for index in range(len(variables))]
    sums, never_negative = [0.0] * len(variables), [True] * len(variables)
    for path, share in zip(paths, shares):
        for index, (variable, stored) in enumerate(zip(variables, _read(path, names, whole=True))):
            if stored.shape != (len(share), *variable.shape):
                raise TfdogsError(f"{path} is of another network: {variable.name} has another shape there")
            if variable.dtype.is_floating:
                sums[index] = sums[index] + np.tensordot(share, stored.astype(np.float64), 1)
                never_negative[index] &= bool((stored >= 0).all())
            else:
                sums[index] = stored[-1]  # a counter: the newest
    for variable, value, positive in zip(variables, sums, never_negative):
        # Shares may be negative, but a variance must not become so.
        variable.assign(np.maximum(value, 0) if positive else value)


def _weights(network):
    return [weight for weight, _ in weight_pairs(network, network)]


def _compact(array):
    """Returns an array as float16 where that keeps three digits of its largest value."""
    if not np.issubdtype(array.dtype, np.floating) or not array.size:
        return array
    with np.errstate(over="ignore"):
        half = array.astype(np.float16)
    error = np.abs(half.astype(np.float64) - array).max()
    return half if error <= 2.0**-11 * np.abs(array).max() else array


def _array_name(index):
    return f"weight{index:05d}"


def _read(path, names, *, whole=False):
    """Returns the arrays of a file by their names, a list; `whole`: there must be no other weights.

    Raises:
        TfdogsError: it is damaged, or of another network.
    """
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            weights = sum(name.startswith("weight") for name in arrays.files)
            if whole and weights != len(names):
                raise ValueError(f"it has {weights} weights, the network {len(names)}")
            return [arrays[name] for name in names]
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as e:
        reason = " ".join(str(e).split())[:200]
        raise TfdogsError(f"{path} is damaged or of another network ({reason})") from e
