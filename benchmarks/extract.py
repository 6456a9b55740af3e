"""Our EfficientNet-Lite0 beside PyTorch's: images per second of each, in turns, and the ratio.

    python benchmarks/extract.py
    python benchmarks/extract.py --torch_python=PATH      an interpreter with requirements-torch.txt

Both have the same weights and float32, each in a process of its own with its library's own defaults, and turn
uint8 images in memory into features and class scores: of 224 pixels, which the network takes as they are, and
of 64 pixels, which are resized first. Of PyTorch's two memory layouts and two batch sizes the fastest is
taken. Goal: a ratio of at least 1.0.
"""

import argparse
import contextlib
import functools
import statistics
import sys
import tempfile
from pathlib import Path

import numpy as np
from timing import Worker, alternate, machine, peer_python, positive, rates, ratios, spread

_GOAL = 1.0
_HERE = Path(__file__).resolve().parent
_TITLES = {"network": "224 pixels, the network alone", "whole": "64 pixels, resize and network"}
_SETTINGS = [(layout, size) for layout in ("contiguous", "channels_last") for size in (8, 32)]


def make_images(path, number):
    """Writes smooth random images, uint8 [number, size, size, 3], of both sizes."""
    rng = np.random.default_rng(0)
    coarse = rng.integers(0, 256, (number, 16, 16, 3), np.uint8)
    sizes = {"network": 14, "whole": 4}
    np.savez(path, **{name: coarse.repeat(n, axis=1).repeat(n, axis=2) for name, n in sizes.items()})


def fastest(peers, images):
    """Tries PyTorch's settings and prints their speeds; returns the best."""
    answers = alternate([functools.partial(peer.run, "network", images) for peer in peers], 2)
    speeds = [statistics.median(rates(turns, images)) for turns in answers]
    for peer, speed in zip(peers, speeds):
        print(f"tried: {peer.facts['name']}: {speed:.1f} img/s", flush=True)
    return peers[speeds.index(max(speeds))]


def compare(ours, theirs, args):
    """Measures and prints."""
    for task, title in _TITLES.items():
        sides = [ours, theirs]
        contenders = [functools.partial(side.run, task, args.images) for side in sides]
        turns = alternate(contenders, args.rounds)
        speeds = [rates(answers, args.images) for answers in turns]
        print(f"{title}:")
        for side, speed, answers in zip(sides, speeds, turns):
            seconds = [answer["cpu_seconds"] / args.images * 1e3 for answer in answers]
            name = f"{side.facts['name']}, {side.facts['threads']} threads"
            print(f"  {name}: {spread(speed)} img/s; {spread(seconds)} CPU ms an image")
        print(f"  ratio: {spread(ratios(*speeds), 2)} (goal: {_GOAL})", flush=True)


def compare_features(ours, theirs):
    """Prints how far the two sides' features are from each other."""
    ours, theirs = np.load(ours), np.load(theirs)
    for task, title in _TITLES.items():
        difference = np.abs(ours[task] - theirs[task]).max()
        print(f"features, {title}: largest difference {difference:.1e}, largest value {ours[task].max():.2f}")


def main():
    """Parses the command line and runs."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--torch_python", help="default: a virtualenv, made from requirements-torch.txt")
    parser.add_argument("--images", type=positive, default=64, help="images a turn (default 64)")
    parser.add_argument("--rounds", type=positive, default=5, help="turns of each (default 5)")
    args = parser.parse_args()
    torch_python = args.torch_python or peer_python()
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        make_images(folder / "images.npz", args.images)

        def start(program, name, python, *options):
            files = [f"--images={folder / 'images.npz'}", f"--features={folder / name}.npz"]
            return stack.enter_context(Worker([python, _HERE / program, *files, *options]))

        print(f"{machine()}; median (min..max) of {args.rounds} turns of {args.images} images", flush=True)
        ours = start("tfdogs_efficientnet.py", "tfdogs", sys.executable)
        options = [[f"--layout={layout}", f"--batch_size={size}"] for layout, size in _SETTINGS]
        names = [f"torch{i}" for i in range(len(options))]
        peers = [start("torch_efficientnet.py", n, torch_python, *o) for n, o in zip(names, options)]
        theirs = fastest(peers, args.images)
        compare(ours, theirs, args)
        compare_features(folder / "tfdogs.npz", folder / f"{names[peers.index(theirs)]}.npz")


if __name__ == "__main__":
    main()
