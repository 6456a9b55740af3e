"""Averages of any length out of stored ones: a least-squares fit of profiles (Karras et al. 2024, EDM2)."""

import numpy as np

# The lengths that are tracked: out of snapshots of these two all others follow (section 3.2).
TRACKED = (0.05, 0.10)
# What they can be fitted to with as many snapshots as runs have.
SHORTEST, LONGEST = 0.02, 0.25
_MEAN = 12**-0.5  # gamma 0: the plain mean of all weights there ever were


def to_sigma_rel(gamma):
    """Returns the relative standard deviation of the profile t^gamma on [0, 1].

    Args:
        gamma: float over -1.
    """
    return float(np.sqrt((gamma + 1.0) / (gamma + 3.0)) / (gamma + 2.0))


def to_gamma(sigma_rel):
    """Returns the exponent of 0 or more whose profile has this relative standard deviation.

    It is the largest root of (gamma + 2)^2 (gamma + 3) sigma_rel^2 = gamma + 1.

    Raises:
        ValueError: `sigma_rel` is not in (0, 0.288].
    """
    if not 0 < sigma_rel <= _MEAN:
        raise ValueError(f"sigma_rel must be in (0, {_MEAN:.3f}]. Received: sigma_rel={sigma_rel}")
    t = sigma_rel**-2
    return max(float(np.roots([1.0, 7.0, 16.0 - t, 12.0 - t]).real.max()), 0.0)


def solve(times, sigma_rels, target_time, target_sigma_rel):
    """Weighs stored averages so that their sum is nearest to another average (appendix C).

    An average is the integral of the training's weights over time under its profile
    p(t) = (gamma + 1) t^gamma / T^(gamma + 1) on [0, T], so the profiles are fitted, in the mean square.
    Other than in the paper the coefficients sum to 1 by constraint: with few snapshots they would sum to
    less, and every weight of the network would shrink.

    Args:
        times: when each average was stored, in images or any unit, over 0, [S].
        sigma_rels: the averages' lengths, [S].
        target_time: when the wanted average is taken, at least the largest of `times`.
        target_sigma_rel: its length.

    Returns:
        (coefficients float64 [S], residual): the residual is the norm of the difference between the wanted
        profile and the sum, as a share of the wanted one's norm.
    """
    times = np.asarray(times, np.float64) / target_time
    gammas = np.array([to_gamma(sigma_rel) for sigma_rel in sigma_rels])
    gamma = to_gamma(target_sigma_rel)
    norms = np.sqrt(_product(times, gammas, times, gammas))
    products = _product(times[:, None], gammas[:, None], times, gammas) / np.outer(norms, norms)
    wanted = np.sqrt(_product(1.0, gamma, 1.0, gamma))
    right = _product(times, gammas, 1.0, gamma) / norms
    # The last row and column are the constraint and its multiplier.
    system = np.block([[products, 1.0 / norms[:, None]], [1.0 / norms, np.zeros(1)]])
    scaled = np.linalg.lstsq(system, np.append(right, 1.0), rcond=1e-12)[0][:-1]
    square = wanted**2 - 2.0 * scaled @ right + scaled @ products @ scaled
    return scaled / norms, float(np.sqrt(max(square, 0.0)) / wanted)


def _product(time_a, gamma_a, time_b, gamma_b):
    """Returns the integral of the product of two profiles, in logarithms, as powers overflow."""
    exponent = gamma_a + gamma_b + 1.0
    log = exponent * np.log(np.minimum(time_a, time_b))
    log = log - (gamma_a + 1.0) * np.log(time_a) - (gamma_b + 1.0) * np.log(time_b)
    return (gamma_a + 1.0) * (gamma_b + 1.0) / exponent * np.exp(log)
