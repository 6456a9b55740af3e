"""Our Fréchet distance beside SciPy's `sqrtm` as pytorch-fid uses it, torch-fidelity and TF-GAN.

    python benchmarks/frechet.py
    python benchmarks/frechet.py --torch_python=PATH      an interpreter with requirements-torch.txt

From features [N, 2048] in float64 to the distance, with N of 10,000 and of 1,000, each side in a process of
its own with its library's own threads. The sides take turns; the ratios are pair by pair.

What the distance is, is known beforehand: the fakes are the reals, mapped by a symmetric positive definite
matrix and shifted. Of all maps from one normal distribution to the other such a one moves it least (Brenier),
so the distance is how far the rows moved: the square of the mean move, and the moves' variance about it. That
is a sum without cancellation, right to the last digits of float64 whatever N, the spectrum, and the axes,
which reals and fakes do not share.

Goals: 4 times as fast as `sqrtm`, twice as TF-GAN, no slower than torch-fidelity.
"""

import argparse
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

import numpy as np
from timing import Worker, alternate, machine, peer_python, positive, ratios, spread

_HERE = Path(__file__).resolve().parent
_GOALS = {"scipy": 4.0, "tfgan": 2.0, "torch_fidelity": 1.0}


def make_pair(num_rows, num_features, seed=0):
    """Returns (reals, fakes, exact distance): features float64 [num_rows, num_features], a float.

    The variances fall like i^-1.5, as those of a network's features do, and sum to 100.
    """
    rng = np.random.default_rng(seed)
    variances = np.arange(1, num_features + 1) ** -1.5
    axes = np.linalg.qr(rng.standard_normal((num_features, num_features)))[0]
    deviations = np.sqrt(100 * variances / variances.sum())
    reals = rng.standard_normal((num_rows, num_features)) * deviations @ axes
    axes = np.linalg.qr(rng.standard_normal((num_features, num_features)))[0]
    stretch = (axes * np.exp(rng.normal(0, 0.3, num_features))) @ axes.T
    fakes = reals @ ((stretch + stretch.T) / 2) + rng.normal(0, 0.02, num_features)
    moves = fakes - reals
    mean = moves.mean(axis=0, dtype=np.longdouble)
    about = np.sum((moves - mean) ** 2) / (num_rows - 1)
    return reals, fakes, float(np.sum(mean**2) + about)


def report(num_rows, workers, answers, exact):
    """Prints a line for each side."""
    ours = [answer["seconds"] for answer in answers["tfdogs"]]
    for side, worker in workers.items():
        seconds = [answer["seconds"] for answer in answers[side]]
        value = worker.facts["distances"][str(num_rows)]
        error = "no distance" if value is None else f"relative error {abs(value / exact - 1):.1e}"
        line = f"{num_rows:>6} rows, {worker.facts['name']}: {spread(seconds, 2)} s, {error}"
        if side in _GOALS:
            line += f"; {spread(ratios(seconds, ours), 2)} times ours (goal: {_GOALS[side]:g})"
        print(line, flush=True)


def main():
    """Parses the command line and measures."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--torch_python", help="default: a virtualenv, made from requirements-torch.txt")
    parser.add_argument("--rows", type=positive, nargs="+", default=[10000, 1000], help="default 10000 1000")
    parser.add_argument("--features", type=positive, default=2048, help="default 2048")
    parser.add_argument("--rounds", type=positive, default=2, help="turns of each (default 2)")
    args = parser.parse_args()
    python = {"torch_fidelity": args.torch_python or peer_python()}
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        exact = {}
        for rows in args.rows:
            reals, fakes, exact[rows] = make_pair(rows, args.features)
            np.save(Path(folder, f"reals-{rows}.npy"), reals)
            np.save(Path(folder, f"fakes-{rows}.npy"), fakes)
        workers = {}
        for side in ("tfdogs", *_GOALS):  # each computes all distances once before the next one starts
            command = [python.get(side, sys.executable), _HERE / "frechet_side.py", side, folder, *args.rows]
            workers[side] = stack.enter_context(Worker(command, TF_CPP_MIN_LOG_LEVEL="3"))
        print(f"{machine()}; {args.features} features; median (min..max) of {args.rounds} turns", flush=True)
        for rows in args.rows:
            turns = [lambda w=worker, n=rows: w.run("distance", n) for worker in workers.values()]
            answers = alternate(turns, args.rounds, warm_up=0)
            report(rows, workers, dict(zip(workers, answers)), exact[rows])


if __name__ == "__main__":
    main()
