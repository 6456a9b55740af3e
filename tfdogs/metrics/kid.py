"""The kernel distance between two sets of features, with Inception's known as KID."""

import math

import numpy as np

from tfdogs.metrics.checks import check_both
from tfdogs.metrics.estimate import Estimate

_FEWEST = 4  # rows of a block that tell its error


def kernel_distance(reals, fakes, *, block_size=1000, seed=None):
    """The squared maximum mean discrepancy under the kernel (x y / D + 1)^3, without bias.

    Bińkowski et al. 2018, "Demystifying MMD GANs", section 4; estimated in blocks (Zaremba et al. 2013,
    "B-test"), cut as TF-GAN cuts them: as many as the larger set fills, of equal sizes but for one.

    Args:
        reals: features [M, D].
        fakes: features [N, D].
        block_size: most rows of a block.
        seed: None takes the rows as they come, which have to be in random order; a number shuffles them.

    Returns:
        `Estimate`; it may be under 0. The error is the standard error over draws of both sides. It is taken
        within the blocks, since a few of them do not tell how much they differ. Where one has fewer than 4
        rows of a side it is that of the mean over the blocks, None where there is one.

    Raises:
        ValueError: the shapes are wrong, a value is not finite, or a block has fewer than 2 rows of a side.
    """
    reals, fakes = check_both(reals, fakes)
    blocks = math.ceil(max(len(reals), len(fakes)) / max(block_size, 1))
    smallest = min(len(reals), len(fakes)) // blocks
    if smallest < 2:
        raise ValueError(
            f"every block must have 2 reals and 2 fakes. Received: {len(reals)} reals and {len(fakes)} fakes "
            f"in {blocks} blocks of up to {block_size}"
        )
    generator = None if seed is None else np.random.default_rng(seed)
    parts = zip(_parts(len(reals), blocks, generator), _parts(len(fakes), blocks, generator))
    if smallest < _FEWEST:
        values = [block_distance(reals[r], fakes[f]) for r, f in parts]
        error = float(np.std(values, ddof=1) / math.sqrt(blocks)) if blocks > 1 else None
        return Estimate(float(np.mean(values)), error)
    values, singles, pairs = np.sum([_estimate(reals[r], fakes[f]) for r, f in parts], axis=0)
    # With few rows the error is uncertain itself: 1.96 of them are too few by about the deviation of
    # Student's t. Of the part that is due to pairs, which are many, they are not.
    degrees = min(len(reals), len(fakes)) - blocks
    singles = max(singles, -pairs / 2) * (degrees / max(degrees - 2, 1) if singles > 0 else 1.0)
    return Estimate(float(values) / blocks, math.sqrt(singles + pairs) / blocks)


def _parts(count, blocks, generator):
    """Returns the rows of every block; as in TF-GAN, the longer blocks come last."""
    size, longer = divmod(count, blocks)
    ends = size * np.arange(1, blocks) + np.maximum(np.arange(1, blocks) - (blocks - longer), 0)
    return np.split(np.arange(count) if generator is None else generator.permutation(count), ends)


def block_distance(reals, fakes):
    """The estimate of one block of features [M, D] and [N, D], M and N at least 2."""
    return _distance(*_kernels(reals, fakes))


def _estimate(reals, fakes):
    """Returns the distance of a block, and the two parts of its variance over draws of both sides.

    The jackknife's variance counts once what depends on single rows, and twice what depends on pairs of them
    (Efron and Stein 1981). The latter is estimated without bias by the mean squares of the kernels after
    their rows and columns are centred (Székely and Rizzo 2014, "Partial Distance Correlation with Methods for
    Dissimilarities", section 3). The part of single rows may come out under 0.
    """
    within_reals, within_fakes, across = kernels = _kernels(reals, fakes)
    m, n = across.shape
    of_reals = (within_reals.sum(1) - np.diag(within_reals)) / (m - 1) - across.mean(1)
    of_fakes = (within_fakes.sum(1) - np.diag(within_fakes)) / (n - 1) - across.mean(0)
    jackknife = 4 * np.var(of_reals, ddof=1) / m + 4 * np.var(of_fakes, ddof=1) / n
    centred = across - across.mean(0) - across.mean(1, keepdims=True) + across.mean()
    pairs = 4 * np.sum(centred**2) / ((m - 1) * (n - 1)) / (m * n)
    pairs += sum(_pairs(kernel) for kernel in (within_reals, within_fakes))
    return _distance(*kernels), jackknife - 2 * pairs, pairs


def _pairs(kernel):
    """Returns the variance of a mean over pairs that is due to the pairs, not to their members."""
    count = len(kernel)
    alone = kernel - np.diag(np.diag(kernel))
    sums = alone.sum(0)
    centred = alone - (sums + sums[:, None]) / (count - 2) + sums.sum() / ((count - 1) * (count - 2))
    np.fill_diagonal(centred, 0.0)
    return 2 * np.sum(centred**2) / (count * (count - 3)) / (count * (count - 1))


def _kernels(reals, fakes):
    reals, fakes = reals.astype(np.float64), fakes.astype(np.float64)
    return _kernel(reals, reals), _kernel(fakes, fakes), _kernel(reals, fakes)


def _distance(within_reals, within_fakes, across):
    m, n = across.shape
    return float(
        (within_reals.sum() - np.trace(within_reals)) / (m * (m - 1))
        + (within_fakes.sum() - np.trace(within_fakes)) / (n * (n - 1))
        - 2 * across.mean()
    )


def _kernel(a, b):
    products = a @ b.T
    products /= a.shape[1]
    products += 1
    return products * products * products
