"""What StyleGAN2 learns of a batch under `tf.distribute`.

Virtual devices have to be there before TensorFlow starts: this file is its own script, which the test runs
once in a process of its own.
"""

import json
import sys
from pathlib import Path

import numpy as np
import pytest

pytestmark = pytest.mark.slow


def main(output):
    """Shows a batch to both networks, on one device and on two replicas, and writes what they keep of it."""
    import tensorflow as tf

    cpu = tf.config.list_physical_devices("CPU")[0]
    tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
    strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
    rng = np.random.default_rng(0)
    z, images = (
        rng.normal(size=(8, 4)).astype(np.float32),
        rng.uniform(-1, 1, (8, 8, 8, 1)).astype(np.float32),
    )

    step, results = networks()
    one = results(step(z, images))

    with strategy.scope():
        step, results = networks()

    @tf.function
    def replicated():
        context = tf.distribute.get_replica_context()
        mine = slice(4 * context.replica_id_in_sync_group, 4 * (context.replica_id_in_sync_group + 1))
        return step(tf.constant(z)[mine], tf.constant(images)[mine])

    drawn = strategy.experimental_local_results(strategy.run(replicated))
    Path(output).write_text(json.dumps({"one": one, "two": results(tf.concat(drawn, 0))}), encoding="utf-8")


def networks():
    """Returns a training step of two networks, and what makes a dict of what it returned and left behind."""
    import keras
    import tensorflow as tf

    from tfdogs.models.noise import Noise
    from tfdogs.models.stylegan2 import StyleGAN2Discriminator, StyleGAN2Generator

    keras.utils.set_random_seed(0)
    generator = StyleGAN2Generator(8, 1, 4, base_channels=1, mapping_layers=1)
    discriminator = StyleGAN2Discriminator(8, 1, base_channels=1)
    generator.build()
    discriminator.build()
    (stddev,) = (
        layer.moving_stddev for layer in discriminator.body.layers if hasattr(layer, "moving_stddev")
    )

    def step(z, images):
        noise = Noise.at(0, tf.constant(0, tf.int64))
        due = noise.uniform([1])[0] >= 0  # as a lazy penalty judges
        tf.cond(due, lambda: discriminator(images, training=True), lambda: tf.zeros([1, 1]))
        return generator(z, training=True, noise=noise)

    def results(drawn):
        return {
            "w_mean": generator.w_mean.numpy().tolist(),
            "stddev": float(stddev.numpy()),
            "images": drawn.numpy().tolist(),
        }

    return step, results


def test_two_replicas_are_one_batch(run_script, tmp_path):
    output = tmp_path / "results.json"
    run_script(__file__, output)
    results = json.loads(output.read_text(encoding="utf-8"))
    one, two = results["one"], results["two"]
    np.testing.assert_allclose(two["w_mean"], one["w_mean"], rtol=1e-5)
    np.testing.assert_allclose(two["images"], one["images"], atol=1e-5)  # mixed styles, noise and all
    assert np.abs(one["w_mean"]).min() > 0 and np.std(one["images"]) > 0.01
    assert one["stddev"] > 0 and two["stddev"] > 0  # groups are each replica's own


if __name__ == "__main__":
    main(sys.argv[1])
