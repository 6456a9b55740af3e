"""The exponential moving average of the generator's weights."""

import keras
import tensorflow as tf


@keras.saving.register_keras_serializable("tfdogs")
class EMA:
    """How fast the averaged generator forgets.

    Karras et al. 2018 (half-life in images); the ramp-up is StyleGAN2-ADA's.

    Args:
        half_life_kimg: thousands of images after which a weight's share has halved; default 10.
        rampup: while training is young the half-life is at most this share of the images seen, so that
            the average is not held back by the initial weights; default 0.05; None for no ramp-up.
        schedule: factor on `half_life_kimg` as a function of the images seen, such as
            `tfdogs.training.schedules.Cosine(0.0, 1.0, kimg=1000)`; None for 1.

    Raises:
        ValueError: a value that is not over 0.
    """

    def __init__(self, half_life_kimg=10.0, *, rampup=0.05, schedule=None):
        if not half_life_kimg > 0 or (rampup is not None and not rampup > 0):
            raise ValueError(
                "half_life_kimg and rampup must be over 0. "
                f"Received: half_life_kimg={half_life_kimg}, rampup={rampup}"
            )
        self.half_life_kimg = float(half_life_kimg)
        self.rampup = rampup
        self.schedule = schedule

    def decay(self, batch_size, images_seen):
        """Returns the share of the old average kept by a step, a float32 scalar in [0, 1).

        Args:
            batch_size: images in the step.
            images_seen: images before the step.
        """
        half_life = tf.constant(self.half_life_kimg * 1000.0)
        if self.schedule is not None:
            half_life *= self.schedule(images_seen)
        if self.rampup is not None:
            half_life = tf.minimum(half_life, tf.cast(images_seen, tf.float32) * self.rampup)
        # 0.5 ^ (batch / 0) is 0: the first step copies the weights.
        return tf.pow(0.5, tf.cast(batch_size, tf.float32) / tf.maximum(half_life, 1e-8))

    def get_config(self):
        """Returns the constructor's arguments."""
        schedule = keras.saving.serialize_keras_object(self.schedule)
        return {"half_life_kimg": self.half_life_kimg, "rampup": self.rampup, "schedule": schedule}

    @classmethod
    def from_config(cls, config):
        """Builds it from what `get_config` returned."""
        return cls(**{**config, "schedule": keras.saving.deserialize_keras_object(config.get("schedule"))})


def ordered_weights(model):
    """Returns a model's weights, each once, in an order that does not depend on what of it is frozen.

    `Model.weights` won't do: a layer made of layers puts what is trainable first, so the lists of a model
    and of its frozen twin differ in their order.
    """
    found = []
    for module in model._flatten_modules():
        if isinstance(module, keras.layers.Layer):
            found += module._trainable_weights + module._non_trainable_weights
        else:
            found += module.variables
    return list({id(weight): weight for weight in found}.values())  # tied ones once


def weight_pairs(first, second):
    """Returns the weights of two models of one architecture as pairs, whatever in them is frozen.

    Raises:
        ValueError: the models don't have the same number of weights.
    """
    pair = ordered_weights(first), ordered_weights(second)
    if len(pair[0]) != len(pair[1]):
        raise ValueError(
            "the models must be of one architecture. "
            f"Received: models with {len(pair[0])} and {len(pair[1])} weights"
        )
    return list(zip(*pair))


def update_average(average, current, decay):
    """Moves one model's weights towards another's: average <- decay * average + (1 - decay) * current.

    All weights are averaged, BatchNorm's moving statistics included; what is not floating is copied.
    Works in a replica context of any `tf.distribute` strategy.

    Args:
        average: the model that is moved.
        current: a model of the same architecture.
        decay: float32 scalar in [0, 1].
    """
    pairs = weight_pairs(average, current)

    def move(old, new, decay):
        if old.dtype.is_floating:
            share = tf.cast(decay, old.dtype)
            new = share * old + (1.0 - share) * tf.cast(new, old.dtype)
        old.assign(new)

    def merged(strategy, decay):
        for old, new in pairs:
            strategy.extended.update(old, move, args=(new, decay), group=True)

    context = tf.distribute.get_replica_context()
    if context.num_replicas_in_sync == 1:
        for old, new in pairs:
            move(old, new, decay)
    else:
        context.merge_call(merged, args=(decay,))
