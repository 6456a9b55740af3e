"""Last batches that two devices do not share evenly: what a step counts. Slower tests compare the weights."""

import json
import sys
from pathlib import Path

import numpy as np
import pytest

COUNTS = (37, 33)  # images at batches of 16: the last one is 3 and 2 on two devices, and 1 and none


def main(output):
    import keras
    import tensorflow as tf

    import tfdogs
    from tfdogs.models import build

    cpu = tf.config.list_physical_devices("CPU")[0]
    tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
    with tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"]).scope():
        generator, discriminator = build(
            "mlp", image_size=8, channels=1, latent_dim=3, g_channels=1, d_channels=1
        )
        gan = tfdogs.GAN(generator=generator, discriminator=discriminator)
        gan.compile(g_optimizer=keras.optimizers.Adam(0.01), d_optimizer=keras.optimizers.Adam(0.01))
    images, seen = np.random.default_rng(0).integers(0, 256, (max(COUNTS), 8, 8, 1), np.uint8), []
    for count in COUNTS:
        before = int(gan.images_seen.numpy())
        losses = gan.fit(images[:count], batch_size=16, verbose=0).history
        seen.append([int(gan.images_seen.numpy()) - before, losses["d_loss"][0]])
    finite = all(np.isfinite(w).all() for net in (generator, discriminator) for w in net.get_weights())
    Path(output).write_text(json.dumps({"seen": seen, "finite": finite}), encoding="utf-8")


@pytest.fixture(scope="module")
def results(run_script, tmp_path_factory):
    output = tmp_path_factory.mktemp("uneven") / "results.json"
    run_script(__file__, output)
    return json.loads(output.read_text(encoding="utf-8"))


def test_images_seen_are_those_of_the_global_batch(results):
    assert [seen for seen, _ in results["seen"]] == list(COUNTS)
    assert results["finite"] and np.isfinite([loss for _, loss in results["seen"]]).all()


if __name__ == "__main__":
    main(sys.argv[1])
