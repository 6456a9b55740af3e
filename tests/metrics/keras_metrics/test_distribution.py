"""The metrics under `tf.distribute`.

Virtual devices have to be there before TensorFlow starts: this file is its own script, which the test runs
once in a process of its own.
"""

import json
import sys
from pathlib import Path

import numpy as np
import pytest

pytestmark = pytest.mark.slow

NUM_IMAGES = 44  # in batches of 16, the last of which is 6 and 6


def main(output):
    """Writes each metric's results on one replica and on two, in `evaluate` and in a loop of one's own."""
    import tensorflow as tf

    cpu = tf.config.list_physical_devices("CPU")[0]
    tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
    one, two = tf.distribute.get_strategy(), tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
    assert two.num_replicas_in_sync == 2
    results = {"one": evaluate(one), "two": evaluate(two), "loop": loop(two)}
    Path(output).write_text(json.dumps(results), encoding="utf-8")


def data():
    rng = np.random.default_rng(0)
    reals, fakes = rng.uniform(0.1, 1, (2, NUM_IMAGES, 4)).astype(np.float32)
    return reals, fakes / fakes.sum(axis=1, keepdims=True)  # probabilities too


def metrics():
    from tfdogs import metrics

    return [
        metrics.FID(4),
        metrics.KID(4, block_size=20),
        metrics.PrecisionRecall(4, capacity=50),
        metrics.MiFID(4, capacity=50),
        metrics.InceptionScore(4),
    ]


def evaluate(strategy):
    import keras

    reals, fakes = data()
    with strategy.scope():
        layers = [keras.layers.InputLayer(input_shape=(4,)), keras.layers.Activation("linear")]
        model = keras.Sequential(layers)
        model.compile(metrics=metrics())
    for _ in range(2):  # the second time from the start
        results = model.evaluate(fakes, reals, batch_size=16, verbose=0, return_dict=True)
    return results


def loop(strategy):
    import tensorflow as tf

    with strategy.scope():
        made = metrics()
    batches = strategy.experimental_distribute_dataset(tf.data.Dataset.from_tensor_slices(data()).batch(16))

    @tf.function
    def step(reals, fakes):
        for metric in made:
            metric.update_state(reals, fakes)

    for reals, fakes in batches:
        strategy.run(step, args=(reals, fakes))
    results = {}
    for metric in made:
        result = metric.result()
        results.update(result if isinstance(result, dict) else {metric.name: result})
    return {name: float(value) for name, value in results.items()}


def test_two_replicas_measure_what_one_does(run_script, tmp_path):
    output = tmp_path / "results.json"
    run_script(__file__, output)
    results = json.loads(output.read_text(encoding="utf-8"))
    names = {"fid", "kid", "precision", "recall", "mifid", "inception_score"}
    for way in ("two", "loop"):
        assert names <= set(results[way])
        for name in names:
            np.testing.assert_allclose(results[way][name], results["one"][name], rtol=1e-9, err_msg=name)
    assert np.isfinite([results["one"][name] for name in names]).all()


if __name__ == "__main__":
    main(sys.argv[1])
