import re
import tarfile
from pathlib import Path

import numpy as np
import pytest

from tfdogs.metrics.dogs import DOG_CLASSES, breed_histogram, dog_score

IMAGES = Path(__file__).resolve().parents[2] / ".." / "shared/data/stanford_dogs/images.tar"


def one_hot(*classes):
    return np.eye(1000, dtype=np.float32)[list(classes)]


def test_there_are_121_dog_classes_with_names_of_their_own():
    assert list(DOG_CLASSES) == [*range(151, 269), 273, 274, 275]
    assert len(set(DOG_CLASSES.values())) == 121
    assert all(re.fullmatch(r"[A-Z][A-Za-z -]+", name) for name in DOG_CLASSES.values())
    known = {151: "Chihuahua", 207: "Golden Retriever", 251: "Dalmatian", 254: "Pug", 273: "Dingo"}
    assert {index: DOG_CLASSES[index] for index in known} == known


@pytest.mark.real_data
def test_names_are_those_of_the_class_folders():
    """Stanford Dogs has the same classes but for the Dalmatian; by WordNet's id they lie in our order."""
    if not IMAGES.is_file():
        pytest.skip(f"no {IMAGES}")
    with tarfile.open(IMAGES) as archive:
        parts = (Path(name).parts for name in archive.getnames())
        folders = sorted({part for path in parts for part in path if re.fullmatch(r"n\d{8}-.+", part)})
    names = [name for index, name in DOG_CLASSES.items() if index != 251]
    assert len(folders) == len(names) == 120
    for folder, name in zip(folders, names):
        theirs, ours = (
            {word[:4] for word in re.split(r"[_ -]", text.lower()) if word not in ("dog", "terrier")}
            for text in (folder.partition("-")[2], name)
        )
        if name != "Xoloitzcuintli":  # the Mexican hairless
            assert theirs & ours, f"{folder}: {name}"


def test_dog_score_is_the_mean_of_the_dogs_probability():
    probabilities = 0.5 * one_hot(151, 275, 0, 281) + 0.5 * one_hot(200, 0, 251, 999)
    value, error = dog_score(probabilities)
    scores = [1, 0.5, 0.5, 0]
    assert value == pytest.approx(np.mean(scores))
    assert error == pytest.approx(np.std(scores, ddof=1) / 2)
    assert dog_score(one_hot(258)) == (1, None)


def test_breeds_are_counted_among_the_dogs():
    probabilities = one_hot(207, 207, 254, 273)
    cat = 0.9 * one_hot(281) + 0.06 * one_hot(254) + 0.04 * one_hot(151)
    histogram = breed_histogram(np.concatenate([probabilities, cat]))
    counts = {name: count for name, count in histogram.counts.items() if count}
    assert counts == {"Golden Retriever": 2, "Pug": 2, "Dingo": 1}
    assert list(histogram.counts) == list(DOG_CLASSES.values())
    assert histogram.entropy == pytest.approx(-2 * 0.4 * np.log(0.4) - 0.2 * np.log(0.2))
    assert len(histogram.missing) == 118 and "Pug" not in histogram.missing


def test_entropy_of_one_breed_and_of_all():
    assert breed_histogram(one_hot(207, 207)).entropy == 0
    every = breed_histogram(one_hot(*DOG_CLASSES))
    assert every.entropy == pytest.approx(np.log(121)) and every.missing == ()


@pytest.mark.parametrize("score", [dog_score, breed_histogram])
def test_other_classes_are_refused(score):
    with pytest.raises(ValueError, match=r"probabilities must have 1000 columns\. Received: 1008"):
        score(np.full((2, 1008), 1 / 1008))
    with pytest.raises(ValueError, match="sum to 1"):
        score(np.zeros((2, 1000)))
