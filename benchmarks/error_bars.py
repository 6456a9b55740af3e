"""The errors that the FID, the FID-infinity and the KID report, beside those that many draws show.

    python benchmarks/error_bars.py
    python benchmarks/error_bars.py --features 320 --decay 0 --ratios 0.3 1.5 4 10 --draws 150

Reals are normal, and known exactly for the FIDs; fakes are drawn again and again. `FID`, `FID-infinity` and
`KID` are the mean of the reported standard errors over the standard deviation of the draws: 1 is right, under
1 claims too much, over 1 too little. `cover` is how many of the intervals of 95 %, value +- 1.96 errors, hold
the truth. The truth of the FID-infinity is computed from means and variances; that of the KID, which has no
bias, and of the FID of n fakes is the mean of all draws. With 300 draws a ratio is right within 0.04 or so, a
cover within 1.3 points (one standard deviation). Goals: ratios of 0.8 to 1.25, covers of 90 to 98 %.
"""

import argparse

import numpy as np
from timing import positive

from tfdogs.metrics.fid_error import fid_error
from tfdogs.metrics.fid_infinity import fid_infinity
from tfdogs.metrics.frechet import frechet_distance
from tfdogs.metrics.gaussian import Gaussian
from tfdogs.metrics.kid import kernel_distance

_LARGEST_KID = 4000  # fakes: more take long, and are cut into blocks of 1,000 anyway


def normal(rng, shape):
    """Draws from N(0, 1)."""
    return rng.standard_normal(shape)


def skewed(rng, shape):
    """Draws that are positive but for their mean, as features after a ReLU are: mean 0, variance 1."""
    return rng.exponential(size=shape) - 1


def heavy(rng, shape):
    """Draws of rows of very different length, whose covariance is the identity."""
    return rng.standard_normal(shape) * np.sqrt(rng.exponential(size=(shape[0], 1)))


# What the fakes are: (how their numbers are drawn, scale from that of the reals, mean).
KINDS = {
    "alike": (normal, lambda s: s, 0.0),
    "shifted": (normal, lambda s: s, 0.3),
    "of other shape": (normal, lambda s: s[::-1], 0.0),
    "less varied": (normal, lambda s: 0.8 * s, 0.0),
    "skewed": (skewed, lambda s: 0.9 * s, 0.1),
    "heavy tails": (heavy, lambda s: 0.9 * s, 0.1),
}


def measure(kind, own, count, draws):
    """Returns ratio and cover of FID, of FID-infinity and of KID, NaN for none.

    Args:
        kind: one of `KINDS`.
        own: standard deviations of the reals' features.
        count: fakes in a draw, and reals for the KID.
        draws: how many.
    """
    draw_z, scale, mean = KINDS[kind]
    theirs, width = scale(own), len(own)
    reals = Gaussian(np.zeros(width), np.diag(own), regular=True)
    true = width * mean**2 + np.sum((own - theirs) ** 2)
    rng = np.random.default_rng(0)
    found = {"FID": [], "FID-infinity": [], "KID": []}
    for _ in range(draws):
        fakes = (draw_z(rng, (count, width)) * theirs + mean).astype(np.float32)
        found["FID"].append((frechet_distance(fakes, reals), fid_error(fakes, reals)))
        if count >= 4 * width:
            found["FID-infinity"].append(fid_infinity(fakes, reals))
        if count <= _LARGEST_KID:
            rows = (rng.standard_normal((count, width)) * own).astype(np.float32)
            found["KID"].append(kernel_distance(rows, fakes))
    numbers = []
    for name, estimates in found.items():
        if not estimates:
            numbers += [np.nan, np.nan]
            continue
        values, errors = np.transpose(np.array(estimates, np.float64))
        truth = true if name == "FID-infinity" else values.mean()
        cover = np.mean(np.abs(values - truth) < 1.96 * errors)
        numbers += [errors.mean() / values.std(ddof=1), cover]
    return numbers


def main():
    """Parses the command line and measures."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--features", type=positive, default=40, help="default 40")
    decay = "the i-th feature's variance is i ** -DECAY; default 1"
    parser.add_argument("--decay", type=float, default=1.0, help=decay)
    ratios = [0.3, 0.5, 1, 2, 4, 10, 50]
    parser.add_argument("--ratios", type=float, nargs="+", default=ratios, help="fakes to a feature")
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=list(KINDS), metavar="KIND")
    parser.add_argument("--draws", type=positive, default=300, help="default 300")
    args = parser.parse_args()
    own = np.arange(1.0, args.features + 1) ** (-args.decay / 2)
    print(
        "| fakes | n / D | FID | cover | FID-infinity | cover | KID | cover |", "| --- " * 8 + "|", sep="\n"
    )
    for kind in args.kinds:
        for ratio in args.ratios:
            numbers = measure(kind, own, max(round(ratio * args.features), 4), args.draws)
            cells = [f"{x:.0%}" if i % 2 else f"{x:.2f}" for i, x in enumerate(numbers)]
            cells = ["" if "nan" in cell else cell for cell in cells]
            print(f"| {kind} | {ratio:g} | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
