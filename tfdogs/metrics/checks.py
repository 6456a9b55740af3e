"""Checks of what scores are given."""

import numpy as np


def check_features(features, name="features", *, num_features=None):
    """Returns features as an array, in the dtype that they came in.

    Args:
        features: array or tensor [N, D] of numbers, N and D at least 1.
        name: what the caller calls them.
        num_features: D, where it is known.

    Raises:
        ValueError: another shape or dtype, or a value that is not finite.
    """
    features = np.asarray(features)
    if features.ndim != 2 or not features.size or features.dtype.kind not in "fiub":
        received = f"{features.dtype} {list(features.shape)}"
        raise ValueError(f"{name} must be numbers [N, D], N and D at least 1. Received: {received}")
    if num_features is not None and features.shape[1] != num_features:
        raise ValueError(f"{name} must have {num_features} columns. Received: {features.shape[1]}")
    if not np.isfinite(features).all():
        row = int(np.flatnonzero(~np.isfinite(features).all(axis=1))[0])
        raise ValueError(f"{name} must be finite. Received: NaN or infinity in row {row}")
    return features


def check_both(reals, fakes):
    """Returns two arrays of features of one width; see `check_features`."""
    reals = check_features(reals, "reals")
    return reals, check_features(fakes, "fakes", num_features=reals.shape[1])


def check_probabilities(probabilities, *, num_classes=None):
    """Returns class probabilities, float64 [N, K], every row divided by its sum.

    Args:
        probabilities: array or tensor [N, K], rows that are not negative and sum to 1 within 1 %.
        num_classes: K, where it is known.

    Raises:
        ValueError: another shape, or rows that are no probabilities.
    """
    probabilities = check_features(probabilities, "probabilities", num_features=num_classes)
    probabilities = probabilities.astype(np.float64)
    sums = probabilities.sum(axis=1, keepdims=True)
    if probabilities.min() < 0 or np.abs(sums - 1).max() > 0.01:
        raise ValueError(
            "probabilities must not be negative and sum to 1 in every row. "
            f"Received: values from {probabilities.min():.3g}, sums of {sums.min():.3g} to {sums.max():.3g}"
        )
    return probabilities / sums
