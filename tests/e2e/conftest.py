"""A home with data, images in several forms and a run, and the command that scores them."""

import dataclasses
import io
import json
import runpy
import shutil
import sys
import zipfile

import numpy as np
import pytest

from tfdogs.data.manifest import Manifest
from tfdogs.data.paper_dogs import draw


def _encode(image, form="PNG", **options):
    buffer = io.BytesIO()
    image.save(buffer, form, **options)
    return buffer.getvalue()


@pytest.fixture(scope="session")
def encode():
    """Returns a maker of a picture file's bytes."""
    return _encode


@pytest.fixture(scope="module")
def home(tmp_path_factory, paper_data):
    """A folder with data, paper dogs of another seed as folder, zip, npy and npz, and a run."""
    home = tmp_path_factory.mktemp("home")
    shutil.copytree(paper_data, home / "data")
    dogs = [draw(i, seed=1, size=28) for i in range(50)]
    (home / "dogs").mkdir()
    with zipfile.ZipFile(home / "dogs.zip", "w") as archive:
        for i, dog in enumerate(dogs):
            (home / f"dogs/image_{i:05}.png").write_bytes(_encode(dog))
            archive.writestr(f"other/{i:05}.png", _encode(dog))
    pixels = np.stack([np.asarray(dog) for dog in dogs])
    np.save(home / "dogs.npy", pixels)
    np.savez(home / "dogs.npz", pixels)
    make_run(home / "run", home / "data")
    make_run(home / "conditional", home / "data", conditional=True)
    return home


def make_run(path, data, **flags):
    """A run as training leaves it, with weights that nothing has trained yet."""
    from tfdogs.training import run
    from tfdogs.training.checkpoints import Checkpoints
    from tfdogs.training.config import TrainConfig

    manifest = Manifest.load(data)
    fingerprint, classes = manifest.fingerprint, tuple(manifest.classes) if flags else ()
    sizes = {"g_channels": 1, "d_channels": 1, "latent_dim": 4, "precision": "float32"}
    config = TrainConfig(data_dir=str(data), model_dir=str(path), model="mlp", **sizes, **flags)
    card = run.DataCard(image_size=28, channels=3, classes=classes, num_images=50, fingerprint=fingerprint)
    gan = run.build(config, card)
    gan.images_seen.assign(1500)
    Checkpoints(path / "checkpoints", gan).save()
    (path / "config.json").write_text(config.dump())
    (path / "data.json").write_text(json.dumps(dataclasses.asdict(card)))


@pytest.fixture(scope="module")
def colours():
    """An extractor that takes no time: mean colours of four quarters."""
    import tensorflow as tf

    from tfdogs.metrics.extractors.extractor import Extractor, Stamp

    class Colours(Extractor):
        def __init__(self):
            self._weights = tf.random.stateless_normal([12, 1000], [1, 2])
            super().__init__(Stamp("colours", "Colours", "0" * 16, "bilinear", 8), 12, 1000, imagenet=True)

        def forward(self, pixels):
            pool = tf.reshape(tf.nn.avg_pool2d(pixels / 255.0, 4, 4, "VALID"), [-1, 12])
            return pool, tf.nn.softmax(10.0 * pool @ self._weights)

    return Colours()


@pytest.fixture
def evaluate(home, monkeypatch, capsys, colours):
    """Runs the command in this process, in `home`, and returns (status, out, err)."""
    from tfdogs.metrics import extractors

    def evaluate(*flags, extractor=colours):
        with monkeypatch.context() as patch:
            if extractor is not None:
                patch.setattr(extractors, "get", lambda *args, **kwargs: extractor)
            patch.chdir(home)
            patch.setenv("XDG_CACHE_HOME", str(home / "cache"))
            patch.setattr(sys, "argv", ["evaluate", *flags])
            patch.delitem(sys.modules, "tfdogs.evaluate", raising=False)
            capsys.readouterr()
            with pytest.raises(SystemExit) as exit:
                runpy.run_module("tfdogs.evaluate", run_name="__main__", alter_sys=True)
            return (exit.value.code, *capsys.readouterr())

    return evaluate


@pytest.fixture
def scores(evaluate, tmp_path):
    """Runs the command, which must do well, and returns its JSON."""

    def scores(*flags, **options):
        status, out, errors = evaluate(*flags, f"--output={tmp_path}/scores.json", "--overwrite", **options)
        assert status == 0, errors
        values = json.loads((tmp_path / "scores.json").read_text())
        for score in values["scores"].values():
            assert score["title"] in out
        return values

    return scores
