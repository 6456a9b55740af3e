"""Evaluations of a run that is mirrored over two devices, several steps a call.

Virtual devices have to be there before TensorFlow starts: this file is its own script, which the test runs in
a process of its own.
"""

import sys
from pathlib import Path

import pytest

from tfdogs.training.callbacks import metrics_log


def main(path):
    """Trains what the configuration there says on two devices; the extractor is made here."""
    import keras
    import tensorflow as tf

    from tfdogs.training import run
    from tfdogs.training.config import TrainConfig

    cpu = tf.config.list_physical_devices("CPU")[0]
    tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
    config = TrainConfig.load(path)
    pooled = [keras.Input((8, 8, 3)), keras.layers.AveragePooling2D(2), keras.layers.Flatten()]
    keras.Sequential(pooled).save(config.eval_extractor)
    run.train(config)


@pytest.mark.slow
def test_a_mirrored_run_scores_itself(make_config, run_script, tmp_path):
    config = make_config(
        model="mlp", g_channels=1, d_channels=1, augment="", r1=0.0, total_kimg=0.024,
        strategy="mirrored", steps_per_execution=2, eval_kimg=0.008, eval_images=20, eval_metrics="fid",
        eval_extractor=str(tmp_path / "pool.keras"), cache_dir=str(tmp_path / "cache"),
    )  # fmt: skip
    (tmp_path / "config.json").write_text(config.dump())
    run_script(__file__, tmp_path / "config.json")
    lines = metrics_log.read(Path(config.model_dir, "evaluations.jsonl"))
    assert [line["kimg"] for line in lines] == [0.0, 0.008, 0.016, 0.024]
    assert len({line["scores"]["fid"]["value"] for line in lines}) == 4  # of the weights of the moment
    assert Path(config.model_dir, "best", "best.json").is_file()


if __name__ == "__main__":
    main(sys.argv[1])
