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

CLASSES = ("beagle", "pug", "toy poodle")  # of the conditional tiny export

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
        precision="float32",  # the same numbers on every processor
        op_threads=0,  # and in every process, also where TensorFlow has begun to work
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


def _make_gan(num_classes=0, *, model="dcgan", image_size=28, channels=3, **options):
    """A GAN without an average whose images differ, as far as one can without training it."""
    from tfdogs.models import registry
    from tfdogs.models.gan import GAN

    generator, discriminator = registry.build(
        model,
        image_size=image_size,
        channels=channels,
        latent_dim=6,
        num_classes=num_classes,
        g_channels=2,
        d_channels=2,
        **({"d_norm": "none"} if model == "dcgan" else {}),
    )
    for weight in generator.weights:
        if "kernel" in weight.name or "embeddings" in weight.name:
            weight.assign(weight * 20)
    return GAN(generator=generator, discriminator=discriminator, ema=None, **options)


def _make_export(gan, path, classes=()):
    """EXPORT with version 1 and what serves it."""
    from tfdogs.serving import deployment, saved_model

    saved_model.export(gan, path, classes=classes, card={"model": "dcgan", "data": "nothing"})
    deployment.write(path, "dogs")
    return path


@pytest.fixture(scope="session")
def make_gan():
    """Returns a maker of tiny GANs, of our models, whose images differ."""
    return _make_gan


@pytest.fixture(scope="session")
def gan():
    """The conditional GAN, of 3 classes, 28 px, a latent of 6 numbers."""
    return _make_gan(len(CLASSES))


@pytest.fixture(scope="session")
def plain_gan():
    """The unconditional GAN, 28 px, a latent of 6 numbers."""
    return _make_gan()


@pytest.fixture(scope="session")
def export_dir(gan, tmp_path_factory):
    """EXPORT of the conditional GAN, its version 1 and what serves it. To be read only."""
    return _make_export(gan, tmp_path_factory.mktemp("conditional") / "export", CLASSES)


@pytest.fixture(scope="session")
def plain_export_dir(plain_gan, tmp_path_factory):
    """EXPORT of the unconditional GAN, its version 1 and what serves it. To be read only."""
    return _make_export(plain_gan, tmp_path_factory.mktemp("plain") / "export")


@pytest.fixture(scope="session")
def make_extractor():
    """Returns a maker of extractors that take no time: mean colours of four quarters, 12 features."""
    import tensorflow as tf

    from tfdogs.metrics.extractors.extractor import Extractor, Stamp

    class Colours(Extractor):
        def __init__(self, label="Colours", *, num_classes=1000, imagenet=True):
            self._weights = tf.random.stateless_normal([12, max(num_classes, 1)], [1, 2])
            stamp = Stamp("colours", label, "0123456789abcdef", "bilinear", 8)
            super().__init__(stamp, 12, num_classes, imagenet=imagenet and num_classes == 1000)
            self.calls = 0  # of `extract`

        def forward(self, pixels):
            pool = tf.reshape(tf.nn.avg_pool2d(pixels / 255.0, 4, 4, "VALID"), [-1, 12])
            return pool, tf.nn.softmax(10.0 * pool @ self._weights) if self.num_classes else None

        def extract(self, batches):
            self.calls += 1
            return super().extract(batches)

    return Colours
