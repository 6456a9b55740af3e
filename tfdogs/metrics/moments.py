"""Mean and covariance of features that come in batches."""

import json
import zipfile
import zlib

import numpy as np

from tfdogs.aside import hidden_beside, place
from tfdogs.errors import TfdogsError, reason
from tfdogs.metrics.checks import check_features

_ROWS = 4096  # rows that are in float64 at a time


class Moments:
    """Count, mean and scatter of the rows seen so far, in float64, in memory that does not grow.

    Every batch is centred before its outer products are summed, and batches are joined exactly (Chan, Golub
    and LeVeque 1979, "Updating formulae and a pairwise algorithm for computing sample variances"): a large
    mean costs no digits, and neither batch size nor order matter beyond rounding.

    Args:
        num_features: D, at least 1.

    Attributes:
        count: rows seen.
        mean: float64 [D].
        scatter: float64 [D, D], sum of the outer products of the centred rows.
    """

    def __init__(self, num_features):
        if num_features < 1:
            raise ValueError(f"num_features must be at least 1. Received: {num_features}")
        self.count = 0
        self.mean = np.zeros(num_features)
        self.scatter = np.zeros((num_features, num_features))

    @classmethod
    def from_features(cls, features, *, counts=None):
        """Returns the moments of an array; see `update`."""
        features = check_features(features)
        moments = cls(features.shape[1])
        moments.update(features, counts=counts)
        return moments

    @property
    def num_features(self):
        """D."""
        return len(self.mean)

    @property
    def covariance(self):
        """Sample covariance float64 [D, D], scatter / (count - 1).

        Raises:
            ValueError: fewer than two rows were seen.
        """
        if self.count < 2:
            raise ValueError(f"a covariance needs at least 2 rows. Received: {self.count}")
        return self.scatter / (self.count - 1)

    def update(self, features, *, counts=None):
        """Adds rows.

        Args:
            features: numbers [N, D], N at least 1.
            counts: int [N], how many times each row counts; default once.

        Raises:
            ValueError: the shape is wrong, or a value is not finite; nothing was added then.
        """
        features = check_features(features, num_features=self.num_features)
        for start in range(0, len(features), _ROWS):
            rows = features[start : start + _ROWS].astype(np.float64)
            if counts is None:
                count, mean = len(rows), rows.mean(axis=0)
                rows -= mean
            else:
                times = np.asarray(counts[start : start + _ROWS], np.float64)
                count = int(times.sum())
                mean = times @ rows / max(count, 1)
                rows -= mean
                rows *= np.sqrt(times)[:, None]
            self._join(count, mean, rows.T @ rows)

    def merge(self, other):
        """Adds all rows that another `Moments` has seen.

        Raises:
            ValueError: the other has another number of features.
        """
        if other.num_features != self.num_features:
            raise ValueError(
                f"moments must have {self.num_features} features. Received: {other.num_features}"
            )
        self._join(other.count, other.mean, other.scatter)

    def _join(self, count, mean, scatter):
        if not count:
            return
        total = self.count + count
        delta = mean - self.mean
        shift = delta * np.sqrt(self.count * count / total)
        self.scatter += scatter
        self.scatter += np.outer(shift, shift)
        self.mean += delta * (count / total)
        self.count = total

    def copy(self):
        """Returns moments that do not change with these."""
        moments = type(self)(self.num_features)
        moments.merge(self)
        return moments

    def save(self, path, **facts):
        """Writes an .npz file, aside and then renamed.

        Args:
            path: the file; its folder exists.
            **facts: what JSON can hold, to be given back by `load`.

        Raises:
            TfdogsError: the disk refuses.
        """
        path = place(path)
        try:
            with hidden_beside(path) as hidden:
                with hidden.open("wb") as file:
                    arrays = {"count": self.count, "mean": self.mean, "scatter": self.scatter}
                    np.savez(file, **arrays, facts=json.dumps(facts))
                hidden.replace(path)
        except OSError as e:
            raise TfdogsError(f"cannot write {path}: {reason(e)}") from e

    @classmethod
    def load(cls, path):
        """Reads what `save` wrote.

        Returns:
            (`Moments`, dict of facts).

        Raises:
            TfdogsError: there is no such file, or it is damaged or foreign.
        """
        try:
            with zipfile.ZipFile(path) as archive:
                bad = archive.testzip()  # np.load does not look at checksums before the end of an array
            if bad:
                raise ValueError(f"{bad} is damaged")
            with np.load(path, allow_pickle=False) as arrays:
                count, mean, scatter = int(arrays["count"]), arrays["mean"], arrays["scatter"]
                facts = json.loads(str(arrays["facts"]))
            if mean.ndim != 1 or scatter.shape != mean.shape * 2 or not np.isfinite(scatter).all():
                raise ValueError(f"mean {list(mean.shape)}, scatter {list(scatter.shape)} or not finite")
            moments = cls(len(mean))
            moments._join(count, mean.astype(np.float64), scatter.astype(np.float64))
        except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile, zlib.error) as e:
            raise TfdogsError(f"{path} holds no moments, or is damaged ({e})") from e
        return moments, facts
