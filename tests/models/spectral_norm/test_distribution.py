"""Spectral normalization under `tf.distribute`.

Virtual devices have to be there before TensorFlow starts: this file is its own script, which the test runs
once in a process of its own.
"""

import json
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfdogs.models.spectral_norm import SNConv2D, SNDense

pytestmark = pytest.mark.slow


def main(output):
    """Trains on one replica and on two: every step, and once more in a condition every second."""
    cpu = tf.config.list_physical_devices("CPU")[0]
    tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
    strategies = {
        "one": tf.distribute.get_strategy(),
        "two": tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"]),
    }
    results = {}
    for name, strategy in strategies.items():
        with strategy.scope():
            keras.utils.set_random_seed(0)
            model = keras.Sequential(
                [keras.Input((4, 4, 3)), SNConv2D(4, resample="down"), keras.layers.Flatten(), SNDense(1)]
            )
            optimizer = keras.optimizers.SGD(0.1)
            optimizer.build(model.trainable_variables)

        def loss_gradients(images, model=model):
            with tf.GradientTape() as tape:
                loss = tf.reduce_sum(tf.square(model(images, training=True) - 1.0)) / 8
            return tape.gradient(loss, model.trainable_variables)

        def step(images, due, model=model, optimizer=optimizer, gradients_of=loss_gradients):
            variables = model.trainable_variables
            zeros = [tf.zeros_like(v) for v in variables]
            extra = tf.cond(due, lambda: gradients_of(images), lambda: zeros)
            gradients = [a + b for a, b in zip(gradients_of(images), extra)]
            optimizer.apply_gradients(zip(gradients, variables))

        images = np.random.default_rng(0).normal(size=(8, 4, 4, 3)).astype("float32")
        data = strategy.experimental_distribute_dataset(
            tf.data.Dataset.from_tensor_slices(images).batch(8).repeat(4)
        )
        run = tf.function(lambda batch, due, s=strategy, f=step: s.run(f, args=(batch, due)))
        for i, batch in enumerate(data):
            run(batch, tf.constant(i % 2 == 0))
        replicas = [
            strategy.experimental_local_results(layer.u) for layer in model.layers if hasattr(layer, "u")
        ]
        checkpoint = tf.train.Checkpoint(model=model)
        path = checkpoint.write(str(output) + name)
        trained = model.get_weights()
        model.set_weights([np.zeros_like(w) for w in trained])
        checkpoint.read(path).assert_consumed()
        results[name] = {
            "weights": [w.tolist() for w in trained],
            "restored": [w.tolist() for w in model.get_weights()],
            "u": [[copy.numpy().tolist() for copy in copies] for copies in replicas],
        }
    Path(output).write_text(json.dumps(results), encoding="utf-8")


def test_replicas_train_as_one_and_agree_on_u(run_script, tmp_path):
    output = tmp_path / "results.json"
    run_script(__file__, output)
    results = json.loads(output.read_text(encoding="utf-8"))
    assert [len(copies) for copies in results["two"]["u"]] == [2, 2]
    for first, second in results["two"]["u"]:
        np.testing.assert_array_equal(first, second)
    for a, b in zip(results["one"]["weights"], results["two"]["weights"]):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)
    for result in results.values():
        for a, b in zip(result["weights"], result["restored"]):
            np.testing.assert_array_equal(a, b)


if __name__ == "__main__":
    main(sys.argv[1])
