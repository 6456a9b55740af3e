"""A data_dir of two breeds, generated images of them, and a network that takes no time."""

import dataclasses
import json

import numpy as np
import pytest

from tfdogs.data.paper_dogs import breed_of, draw

SIZE = 32


def dogs(breed, count, *, seed, size=SIZE):
    """Paper dogs of one breed, uint8 [count, size, size, 3]."""
    found = (i for i in range(10_000) if breed_of(i, seed=seed) == breed)
    return np.stack([np.asarray(draw(next(found), seed=seed, size=size)) for _ in range(count)])


def prepared(home, size):
    """A data_dir of two classes, a and b: in the train split 12 and more of each, some in the eval split."""
    from PIL import Image

    from tfdogs.data.ingest import prepare
    from tfdogs.data.prepare_config import PrepareConfig

    for breed, name in enumerate("ab"):
        (home / "pictures" / name).mkdir(parents=True)
        for i, dog in enumerate(dogs(breed, 20, seed=0, size=size)):
            Image.fromarray(dog).save(home / "pictures" / name / f"{name}{i:02}.png")
    made = {"image_size": size, "eval_fraction": 0.3, "checks": "none", "workers": 1}
    prepare(PrepareConfig(images=str(home / "pictures"), output_dir=str(home / "data"), **made))
    return home / "data"


@pytest.fixture(scope="session")
def pets(tmp_path_factory):
    """See `prepared`; 32 px."""
    return prepared(tmp_path_factory.mktemp("pets"), SIZE)


@pytest.fixture(scope="session")
def large_pets(tmp_path_factory):
    """See `prepared`; 72 px, which is more than mlp can draw."""
    return prepared(tmp_path_factory.mktemp("large_pets"), 72)


@pytest.fixture(scope="session")
def fakes(tmp_path_factory):
    """A folder with a.npy and b.npy, 30 other paper dogs of each breed, and few.npy, two of them."""
    home = tmp_path_factory.mktemp("fakes")
    for breed, name in enumerate("ab"):
        np.save(home / f"{name}.npy", dogs(breed, 30, seed=1))
    np.save(home / "few.npy", np.load(home / "a.npy")[:2])
    return home


@pytest.fixture
def make_config(pets, fakes, tmp_path):
    """Returns a maker of small ClassifyConfigs."""
    from tfdogs.classification.config import ClassifyConfig

    small = ClassifyConfig(
        data_dir=str(pets),
        output_dir=str(tmp_path / "study"),
        fakes=f"a={fakes}/a.npy,b={fakes}/b.npy",
        synthetic_fraction="0,1",
        seeds=2,
        images_per_class=10,
        epochs=2,
        batch_size=8,
        early_points=2,
        width=0.02,
        learning_rate=0.01,
    )
    return lambda **changes: dataclasses.replace(small, **changes)


@pytest.fixture
def make_run():
    """Returns a maker of runs that have learned nothing, conditional where they are given classes."""
    from tfdogs.training import run
    from tfdogs.training.checkpoints import Checkpoints
    from tfdogs.training.config import TrainConfig

    def make_run(folder, *, image_size=SIZE, classes=(), checkpoint=True, fingerprint="f"):
        small = {"model": "mlp", "latent_dim": 4, "g_channels": 1, "d_channels": 1, "precision": "float32"}
        config = TrainConfig(
            data_dir="data", model_dir=str(folder), conditional=bool(classes), ema_kimg=0.0, **small
        )
        card = run.DataCard(image_size, 3, classes=classes, num_images=9, fingerprint=fingerprint)
        folder.mkdir(parents=True)
        if checkpoint:
            Checkpoints(folder / "checkpoints", run.build(config, card)).save()
        (folder / "data.json").write_text(json.dumps(dataclasses.asdict(card)))
        (folder / "config.json").write_text(config.dump())
        return folder

    return make_run


@pytest.fixture
def light(monkeypatch):
    """Puts a small network in GoogLeNet's place."""
    import keras

    from tfdogs.classification import trial

    def network(config, image_shape, num_classes, *, seed, steps):
        keras.utils.set_random_seed(seed)
        layers = [
            keras.Input(image_shape, dtype="uint8"),
            keras.layers.Rescaling(1 / 127.5, -1.0),
            keras.layers.AveragePooling2D(8),
            keras.layers.Flatten(),
            keras.layers.Dropout(config.dropout),
            keras.layers.Dense(num_classes),
        ]
        model = keras.Sequential(layers)
        rate = keras.optimizers.schedules.CosineDecay(config.learning_rate, steps)
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        # To trace a step would take longer than to make a few.
        model.compile(keras.optimizers.SGD(rate), loss, metrics=["accuracy"], run_eagerly=True)
        return model

    monkeypatch.setattr(trial, "network", network)
