"""Our `dcgan` beside PyTorch's tutorial DCGAN: images per second of each, in turns, and the ratio.

    python benchmarks/train_step.py
    python benchmarks/train_step.py --torch_python=PATH      an interpreter with requirements-torch.txt

Both train the networks of the tutorial (64 x 64 pixels, 100 latents, 64 channels, batches of 128, Adam 2e-4
with betas 0.5 and 0.999), in float32, each in a process of its own with its library's own defaults. A turn is
some steps of ours, then of theirs, then large matrix products, which tell how much of the machine's speed a
step uses. Goal: a ratio of at least 1.3.
"""

import argparse
import sys
from pathlib import Path

from timing import Worker, alternate, cores, machine, peer_python, positive, rates, ratios, spread

_GOAL = 1.3
_HERE = Path(__file__).resolve().parent


def report(facts, answers, images):
    """Prints one side's line; returns its images per second."""
    speeds = rates(answers, images)
    busy = spread([answer["cpu_seconds"] / answer["seconds"] for answer in answers], 2)
    idle = max(answer["idle_cpu_seconds"] for answer in answers)
    print(
        f"{facts['name']}, {facts['threads']} threads: {spread(speeds)} img/s; "
        f"{busy} of {cores()} cores busy, {idle:.2f} CPU s at most between turns"
    )
    return speeds


def compare(ours, theirs, args):
    """Measures and prints."""
    print(f"{machine()}; median (min..max) of {args.rounds} turns of {args.steps} steps", flush=True)
    our_answers, their_answers, products = alternate(
        [
            lambda: ours.run("train", args.steps),
            lambda: theirs.run("train", args.steps),
            lambda: ours.run("multiply", args.products),
        ],
        args.rounds,
    )
    images = args.steps * args.batch_size
    our_speeds = report(ours.facts, our_answers, images)
    their_speeds = report(theirs.facts, their_answers, images)
    print(f"ratio: {spread(ratios(our_speeds, their_speeds), 2)} (goal: {_GOAL})")
    flops = ours.facts["image_flops"]
    peaks = rates(products, args.products * ours.facts["product_flops"])
    print(
        f"float32 matrix product: {spread([peak / 1e9 for peak in peaks], 0)} GFLOP/s; "
        f"a step needs {flops / 1e9:.2f} GFLOP an image"
    )
    for side, speeds in (("tfdogs", our_speeds), ("PyTorch", their_speeds)):
        shares = [100 * flops * speed / peak for speed, peak in zip(speeds, peaks)]
        print(f"share of the matrix product's speed: {side} {spread(shares, 0)} %")


def main():
    """Parses the command line and runs."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--torch_python", help="default: a virtualenv, made from requirements-torch.txt")
    parser.add_argument("--batch_size", type=positive, default=128, help="images a step (default 128)")
    parser.add_argument("--steps", type=positive, default=3, help="training steps a turn (default 3)")
    parser.add_argument("--products", type=positive, default=3, help="matrix products a turn (default 3)")
    parser.add_argument("--rounds", type=positive, default=5, help="turns of each (default 5)")
    parser.add_argument("--ema", action="store_true", help="keep an averaged generator, which the peer lacks")
    args = parser.parse_args()
    sizes = [f"--batch_size={args.batch_size}"]
    our_command = [sys.executable, _HERE / "tfdogs_dcgan.py", *sizes, *(["--ema"] if args.ema else [])]
    with Worker(our_command) as ours:
        their_command = [args.torch_python or peer_python(), _HERE / "torch_dcgan.py", *sizes]
        with Worker(their_command) as theirs:
            compare(ours, theirs, args)


if __name__ == "__main__":
    main()
