"""One point of the study: a network, trained on one mix and tested."""

import math
import time

import keras
import numpy as np

from tfdogs.classification.accuracy_curve import AccuracyCurve
from tfdogs.classification.batches import batches
from tfdogs.classification.point import Point
from tfdogs.models.googlenet import GoogLeNet


def network(config, image_shape, num_classes, *, seed, steps):
    """Returns a compiled GoogLeNet, its weights drawn from `seed`.

    Args:
        config: `tfdogs.classification.config.ClassifyConfig`.
        image_shape: (height, width, channels).
        num_classes: number of classes.
        seed: of weights and dropout.
        steps: in which the learning rate falls to 0.
    """
    keras.utils.set_random_seed(seed)
    googlenet = GoogLeNet(
        image_shape[0],
        image_shape[-1],
        num_classes,
        width=config.width,
        batch_norm=config.batch_norm,
        dropout=config.dropout,
        dtype=None if config.precision == "float32" else config.precision,
    )
    optimizer = keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(config.learning_rate, steps))
    googlenet.compile(optimizer)  # Keras wraps it in loss scaling where the network is in float16
    googlenet.optimizer.build(googlenet.trainable_variables)  # in the first step it would cost a second trace
    return googlenet


def steps_per_epoch(config, count):
    """Returns the steps in which a network sees `count` images once."""
    return math.ceil(count / config.batch_size)


def train(config, images, labels, tests, *, fraction, seed, callbacks=()):
    """Trains a network on images and tests it.

    Equal arguments give an equal point on one machine, whatever was trained before.

    Args:
        config: `tfdogs.classification.config.ClassifyConfig`.
        images: uint8 [N, H, W, C] to learn from.
        labels: int32 [N], every class among them.
        tests: kind -> (uint8 images [M, H, W, C], int32 labels [M]).
        fraction: share of generated images, for the record.
        seed: of weights, dropout, order and flips.
        callbacks: further `keras.callbacks.Callback`s.

    Returns:
        `tfdogs.classification.point.Point`.
    """
    began = time.perf_counter()
    steps = steps_per_epoch(config, len(images))
    num_classes = int(labels.max()) + 1
    model = network(config, images.shape[1:], num_classes, seed=seed, steps=steps * config.epochs)
    curve = AccuracyCurve(
        tests, steps_per_epoch=steps, batch_size=config.batch_size, early_points=config.early_points
    )
    stream = batches(images, labels, batch_size=config.batch_size, seed=seed, flip=config.flip)
    model.fit(stream, epochs=config.epochs, steps_per_epoch=steps, verbose=0, callbacks=[curve, *callbacks])
    return Point(
        fraction=fraction,
        seed=seed,
        accuracy={kind: curve.lines[-1][kind] for kind in tests},
        recall={
            kind: [_share(curve.right[kind][of == label]) for label in range(num_classes)]
            for kind, (_, of) in tests.items()
        },
        curve=tuple(curve.lines),
        seconds=round(time.perf_counter() - began, 3),
    )


def _share(right):
    return float(np.mean(right)) if len(right) else None
