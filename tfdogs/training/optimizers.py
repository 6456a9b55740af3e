"""Two optimizers in one model: their slots, and loss scaling under float16."""

import keras
import tensorflow as tf

_LossScale = keras.mixed_precision.LossScaleOptimizer


def prepare(optimizer, network, name="optimizer"):
    """Returns the optimizer with its slots created, wrapped in loss scaling where the network is in float16.

    Keras does both on its own for `model.optimizer` only.

    Args:
        optimizer: a Keras optimizer, its name or its config.
        network: the model that it will train.
        name: of the argument that it was.

    Raises:
        ValueError: an optimizer of `keras.optimizers.legacy`, whose slots can't be created in advance, or one
            that has slots of other variables.
    """
    optimizer = keras.optimizers.get(optimizer)
    if not isinstance(optimizer, keras.optimizers.Optimizer):
        received = f"{type(optimizer).__module__}.{type(optimizer).__name__}"
        raise ValueError(f"optimizers must be of keras.optimizers, not of its legacy. Received: {received}")
    half = any(getattr(layer, "compute_dtype", None) == "float16" for layer in network.submodules)
    if half and not isinstance(optimizer, _LossScale):
        optimizer = _LossScale(optimizer)
    inner = getattr(optimizer, "inner_optimizer", optimizer)
    optimizer.build(network.trainable_variables)
    if any(inner._var_key(variable) not in inner._index_dict for variable in network.trainable_variables):
        raise ValueError(
            f"{name} has the state of other variables, of another model or from before some were frozen: "
            f"pass a new one, as {type(inner).__name__}.from_config(old.get_config()) makes it. "
            f"Received: an optimizer of {len(inner._index_dict)} variables"
        )
    return optimizer


def scaled(optimizer, loss, share=None):
    """Returns the loss whose gradient `gradients` takes: this replica's share, loss scaling included.

    Args:
        optimizer: what `prepare` returned.
        loss: the mean over this replica's images.
        share: of those in the global batch, see `tfdogs.models.batches.Batch`; default: all have equal ones.
    """
    if share is None:
        share = 1 / tf.distribute.get_replica_context().num_replicas_in_sync
    loss = loss * share
    return optimizer.get_scaled_loss(loss) if isinstance(optimizer, _LossScale) else loss


def gradients(optimizer, tape, scaled_loss, variables):
    """Returns the gradients of a loss that `scaled` gave, true to scale; zeros where there is no path."""
    values = tape.gradient(scaled_loss, variables, unconnected_gradients=tf.UnconnectedGradients.ZERO)
    values = [tf.convert_to_tensor(value) for value in values]  # embeddings give IndexedSlices
    return optimizer.get_unscaled_gradients(values) if isinstance(optimizer, _LossScale) else values


def apply_when(due, optimizer, gradients, variables):
    """Takes an optimizer's step where `due`, a bool scalar that is the same on all replicas, holds.

    Where it does not, neither the variables nor the optimizer's state change.
    """
    context = tf.distribute.get_replica_context()

    def step():
        optimizer.apply_gradients(zip(gradients, variables))

    if not tf.distribute.has_strategy():
        tf.cond(due, step, lambda: None)
        return
    # Replicas cannot meet under a condition: the condition stands where they have met.
    inner = optimizer.inner_optimizer if isinstance(optimizer, _LossScale) else optimizer
    pairs = inner.aggregate_gradients(list(zip(gradients, variables)))

    def met(strategy, due, gradients):
        def apply(gradients):
            pairs = zip(gradients, variables)
            optimizer.apply_gradients(pairs, skip_gradients_aggregation=True)

        due = strategy.experimental_local_results(due)[0]
        tf.cond(due, lambda: strategy.extended.call_for_each_replica(apply, args=(gradients,)), lambda: None)

    context.merge_call(met, args=(due, [gradient for gradient, _ in pairs]))
