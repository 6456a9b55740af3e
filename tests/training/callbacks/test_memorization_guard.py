import types

import numpy as np
import pytest
from PIL import Image

from tfdogs.metrics import memorization
from tfdogs.metrics.extraction import extract
from tfdogs.metrics.image_sets.arrays import Arrays
from tfdogs.training.callbacks.memorization_guard import MemorizationGuard


@pytest.fixture(scope="module")
def images():
    """120 images of smooth noise, uint8 [120, 16, 16, 3]."""
    noise = np.random.default_rng(0).integers(0, 256, (120, 4, 4, 3), np.uint8)
    return np.stack([np.asarray(Image.fromarray(one).resize((16, 16), Image.BICUBIC)) for one in noise])


@pytest.fixture
def look(images, make_extractor, tmp_path):
    """Returns a function that shows a guard some fakes: (what it says, whether training is to stop)."""
    extractor = make_extractor()
    reals = extract(Arrays(images[:60]), extractor)
    natural = memorization.natural_distances(reals.pool, extractor(images[60:]).pool)

    def show(fakes, stop=False):
        model = types.SimpleNamespace(stop_training=False)
        guard = MemorizationGuard(tmp_path, reals, natural, stop=stop)
        features = extract(Arrays(fakes), extractor)
        return guard.on_evaluation(12.9, None, [], model=model, fakes=features), model.stop_training

    return show


def test_unseen_images_are_no_alarm(look, images, tmp_path):
    facts, stopped = look(images[60:], stop=True)
    assert set(facts) == {"memorization"} and not stopped and not list(tmp_path.iterdir())
    assert facts["memorization"]["distance"] == facts["memorization"]["natural_distance"] > 0


@pytest.mark.parametrize("stop", [False, True])
def test_copies_are_shown_beside_their_originals(look, images, tmp_path, stop):
    fakes = np.concatenate([images[:6], images[60:72]])
    fakes[5] = np.clip(fakes[5].astype(int) + 20, 0, 255)  # near, and last among the copies
    facts, stopped = look(fakes, stop=stop)
    assert stopped is stop
    assert facts["alarm"].startswith("the generator copies training images: 33 % of its images")
    path = tmp_path / "alarms" / "memorization_kimg000012.900.png"
    assert facts["alarm"].endswith(f"see {path}")
    with Image.open(path) as file:
        sheet = np.asarray(file)
    for place in range(5):
        row, column = divmod(place, 4)
        pair = sheet[row * 22 : row * 22 + 16, column * 38 : column * 38 + 32]
        np.testing.assert_array_equal(pair[:, :16], pair[:, 16:])
        assert (pair[:, :16] == images[:5]).all(axis=(1, 2, 3)).any()
    np.testing.assert_array_equal(sheet[22:38, 38:54], fakes[5])
    np.testing.assert_array_equal(sheet[22:38, 54:70], images[5])


def test_fakes_without_features_are_no_alarm(look):
    assert look(np.zeros((4, 16, 16, 3), np.uint8)) == (None, False)  # nothing can be said of them
