import tarfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from tfdogs.metrics import memorization

STANFORD = Path(__file__).resolve().parents[2] / ".." / "shared/data/stanford_dogs/images.tar"


def uniform(low, high, count=200):
    return np.linspace(low, high, count)


def test_unseen_images_are_not_memorized():
    verdict = memorization.judge(uniform(0.2, 0.4), uniform(0.2, 0.4))
    assert verdict == (pytest.approx(0.3), pytest.approx(0.3), pytest.approx(0.01, abs=0.005), "")


def test_a_small_mean_is_memorization():
    verdict = memorization.judge(uniform(0.1, 0.19), uniform(0.2, 0.4))
    assert verdict.near == 1 and "0.145 from the nearest training images, unseen ones 0.300" in verdict.reason


def test_a_tenth_of_copies_is_memorization_whatever_the_mean():
    far = uniform(0.3, 0.6, 90)
    verdict = memorization.judge(np.concatenate([far, np.zeros(11)]), uniform(0.2, 0.4))
    assert verdict.distance > verdict.natural_distance
    assert verdict.reason.startswith("11 % of its images are nearer to a training image than 99 % of unseen")
    assert not memorization.judge(np.concatenate([far, np.zeros(10)]), uniform(0.2, 0.4)).reason


def test_limits_can_be_set():
    distances, natural = uniform(0.1, 0.3), uniform(0.2, 0.4)
    assert memorization.judge(distances, natural, share=0.4).reason
    assert not memorization.judge(distances, natural, share=0.6).reason
    assert memorization.judge(distances, natural, share=0.6, ratio=0.7).reason
    assert memorization.judge(distances, natural, percentile=50, share=0.9).reason


@settings(max_examples=20)
@given(st.floats(1e-3, 1e3), st.integers(0, 2**32 - 1))
def test_the_unit_of_the_distances_does_not_matter(unit, seed):
    fakes, reals = np.random.default_rng(seed).gamma(3.0, size=(2, 100))
    first = memorization.judge(fakes, reals)
    second = memorization.judge(unit * fakes, unit * reals)
    assert bool(first.reason) == bool(second.reason) and first.near == second.near


def test_images_without_a_neighbour_are_left_out():
    far = np.full(5, np.inf)
    natural = uniform(0.2, 0.4)
    verdict = memorization.judge(np.concatenate([[0.3, 0.5], far]), np.concatenate([natural, far]))
    assert verdict.distance == pytest.approx(0.4) and verdict.natural_distance == pytest.approx(0.3)
    assert memorization.judge(far, natural) is None


def test_too_few_natural_distances_are_refused():
    with pytest.raises(ValueError, match=r"natural_distances must be at least 50\. Received: 49"):
        memorization.judge([0.1], uniform(0.2, 0.4, 49))


def cosine(a, b):
    return 1 - abs(a @ b) / np.linalg.norm(a) / np.linalg.norm(b)


@pytest.fixture
def features():
    return np.random.default_rng(0).random((60, 8)).astype(np.float32) ** 4


def test_natural_distances_are_those_of_held_out_images(features):
    heldout = np.random.default_rng(1).random((50, 8)).astype(np.float32)
    expected = [min(cosine(a, b) for b in features) for a in heldout]
    np.testing.assert_allclose(memorization.natural_distances(features, heldout), expected, atol=1e-6)


@pytest.mark.parametrize("heldout", [None, 49])
def test_without_held_out_images_training_images_are_compared_with_the_others(features, heldout):
    features[17] = features[3]  # a duplicate: each is the other's nearest, and neither its own
    expected = [min(cosine(a, b) for j, b in enumerate(features) if j != i) for i, a in enumerate(features)]
    found = memorization.natural_distances(features, None if heldout is None else features[:heldout])
    np.testing.assert_allclose(found, expected, atol=1e-6)
    assert found[3] == found[17] == 0


def test_of_many_training_images_some_are_compared(features, monkeypatch):
    monkeypatch.setattr(memorization, "_ENOUGH", 50)
    everything = np.random.default_rng(2).random((120, 8)).astype(np.float32)
    assert memorization.natural_distances(everything).shape == (50,)


def test_too_few_images_have_no_natural_distances(features):
    assert memorization.natural_distances(features[:49]).shape == (0,)


def crop(image, pixels, rng):
    """Cuts a few pixels off the edges and brings the rest back to size."""
    side = image.shape[0]
    top, left = rng.integers(0, pixels + 1, 2)
    part = Image.fromarray(image[top : side - pixels + top, left : side - pixels + left])
    return np.asarray(part.resize((side, side), Image.BICUBIC))


@pytest.mark.real_data
@pytest.mark.skipif(not STANFORD.is_file(), reason="needs Stanford Dogs in ../shared/data")
def test_real_dogs_given_back_are_found_out_also_mirrored_and_cropped():
    from tfdogs.metrics import extractors
    from tfdogs.metrics.neighbours import nearest

    dogs = []
    with tarfile.open(STANFORD) as archive:
        for member in [member for member in archive.getmembers() if member.isfile()][::60]:
            picture = Image.open(archive.extractfile(member)).convert("RGB")
            side = min(picture.size)
            dogs.append(np.asarray(picture.resize((64, 64), Image.BICUBIC, (0, 0, side, side))))
    train, heldout = np.stack(dogs[0::3] + dogs[1::3]), np.stack(dogs[2::3])
    extractor, rng = extractors.get("efficientnet_lite0"), np.random.default_rng(0)
    known, unseen = extractor(train).pool, extractor(heldout).pool
    natural = memorization.natural_distances(known, unseen[:50])

    def judge(images):
        return memorization.judge(nearest(extractor(images).pool, known)[0], natural)

    fakes = train[::6]
    copies = {
        "as they are": fakes,
        "mirrored": fakes[:, :, ::-1],
        "cropped by 2": np.stack([crop(image, 2, rng) for image in fakes]),
        "cropped by 4": np.stack([crop(image, 4, rng) for image in fakes]),
        "mirrored and cropped by 4": np.stack([crop(image[:, ::-1], 4, rng) for image in fakes]),
        "one in five": np.concatenate([fakes[:4, :, ::-1], heldout[50:66]]),
    }
    verdicts = {name: judge(images) for name, images in copies.items()}
    assert [name for name, verdict in verdicts.items() if not verdict.reason] == []
    assert judge(heldout[50:]).reason == ""
    # Not by a hair: even the hardest of the full copies is far from the limit of 0.5.
    ratios = [verdicts[name].distance / verdicts[name].natural_distance for name in list(copies)[:-1]]
    assert max(ratios) < 0.35
