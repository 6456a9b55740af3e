"""Our side of `train_step.py`: tfdogs' dcgan, trained through `GAN.fit` as a user would."""

import argparse
import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
import tensorflow as tf
from flops import step_flops
from timing import cores, serve

import tfdogs
from tfdogs.models import registry
from tfdogs.training import precision
from tfdogs.training.adam import FusedAdam
from tfdogs.training.flags.run import PRECISIONS

_SIDE = 4096  # of the matrices whose product measures the machine


def build(args):
    """Returns the GAN with the peer's settings, and an endless dataset of uint8 batches."""
    g, d = registry.build(
        "dcgan",
        image_size=64,
        latent_dim=args.latent_dim,
        g_channels=args.channels,
        d_channels=args.channels,
        dtype=precision.policy(args.precision),
    )
    ema, batch_size = args.ema, args.batch_size
    gan = tfdogs.GAN(generator=g, discriminator=d, loss="non_saturating", ema=10.0 if ema else None)
    make = keras.optimizers.Adam if args.keras_adam else FusedAdam
    adam = [make(2e-4, beta_1=0.5) for _ in range(2)]
    gan.compile(g_optimizer=adam[0], d_optimizer=adam[1])
    images = np.random.default_rng(0).integers(0, 256, (4 * batch_size, 64, 64, 3), np.uint8)
    data = tf.data.Dataset.from_tensor_slices(images).repeat().batch(batch_size, drop_remainder=True)
    options = tf.data.Options()
    options.autotune.enabled = False  # as in our feed: the end of `fit` would wait for the autotuner to wake
    return gan, data.prefetch(2).with_options(options)


def matrix_product(dtype):
    """Returns a function that multiplies two large matrices n times."""
    a, b = (tf.cast(tf.random.normal([_SIDE, _SIDE]), dtype) for _ in range(2))

    def multiply(times):
        for _ in range(times):
            tf.matmul(a, b)

    return multiply


def main():
    """Reads the sizes from the command line and serves."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--batch_size", type=int, default=128)
    parser.add_argument("--latent_dim", type=int, default=100)
    parser.add_argument("--channels", type=int, default=64)
    parser.add_argument("--ema", action="store_true")
    parser.add_argument("--precision", choices=PRECISIONS, default="auto")
    parser.add_argument("--keras_adam", action="store_true")
    args = parser.parse_args()
    keras.utils.set_random_seed(0)
    gan, data = build(args)
    policy = precision.policy(args.precision) or "float32"
    optimizer = "Keras' Adam" if args.keras_adam else "fused Adam"
    facts = {
        "name": f"tfdogs on TensorFlow {tf.__version__}, {policy}, {optimizer}",
        "policy": policy,
        "threads": tf.config.threading.get_intra_op_parallelism_threads() or cores(),
        "image_flops": step_flops(gan.generator, gan.discriminator),
        "product_flops": 2 * _SIDE**3,
    }
    serve(
        facts,
        train=lambda steps: gan.fit(data, steps_per_epoch=steps, verbose=0),
        multiply=matrix_product(policy.removeprefix("mixed_")),
    )


if __name__ == "__main__":
    main()
