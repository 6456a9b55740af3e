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

_SIDE = 4096  # of the matrices whose product measures the machine


def build(batch_size, latent_dim, channels, ema):
    """Returns the GAN with the peer's settings, and an endless dataset of uint8 batches."""
    g, d = registry.build(
        "dcgan", image_size=64, latent_dim=latent_dim, g_channels=channels, d_channels=channels
    )
    gan = tfdogs.GAN(generator=g, discriminator=d, loss="non_saturating", ema=10.0 if ema else None)
    adam = [keras.optimizers.Adam(2e-4, beta_1=0.5) for _ in range(2)]
    gan.compile(g_optimizer=adam[0], d_optimizer=adam[1])
    images = np.random.default_rng(0).integers(0, 256, (4 * batch_size, 64, 64, 3), np.uint8)
    data = tf.data.Dataset.from_tensor_slices(images).repeat().batch(batch_size, drop_remainder=True)
    options = tf.data.Options()
    options.autotune.enabled = False  # as in our feed: the end of `fit` would wait for the autotuner to wake
    return gan, data.prefetch(2).with_options(options)


def matrix_product():
    """Returns a function that multiplies two large float32 matrices n times."""
    a, b = (tf.random.normal([_SIDE, _SIDE]) for _ in range(2))

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
    args = parser.parse_args()
    keras.utils.set_random_seed(0)
    gan, data = build(args.batch_size, args.latent_dim, args.channels, args.ema)
    facts = {
        "name": f"tfdogs on TensorFlow {tf.__version__}",
        "threads": tf.config.threading.get_intra_op_parallelism_threads() or cores(),
        "image_flops": step_flops(gan.generator, gan.discriminator),
        "product_flops": 2 * _SIDE**3,
    }
    serve(
        facts,
        train=lambda steps: gan.fit(data, steps_per_epoch=steps, verbose=0),
        multiply=matrix_product(),
    )


if __name__ == "__main__":
    main()
