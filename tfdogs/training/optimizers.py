"""Two optimizers in one model: their slots, and loss scaling under float16."""

import keras
import tensorflow as tf

_LossScale = keras.mixed_precision.LossScaleOptimizer


def prepare(optimizer, network):
    """Returns the optimizer with its slots created, wrapped in loss scaling where the network is in float16.

    Keras does both on its own for `model.optimizer` only.

    Args:
        optimizer: a Keras optimizer, its name or its config.
        network: the model that it will train.

    Raises:
        ValueError: an optimizer of `keras.optimizers.legacy`, whose slots can't be created in advance.
    """
    optimizer = keras.optimizers.get(optimizer)
    if not isinstance(optimizer, keras.optimizers.Optimizer):
        raise ValueError(f"optimizers must be of keras.optimizers. Received: {type(optimizer)}")
    half = any(getattr(layer, "compute_dtype", None) == "float16" for layer in network.submodules)
    if half and not isinstance(optimizer, _LossScale):
        optimizer = _LossScale(optimizer)
    optimizer.build(network.trainable_variables)
    return optimizer


def scaled(optimizer, loss):
    """Returns the loss whose gradient `gradients` takes: this replica's share, loss scaling included."""
    loss = loss / tf.distribute.get_replica_context().num_replicas_in_sync
    return optimizer.get_scaled_loss(loss) if isinstance(optimizer, _LossScale) else loss


def gradients(optimizer, tape, scaled_loss, variables):
    """Returns the gradients of a loss that `scaled` gave, true to scale; zeros where there is no path."""
    values = tape.gradient(scaled_loss, variables, unconnected_gradients=tf.UnconnectedGradients.ZERO)
    values = [tf.convert_to_tensor(value) for value in values]  # embeddings give IndexedSlices
    return optimizer.get_unscaled_gradients(values) if isinstance(optimizer, _LossScale) else values
