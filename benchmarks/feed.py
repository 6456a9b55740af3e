"""The feed beside the training step that it feeds: images per second of each, in turns, and the ratio.

    python benchmarks/feed.py                              paper dogs, prepared in a temporary folder
    python benchmarks/feed.py --data_dir=DIR --model=dcgan

The feed is read as fast as it goes, in both of its modes, and nothing is done with the images. The training
step takes the same batch again and again, so that it never waits. Goal: a ratio of at least 20.
"""

import argparse
import os
import tempfile
import time
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import tensorflow as tf
from timing import alternate, machine, ratios, spread

import tfdogs
from tfdogs.data.feed import Feed
from tfdogs.models import registry

_GOAL = 20
_UNTIMED = 10  # batches at the start of a turn, while the buffers fill


class _Clock(keras.callbacks.Callback):
    """Times the steps of a `fit` after its first."""

    def on_train_batch_end(self, batch, logs=None):
        """Notes the time of the first step's end and of the last's."""
        self.last = time.perf_counter()
        if batch == 0:
            self.first = self.last


def feeding(feed, seconds):
    """Returns a function that reads a feed for so many seconds and returns images per second."""
    dataset = feed.batches()

    def run():
        batches = iter(dataset)
        for _ in range(_UNTIMED):
            next(batches)
        images, start = 0, time.perf_counter()
        while time.perf_counter() - start < seconds:
            images += len(next(batches)[1])
        return images / (time.perf_counter() - start)

    return run


def training(feed, model, steps):
    """Returns a function that trains for so many steps and returns images per second."""
    sizes = {"image_size": feed.image_size, "channels": feed.channels}
    generator, discriminator = registry.build(model, **sizes)
    gan = tfdogs.GAN(generator=generator, discriminator=discriminator, loss="non_saturating")
    adam = [keras.optimizers.Adam(2e-4, beta_1=0.5) for _ in range(2)]
    gan.compile(g_optimizer=adam[0], d_optimizer=adam[1])
    images, _ = next(iter(feed.batches()))
    dataset = tf.data.Dataset.from_tensors(images).repeat()

    def run():
        clock = _Clock()
        gan.fit(dataset, steps_per_epoch=steps + 1, verbose=0, callbacks=[clock])
        return steps * feed.batch_size / (clock.last - clock.first)

    return run


def prepare(directory, images, image_size):
    """Makes a data_dir of paper dogs."""
    from tfdogs.data.ingest import prepare
    from tfdogs.data.prepare_config import PrepareConfig

    data_dir = str(Path(directory, "paper_dogs"))
    prepare(PrepareConfig(images=f"paper_dogs:{images}", output_dir=data_dir, image_size=image_size))
    return data_dir


def compare(data_dir, args):
    """Measures and prints."""
    feeds = [Feed(data_dir, batch_size=args.batch_size, memory_limit=limit) for limit in (None, 0)]
    contenders = [feeding(feed, args.seconds) for feed in feeds]
    contenders.append(training(feeds[0], args.model, args.steps))
    print(f"{machine()}; batches of {args.batch_size}; median (min..max) of {args.rounds} turns", flush=True)
    *speeds, trained = alternate(contenders, args.rounds)
    print(f"training step of {args.model}: {spread(trained, 0)} img/s")
    for feed, speed in zip(feeds, speeds):
        ratio = spread(ratios(speed, trained))
        print(f"{feed.describe()}: {spread(speed, 0)} img/s, {ratio} times the training step (goal: {_GOAL})")


def main():
    """Parses the command line and runs."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data_dir", help="made by tfdogs.prepare; default: paper dogs, made anew")
    parser.add_argument("--images", type=int, default=1000, help="paper dogs to make (default %(default)s)")
    parser.add_argument("--image_size", type=int, default=64, help="of the paper dogs (default %(default)s)")
    parser.add_argument("--model", default="dcgan", choices=registry.NAMES)
    parser.add_argument("--batch_size", type=int, default=64)
    parser.add_argument("--steps", type=int, default=10, help="training steps a turn (default %(default)s)")
    parser.add_argument("--seconds", type=float, default=3, help="of reading a turn (default %(default)s)")
    parser.add_argument("--rounds", type=int, default=5, help="turns of each (default %(default)s)")
    args = parser.parse_args()
    if args.data_dir:
        compare(args.data_dir, args)
        return
    with tempfile.TemporaryDirectory() as directory:
        compare(prepare(directory, args.images, args.image_size), args)


if __name__ == "__main__":
    main()
