import numpy as np
import pytest

from tfdogs.classification import trial
from tfdogs.errors import TfdogsError

RNG = np.random.default_rng(0)


def split(count):
    """Dark images of class 0 and bright ones of class 1."""
    labels = np.arange(count, dtype=np.int32) % 2
    images = RNG.integers(0, 128, (count, 32, 32, 3), np.uint8)
    images[labels == 1] += 100
    return images, labels


@pytest.fixture(scope="module")
def data():
    return split(40), {"real": split(16), "synthetic": split(10)}


def train(config, data, **changes):
    (images, labels), tests = data
    return trial.train(config, images, labels, tests, **{"fraction": 0.5, "seed": 1, **changes})


@pytest.mark.usefixtures("light")
def test_the_curve_is_dense_in_the_first_epoch(make_config, data):
    point = train(make_config(epochs=4, learning_rate=1.0, early_points=3), data)
    assert (point.fraction, point.seed) == (0.5, 1)
    assert [line["epoch"] for line in point.curve] == [0, 0.4, 0.6, 1.0, 2.0, 3.0, 4.0]
    assert [line["images"] for line in point.curve] == [0, 16, 24, 40, 80, 120, 160]
    assert point.curve[0]["loss"] is None and point.curve[-1]["loss"] < point.curve[1]["loss"]
    assert point.accuracy == {kind: point.curve[-1][kind] for kind in ("real", "synthetic")}
    assert point.accuracy["real"] == 1.0 and point.recall["real"] == [1.0, 1.0]


@pytest.mark.usefixtures("light")
def test_recall_is_of_each_class(make_config, data):
    point = train(make_config(epochs=1, learning_rate=1e-9), data)
    assert np.mean(point.recall["real"]) == pytest.approx(point.accuracy["real"])
    assert sorted(point.recall["synthetic"])[0] < 1


@pytest.mark.usefixtures("light")
def test_a_class_may_have_no_test_images_of_a_kind(make_config, data):
    (images, labels), tests = data
    some, of = tests["synthetic"]
    tests = {**tests, "synthetic": (some[of == 1], of[of == 1])}
    point = train(make_config(epochs=1), ((images, labels), tests))
    assert point.recall["synthetic"] == [None, point.accuracy["synthetic"]]
    assert None not in point.recall["real"]


@pytest.mark.usefixtures("light")
def test_a_point_depends_on_its_seed_alone(make_config, data):
    config = make_config(dropout=0.5, learning_rate=0.1)
    first, other, again = (train(config, data, seed=seed) for seed in (1, 2, 1))
    assert first.curve == again.curve
    assert first.curve != other.curve


@pytest.mark.usefixtures("light")
def test_divergence_is_told(make_config, data):
    (images, labels), tests = data
    config = make_config(learning_rate=1e38, early_points=5)
    with pytest.raises(TfdogsError, match=r"the loss is (nan|inf) at step \d+: try a lower --learning_rate"):
        train(config, ((images, labels), tests))


def test_googlenet_is_the_configurations(make_config):
    config = make_config(width=0.05, batch_norm=False, dropout=0.0, precision="mixed_float16")
    network = trial.network(config, (32, 32, 1), 3, seed=0, steps=10)
    wanted = {"image_size": 32, "channels": 1, "num_classes": 3, "width": 0.05, "batch_norm": False}
    assert wanted.items() <= network.get_config().items()
    assert "LossScale" in type(network.optimizer).__name__
    again = trial.network(config, (32, 32, 1), 3, seed=0, steps=10)
    for one, other in zip(network.get_weights(), again.get_weights()):
        np.testing.assert_array_equal(one, other)
