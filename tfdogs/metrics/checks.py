"""Checks of what scores are given, in blocks: copies of all would take as much memory as the features."""

import numpy as np

_ROWS = 4096  # of a block


def check_features(features, name="features", *, num_features=None):
    """Returns features as an array, in the dtype that they came in.

    Args:
        features: array or tensor [N, D] of numbers, N and D at least 1.
        name: what the caller calls them.
        num_features: D, where it is known.

    Raises:
        ValueError: another shape or dtype, or a value that is not finite.
    """
    features = check_shape(features, name, num_features)
    for numbers in _blocks(len(features)):
        _check_finite(features[numbers], name, numbers)
    return features


def check_both(reals, fakes):
    """Returns two arrays of features of one width; see `check_features`."""
    reals = check_features(reals, "reals")
    return reals, check_features(fakes, "fakes", num_features=reals.shape[1])


def probability_blocks(probabilities, *, num_classes=None, order=None):
    """Goes through class probabilities in blocks, in memory that does not grow with N.

    Args:
        probabilities: array or tensor [N, K], rows that are not negative and sum to 1 within 1 %.
        num_classes: K, where it is known.
        order: int [n], which rows in which order; default: all as they are.

    Yields:
        float64 arrays [n, K], n at most 4,096, every row divided by its sum.

    Raises:
        ValueError: another shape, or rows that are no probabilities.
    """
    name = "probabilities"
    probabilities = check_shape(probabilities, name, num_classes)
    for numbers in _blocks(len(probabilities if order is None else order)):
        numbers = numbers if order is None else order[numbers]
        rows = probabilities[numbers].astype(np.float64)
        _check_finite(rows, name, numbers)
        sums = rows.sum(axis=1, keepdims=True)
        if rows.min() < 0 or np.abs(sums - 1).max() > 0.01:
            raise ValueError(
                "probabilities must not be negative and sum to 1 in every row. "
                f"Received: values from {rows.min():.3g}, sums of {sums.min():.3g} to {sums.max():.3g}"
            )
        rows /= sums
        yield rows


def check_shape(features, name="features", width=None):
    """Returns features as an array; like `check_features`, but does not look at the values."""
    features = np.asarray(features)
    if features.ndim != 2 or not features.size or features.dtype.kind not in "fiub":
        received = f"{features.dtype} {list(features.shape)}"
        raise ValueError(f"{name} must be numbers [N, D], N and D at least 1. Received: {received}")
    if width is not None and features.shape[1] != width:
        raise ValueError(f"{name} must have {width} columns. Received: {features.shape[1]}")
    return features


def _check_finite(rows, name, numbers):
    finite = np.isfinite(rows)
    if not finite.all():
        place = int(np.flatnonzero(~finite.all(axis=1))[0])
        row = numbers.start + place if isinstance(numbers, slice) else numbers[place]
        raise ValueError(f"{name} must be finite. Received: NaN or infinity in row {row}")


def _blocks(count):
    return (slice(start, min(start + _ROWS, count)) for start in range(0, count, _ROWS))
