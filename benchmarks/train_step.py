"""Our `dcgan` beside PyTorch's tutorial DCGAN, and beside our own as it was: images per second and ratios.

    python benchmarks/train_step.py
    python benchmarks/train_step.py --torch_python=PATH      an interpreter with requirements-torch.txt

All train the networks of the tutorial (64 x 64 pixels, 100 latents, 64 channels, batches of 128, Adam 2e-4
with betas 0.5 and 0.999), each in a process of its own with its library's own defaults. "now" is tfdogs in
the arithmetic that `--precision=auto` chooses here, with its fused Adam; "before" is tfdogs in float32 with
Keras' Adam; "PyTorch" is the tutorial in float32, as it stands. A turn is some steps of each in turn,
then large matrix products in both arithmetics, which tell how much of the machine's speed a step uses. Goal:
twice the tutorial's speed.
"""

import argparse
import contextlib
import sys
from pathlib import Path

from timing import Worker, alternate, cores, machine, peer_python, positive, rates, ratios, spread

_GOAL = 2.0
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


def compare(sides, args):
    """Measures and prints.

    Args:
        sides: name -> `Worker`; "now", "before" and "PyTorch".
        args: the command line's.
    """
    print(f"{machine()}; median (min..max) of {args.rounds} turns of {args.steps} steps", flush=True)
    trained = [lambda side=side: side.run("train", args.steps) for side in sides.values()]
    multiplied = [lambda side=sides[name]: side.run("multiply", args.products) for name in ("now", "before")]
    *answers, products_now, products_before = alternate([*trained, *multiplied], args.rounds)
    images = args.steps * args.batch_size
    speeds = {
        name: report(side.facts, answer, images) for (name, side), answer in zip(sides.items(), answers)
    }
    print(f"now / PyTorch: {spread(ratios(speeds['now'], speeds['PyTorch']), 2)} (goal: {_GOAL})")
    print(f"now / before: {spread(ratios(speeds['now'], speeds['before']), 2)}")
    print(f"before / PyTorch: {spread(ratios(speeds['before'], speeds['PyTorch']), 2)}")
    flops = sides["now"].facts["image_flops"]
    print(f"a step needs {flops / 1e9:.2f} GFLOP an image")
    for names, products in ((["now"], products_now), (["before", "PyTorch"], products_before)):
        facts = sides[names[0]].facts
        peaks = rates(products, args.products * facts["product_flops"])
        arithmetic = facts["policy"].removeprefix("mixed_")
        print(f"{arithmetic} matrix product: {spread([peak / 1e9 for peak in peaks], 0)} GFLOP/s")
        for name in names:
            shares = [100 * flops * speed / peak for speed, peak in zip(speeds[name], peaks)]
            print(f"share of the {arithmetic} matrix product's speed: {name} {spread(shares, 0)} %")


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
    ours = [sys.executable, _HERE / "tfdogs_dcgan.py", *sizes, *(["--ema"] if args.ema else [])]
    commands = {
        "now": ours,
        "before": [*ours, "--precision=float32", "--keras_adam"],
        "PyTorch": [args.torch_python or peer_python(), _HERE / "torch_dcgan.py", *sizes],
    }
    with contextlib.ExitStack() as stack:
        compare({name: stack.enter_context(Worker(command)) for name, command in commands.items()}, args)


if __name__ == "__main__":
    main()
