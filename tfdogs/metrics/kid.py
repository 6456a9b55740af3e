"""The kernel distance between two sets of features, with Inception's known as KID."""

import math

import numpy as np

from tfdogs.metrics.checks import check_both
from tfdogs.metrics.estimate import Estimate


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
        `Estimate`; it may be under 0. The error is the standard error of the mean over the blocks, None where
        there is one block.

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
    values = [block_distance(reals[r], fakes[f]) for r, f in parts]
    error = float(np.std(values, ddof=1) / math.sqrt(blocks)) if blocks > 1 else None
    return Estimate(float(np.mean(values)), error)


def _parts(count, blocks, generator):
    """Returns the rows of every block; as in TF-GAN, the longer blocks come last."""
    size, longer = divmod(count, blocks)
    ends = size * np.arange(1, blocks) + np.maximum(np.arange(1, blocks) - (blocks - longer), 0)
    return np.split(np.arange(count) if generator is None else generator.permutation(count), ends)


def block_distance(reals, fakes):
    """The estimate of one block of features [M, D] and [N, D], M and N at least 2."""
    reals, fakes = reals.astype(np.float64), fakes.astype(np.float64)
    m, n = len(reals), len(fakes)
    within_reals, within_fakes = _kernel(reals, reals), _kernel(fakes, fakes)
    return float(
        (within_reals.sum() - np.trace(within_reals)) / (m * (m - 1))
        + (within_fakes.sum() - np.trace(within_fakes)) / (n * (n - 1))
        - 2 * _kernel(reals, fakes).mean()
    )


def _kernel(a, b):
    products = a @ b.T
    products /= a.shape[1]
    products += 1
    return products * products * products
