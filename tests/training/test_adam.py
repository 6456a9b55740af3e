import keras
import numpy as np
import pytest
import tensorflow as tf

from tfdogs.training.adam import FusedAdam

GRADIENTS = np.random.default_rng(0).normal(size=(6, 3, 2)).astype(np.float32)


def train(optimizer, gradients, weights=None):
    weights = tf.Variable(tf.ones([3, 2])) if weights is None else weights

    @tf.function
    def step(gradient):
        optimizer.apply_gradients([(gradient, weights)])

    for gradient in gradients:
        step(tf.constant(gradient))
    return weights


@pytest.mark.parametrize(
    "arguments",
    [{}, {"beta_1": 0.0, "beta_2": 0.99}, {"weight_decay": 0.1}, {"global_clipnorm": 0.5}, {"amsgrad": True}],
    ids=str,
)
def test_it_computes_what_keras_does(arguments):
    ours, theirs = (adam(0.1, **arguments) for adam in (FusedAdam, keras.optimizers.Adam))
    np.testing.assert_allclose(train(ours, GRADIENTS), train(theirs, GRADIENTS), rtol=1e-4)
    for own, other in zip(ours.variables, theirs.variables):
        np.testing.assert_allclose(own, other, rtol=1e-4)


def test_sparse_gradients_are_left_to_keras():
    rows = tf.IndexedSlices(tf.ones([1, 2]), tf.constant([1]), tf.constant([3, 2]))
    trained = []
    for adam in (FusedAdam, keras.optimizers.Adam):
        trained.append(tf.Variable(tf.ones([3, 2])))
        adam(0.1).apply_gradients([(rows, trained[-1])])
    np.testing.assert_array_equal(*trained)
    assert np.unique(trained[0][0]) == 1


def test_either_goes_on_from_the_others_checkpoint(tmp_path):
    whole = train(keras.optimizers.Adam(0.1), GRADIENTS)
    first = keras.optimizers.Adam(0.1)
    weights = train(first, GRADIENTS[:3])
    path = tf.train.Checkpoint(optimizer=first, weights=weights).write(str(tmp_path / "old"))
    second, restored = FusedAdam(0.1), tf.Variable(tf.zeros([3, 2]))
    second.build([restored])
    tf.train.Checkpoint(optimizer=second, weights=restored).read(path).assert_consumed()
    np.testing.assert_allclose(train(second, GRADIENTS[3:], restored), whole, rtol=1e-4)


def test_config_round_trip():
    config = keras.saving.serialize_keras_object(FusedAdam(0.2, beta_1=0.3))
    copy = keras.saving.deserialize_keras_object(config)
    assert type(copy) is FusedAdam and copy.beta_1 == 0.3
