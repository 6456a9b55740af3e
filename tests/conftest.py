import dataclasses
import os
import subprocess
import sys
import types
from pathlib import Path

import pytest
from hypothesis import settings

# The suite tries the same examples every time; `pytest --hypothesis-profile=explore` looks for new ones.
settings.register_profile("same", derandomize=True, deadline=None)
settings.register_profile("explore", deadline=None)
settings.load_profile("same")

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")


@pytest.fixture(scope="session")
def paper_data(tmp_path_factory):
    """A data_dir of 60 paper dogs of 28 px with their breeds."""
    from tfdogs.data.ingest import prepare
    from tfdogs.data.prepare_config import PrepareConfig

    path = tmp_path_factory.mktemp("data") / "paper"
    prepare(PrepareConfig(images="paper_dogs:60", image_size=28, output_dir=str(path), workers=1))
    return path


@pytest.fixture
def make_config(paper_data, tmp_path):
    """Returns a maker of small TrainConfigs: a few steps of 4 images on the paper dogs."""
    from tfdogs.training.config import TrainConfig

    small = TrainConfig(
        data_dir=str(paper_data),
        model_dir=str(tmp_path / "run"),
        total_kimg=0.016,
        model="dcgan",
        latent_dim=6,
        g_channels=2,
        d_channels=2,
        d_norm="none",
        r1=0.1,
        r1_interval=3,
        augment="brightness,translation",
        batch_size=4,
        ema_kimg=0.01,
        log_kimg=0.008,
        sheet_kimg=1.0,
        checkpoint_kimg=0.008,
        sheet_columns=2,
    )

    def make(**changes):
        return dataclasses.replace(small, **changes)

    return make


@pytest.fixture(scope="session")
def run_script():
    """Returns a function (script, argument) that runs a file in a process of its own, which must end well.

    Virtual devices have to be there before TensorFlow starts.
    """
    root = str(Path(__file__).resolve().parents[1])
    environment = {**os.environ, "PYTHONPATH": root, "TF_CPP_MIN_LOG_LEVEL": "2"}

    def run(script, argument):
        command = [sys.executable, script, str(argument)]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr[-2000:]

    return run


@pytest.fixture
def keep_averages():
    """Returns a function (run_dir, gan) that doubles the generator's weights and keeps two averages.

    The one of 0.05 is the doubled generator, that of 0.1 the run's own average.
    """
    from tfdogs.training.power_ema import PowerEMA
    from tfdogs.training.snapshots import Snapshots

    def keep(run_dir, gan):
        for weight in gan.generator.weights:
            weight.assign((2.0 * weight.numpy()).astype("float16").astype("float32"))
        tracked = {"tracks": [PowerEMA(0.05), PowerEMA(0.1)], "images_seen": gan.images_seen}
        networks = [gan.generator, gan.ema_generator]
        Snapshots(run_dir).save(types.SimpleNamespace(**tracked, track_generators=networks))

    return keep


@pytest.fixture
def smooth(monkeypatch):
    """Puts tanh in the place of StyleGAN2's LeakyReLU, at whose kink finite differences mean nothing."""
    import tensorflow as tf

    from tfdogs.models.stylegan2 import equalized_conv, equalized_dense, styled_conv

    for module in (equalized_conv, equalized_dense, styled_conv):
        monkeypatch.setattr(module, "leaky_relu", tf.tanh)
