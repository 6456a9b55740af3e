"""Tiny runs that nothing has trained, and a network that takes no time."""

import dataclasses
import functools
import json

import pytest

pytest.importorskip("apache_beam", reason="Apache Beam comes with the extra `pipeline`")

CLASSES = ("beagle", "pug", "toy poodle")


def _make_run(path, conditional, seed):
    """A run as training leaves it; returns its path."""
    from tfdogs.training import run
    from tfdogs.training.checkpoints import Checkpoints
    from tfdogs.training.config import TrainConfig

    flags = {"model": "mlp", "g_channels": 1, "d_channels": 1, "latent_dim": 4, "seed": seed}
    config = TrainConfig(
        data_dir="data", model_dir=str(path), precision="float32", conditional=conditional, **flags
    )
    card = run.DataCard(image_size=8, channels=3, classes=CLASSES, num_images=1, fingerprint="")
    gan = run.build(config, card)
    gan.images_seen.assign(1500)
    Checkpoints(path / "checkpoints", gan).save()
    (path / "config.json").write_text(config.dump())
    (path / "data.json").write_text(json.dumps(dataclasses.asdict(card)))
    return path


@pytest.fixture(scope="session")
def make_run(tmp_path_factory):
    """Returns a maker of runs of 8 px, (conditional, seed) -> model_dir."""

    def make(conditional=False, seed=0):
        return _make_run(tmp_path_factory.mktemp("run"), conditional, seed)

    return make


@pytest.fixture(scope="module", autouse=True)
def load_once():
    """Each run and network is read once: TensorFlow takes its time."""
    from tfdogs.metrics import extractors
    from tfdogs.training import run

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(run, "load", functools.cache(run.load))
        patch.setattr(extractors, "get", functools.cache(extractors.get))
        yield


@pytest.fixture(scope="session")
def plain(make_run):
    """The model_dir of an unconditional run."""
    return make_run()


@pytest.fixture(scope="session")
def breeds(make_run):
    """The model_dir of a conditional run of 3 classes."""
    return make_run(conditional=True)


@pytest.fixture(scope="session")
def sample(plain):
    """Returns a function (output_dir, **flags) -> Manifest; draws 70 images of `plain` in shards of 16."""
    from pipeline.bulk import sampling
    from pipeline.bulk.sample_config import SampleConfig

    def draw(output_dir, **flags):
        if "export_dir" not in flags:
            flags = {"model_dir": str(plain), **flags}
        given = {"num_images": 70, "shard_size": 16, "seed": 3, **flags}
        return sampling.sample(SampleConfig(output_dir=str(output_dir), **given))

    return draw


@pytest.fixture(scope="session")
def drawn(sample, tmp_path_factory):
    """A folder of 70 images in 5 shards. To be read only."""
    folder = tmp_path_factory.mktemp("drawn") / "bulk"
    sample(folder)
    return folder


@pytest.fixture(scope="session")
def reals(sample, tmp_path_factory, make_run):
    """Another folder of 50 images. To be read only."""
    folder = tmp_path_factory.mktemp("reals") / "bulk"
    sample(folder, model_dir=str(make_run(seed=1)), num_images=50)
    return folder


@pytest.fixture(scope="session")
def network(tmp_path_factory):
    """The path of a Keras model with 12 features and 3 classes."""
    import keras

    inputs = keras.Input([8, 8, 3])
    maps = keras.layers.Conv2D(12, 3, activation="relu", kernel_initializer=keras.initializers.HeNormal(0))(
        inputs
    )
    features = keras.layers.GlobalAveragePooling2D()(maps)
    logits = keras.layers.Dense(3, kernel_initializer=keras.initializers.HeNormal(1))(features)
    path = tmp_path_factory.mktemp("network") / "tiny.keras"
    keras.Model(inputs, [features, keras.layers.Softmax()(logits)]).save(path)
    return path


@pytest.fixture
def extract(drawn, network):
    """Returns a function (output, **flags) -> Moments; goes through `drawn` in pieces of 20 images."""
    from pipeline.bulk import extraction
    from pipeline.bulk.extract_config import ExtractConfig

    def look(output, **flags):
        given = {"images": str(drawn), "extractor": str(network), "shard_size": 20, **flags}
        return extraction.extract(ExtractConfig(output=str(output), **given))

    return look


@pytest.fixture(scope="session")
def read():
    """Returns a function path -> all images that tfdogs.evaluate finds there, uint8 [N, H, W, C]."""
    import numpy as np

    from tfdogs.metrics.image_sets import open_images

    return lambda path: np.concatenate(list(open_images(str(path), flag="fakes").batches()))
