"""Nearest neighbours among features, exact, in blocks of bounded memory."""

import numpy as np

from tfdogs.metrics.checks import check_features

_BLOCK_BYTES = 32 << 20  # of a block of distances, and of the rows on either side of it
_EPSILON = np.finfo(np.float64).eps


def nearest(queries, base, *, measure="cosine", k=1):
    """Finds the k nearest rows of `base` for every row of `queries`.

    Candidates come from products in float64; their distances are then computed anew from differences, so that
    the distance to a copy is 0 and not what cancellation left. Which of equally near rows is found is not
    defined.

    Args:
        queries: features [N, D].
        base: features [M, D].
        measure: "cosine", 1 - |cos| as MiFID has it, where rows whose sum is 0 are nobody's neighbours and
            have none; or "euclidean".
        k: how many; at most as many as there are rows that can be neighbours.

    Returns:
        (distances float64 [N, k], from near to far; indices int64 [N, k] into `base`). A query that has no
        neighbours gets infinity and -1.

    Raises:
        ValueError: the shapes or the measure are wrong, a value is not finite, or `base` has too few rows.
    """
    if measure not in _MEASURES:
        raise ValueError(f"measure must be one of {', '.join(_MEASURES)}. Received: {measure!r}")
    base = check_features(base, "base")
    queries = check_features(queries, "queries", num_features=base.shape[1])
    measure = _MEASURES[measure](base)
    asked, known = measure.usable(queries), measure.usable(base)
    if not 1 <= k <= known.sum():
        raise ValueError(f"k must be in 1..{known.sum()}, the rows that can be neighbours. Received: {k}")
    distances, indices = np.full((len(queries), k), np.inf), np.full((len(queries), k), -1)
    if not known.all():
        base = base[known]
    numbers, known = np.flatnonzero(asked), np.flatnonzero(known)
    for part in _parts(numbers, base.shape[1]):
        rows = measure.prepare(queries[part])
        found = _candidates(rows, base, measure, k)
        exact = np.stack([measure.exact(rows, measure.prepare(base[column])) for column in found.T], axis=1)
        order = np.argsort(exact, axis=1, kind="stable")
        distances[part] = np.take_along_axis(exact, order, axis=1)
        indices[part] = known[np.take_along_axis(found, order, axis=1)]
    return distances, indices


def _candidates(rows, base, measure, k):
    """Returns which k rows of `base` are nearest to each of the prepared rows, int64 [n, k], in any order."""
    found = np.zeros((len(rows), 0), np.int64)
    values = np.zeros((len(rows), 0))
    for part in _parts(np.arange(len(base)), base.shape[1]):
        block = measure.block(rows, measure.prepare(base[part]))
        best = _least(block, k)
        values = np.concatenate([values, np.take_along_axis(block, best, axis=1)], axis=1)
        found = np.concatenate([found, part[best]], axis=1)
        best = _least(values, k)
        values, found = (np.take_along_axis(x, best, axis=1) for x in (values, found))
    return found


def _least(values, k):
    """Returns the columns of the k least values of every row, or all where there are no more."""
    if k == 1:
        return np.argmin(values, axis=1)[:, None]
    if k >= values.shape[1]:
        return np.broadcast_to(np.arange(values.shape[1]), values.shape)
    return np.argpartition(values, k - 1, axis=1)[:, :k]


def squared_distances(queries, base):
    """Yields the squared Euclidean distances of all rows of `queries` to all rows of `base`, in blocks.

    Each is lessened by the most that rounding can have added, and at least 0: so a row is as near to its
    copies as to itself, and a comparison "at most r^2" holds for points on the sphere.

    Yields:
        (rows of `queries` int64 [n], rows of `base` int64 [m], float64 [n, m]).
    """
    measure = _Euclidean(base)
    for rows in _parts(np.arange(len(queries)), queries.shape[1]):
        prepared = measure.prepare(queries[rows])
        for columns in _parts(np.arange(len(base)), base.shape[1]):
            yield rows, columns, measure.block(prepared, measure.prepare(base[columns]))


def radii(features, k):
    """Returns every row's Euclidean distance to its k-th nearest other row, float64 [N].

    Raises:
        ValueError: k is not in 1..N-1.
    """
    if not 1 <= k < len(features):
        count = len(features)
        raise ValueError(f"k must be at least 1 and less than the number of rows, {count}. Received: {k}")
    return nearest(features, features, measure="euclidean", k=k + 1)[0][:, -1]


def _parts(numbers, num_features):
    """Cuts row numbers into parts, each of so few rows that a block holds them, or distances among them."""
    size = max(1, min(_BLOCK_BYTES // (8 * num_features), int((_BLOCK_BYTES / 8) ** 0.5)))
    return [numbers[start : start + size] for start in range(0, len(numbers), size)]


class _Euclidean:
    def __init__(self, base):
        self._origin = base.mean(axis=0, dtype=np.float64)  # squares keep their digits near to 0

    def usable(self, features):
        return np.ones(len(features), bool)

    def prepare(self, rows):
        return rows - self._origin

    def block(self, queries, base):
        # Rounding of a product of D terms, relative to the squares of the two rows, is under D epsilon.
        kept = 1 - 2 * queries.shape[1] * _EPSILON
        products = queries @ base.T
        products *= -2
        products += kept * np.sum(queries**2, axis=1)[:, None]
        products += kept * np.sum(base**2, axis=1)
        return np.maximum(products, 0, out=products)

    def exact(self, queries, base):
        return np.sqrt(np.sum((queries - base) ** 2, axis=1))


class _Cosine:
    def __init__(self, base):
        pass

    def usable(self, features):
        return features.sum(axis=1, dtype=np.float64) != 0

    def prepare(self, rows):
        rows = rows.astype(np.float64)
        return rows / np.sqrt(np.sum(rows**2, axis=1, keepdims=True))

    def block(self, queries, base):
        products = queries @ base.T
        return np.negative(np.abs(products, out=products), out=products)

    def exact(self, queries, base):
        # 1 - |u v| without its cancellation; either direction counts as the same.
        signs = np.where(np.sum(queries * base, axis=1) < 0, -1.0, 1.0)
        return 0.5 * np.sum((queries - signs[:, None] * base) ** 2, axis=1)


_MEASURES = {"cosine": _Cosine, "euclidean": _Euclidean}
