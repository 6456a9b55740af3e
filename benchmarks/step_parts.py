"""What a training step of the default recipe spends its time on, part by part, now and before.

    python benchmarks/step_parts.py
    python benchmarks/step_parts.py --batch_size=32 --rounds=9

"now" computes as `--precision=auto` chooses here, with the fused Adam and simultaneous updates, which spare D
a pass; "before" in float32 with Keras' Adam, alternating, but with today's convolutions. On two cores
training chooses `--op_threads=1`. A turn is each part of both, one after the other. A part is a graph of its
own: the parts need not add up to the whole step, whose graph shares some of their work. R1 is due in every
eighth step: an eighth is printed.
"""

import argparse
import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import time

import keras
import numpy as np
import tensorflow as tf
from timing import alternate, machine, positive, spread

from tfdogs.models.noise import Noise
from tfdogs.training.build import build
from tfdogs.training.config import TrainConfig
from tfdogs.training.data_card import DataCard
from tfdogs.training.ema import update_average

_CARD = DataCard(image_size=64, channels=3, classes=(), num_images=10_000, fingerprint="")


def make_gan(name):
    """Returns the default recipe's GAN, compiled, as it is now or as it was before."""
    now = name == "now"
    config = TrainConfig(
        data_dir="-",
        model_dir="-",
        precision="auto" if now else "float32",
        updates="auto" if now else "alternating",
        schedule_kimg=0.0,  # Keras' Adam follows none
    )
    gan = build(config, _CARD)
    if not now:
        plain = keras.optimizers.Adam.from_config
        gan.compile(
            g_optimizer=plain(gan.g_optimizer.get_config()), d_optimizer=plain(gan.d_optimizer.get_config())
        )
    return gan


def make_parts(gan, batch_size):
    """Returns the parts, name -> (function without arguments, share of the steps in which it is due)."""
    images = tf.constant(np.random.default_rng(0).integers(0, 256, (batch_size, 64, 64, 3), np.uint8))
    floats = tf.cast(images, tf.float32) / 127.5 - 1.0
    z = tf.random.stateless_normal([batch_size, gan.latent_dim], [1, 2])
    generator, discriminator = gan.generator, gan.discriminator
    noise = Noise.at(0, tf.constant(0, tf.int64))
    gradients = {
        network: [tf.ones_like(w) for w in network.trainable_variables]
        for network in (generator, discriminator)
    }

    def learn_to_judge():
        with tf.GradientTape() as tape:
            logits = [discriminator(floats, training=True) for _ in range(2)]
            loss = tf.reduce_mean(tf.nn.softplus(-logits[0]) + tf.nn.softplus(logits[1]))
        return tape.gradient(loss, discriminator.trainable_variables)

    def draw_and_learn():
        with tf.GradientTape() as tape:
            fakes = generator(z, training=True)
        return tape.gradient(fakes, generator.trainable_variables, output_gradients=floats)

    def judge_for_the_generator():
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(floats)
            loss = tf.reduce_mean(tf.nn.softplus(-discriminator(floats, training=True)))
        return tape.gradient(loss, floats)

    def augment():
        # Before: of reals, of fakes, and of fakes again where they teach G.
        seen = [gan.augment(floats, noise.fold(use)) for use in range(1 if gan.simultaneous else 2)]
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(floats)
            seen.append(gan.augment(floats, noise.fold(2)))
        return [*seen, tape.gradient(seen[-1], floats, output_gradients=floats)]

    def penalize():
        with tf.GradientTape() as tape:
            penalty = gan.regularizers[0](lambda x: discriminator(x, training=True), floats, floats, noise)
        return tape.gradient(penalty, discriminator.trainable_variables)

    def take_steps():
        for optimizer, network in ((gan.g_optimizer, generator), (gan.d_optimizer, discriminator)):
            optimizer.apply_gradients(zip(gradients[network], network.trainable_variables))
        return optimizer.iterations + 0

    def average():
        update_average(gan.ema_generator, generator, tf.constant(0.99))
        return gan.ema_generator.weights[-1] + 0.0

    every_step, lazily = 1.0, 1 / gan.regularizers[0].interval
    return {
        "D on reals and fakes, its gradient": (learn_to_judge, every_step),
        "G draws, its gradient": (draw_and_learn, every_step),
        "D judges for G": (judge_for_the_generator, 0.0 if gan.simultaneous else every_step),
        "augmentation, three times; now two": (augment, every_step),
        "R1": (penalize, lazily),
        "two Adams": (take_steps, every_step),
        "average": (average, every_step),
        "whole step": (lambda: gan.train_step(images), every_step),
    }


def timed(function, share, steps):
    """Returns a contender: milliseconds of a call that it takes of a step, the mean over some calls."""
    graph = tf.function(function)

    def run():
        if not share:
            return 0.0
        began = time.perf_counter()
        for _ in range(steps):
            result = graph()
        for value in tf.nest.flatten(result):  # waits until all is done
            if value is not None:  # as the gradient of a bias that a penalty does not see
                value.numpy()
        return 1000 * share * (time.perf_counter() - began) / steps

    return run


def main():
    """Parses the command line and runs."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--batch_size", type=positive, default=TrainConfig.batch_size, help="images a step")
    parser.add_argument("--steps", type=positive, default=16, help="calls of each part a turn (default 16)")
    parser.add_argument("--op_threads", type=int, default=0, help="as tfdogs.train's (default 0: all)")
    parser.add_argument("--rounds", type=positive, default=5, help="turns of each (default 5)")
    args = parser.parse_args()
    tf.config.threading.set_intra_op_parallelism_threads(args.op_threads)
    parts = {name: make_parts(make_gan(name), args.batch_size) for name in ("now", "before")}
    print(f"{machine()}; median (min..max) of {args.rounds} turns of {args.steps} calls", flush=True)
    names = list(parts["now"])
    contenders = [timed(*parts[side][name], args.steps) for name in names for side in ("before", "now")]
    answers = alternate(contenders, args.rounds, pause=0.0)
    print("| part of a step, ms | before | now |\n| --- | --- | --- |")
    for i, name in enumerate(names):
        print(f"| {name} | {spread(answers[2 * i], 2)} | {spread(answers[2 * i + 1], 2)} |")


if __name__ == "__main__":
    main()
