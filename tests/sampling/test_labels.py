import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tfdogs.sampling.labels import DataLabels


def test_classes_come_as_often_as_the_data_has_them():
    counts = (700, 0, 250, 50)
    found = np.bincount(DataLabels(counts)(np.arange(20_000)), minlength=4) / 20_000
    shares = np.array(counts) / 1000
    assert found[1] == 0
    assert (np.abs(found - shares) <= 4 * np.sqrt(shares * (1 - shares) / 20_000)).all()


def test_neighbours_are_independent():
    labels = DataLabels((1, 1))(np.arange(20_000))
    assert abs((labels[1:] == labels[:-1]).mean() - 0.5) < 4 * 0.5 / 20_000**0.5
    assert set(DataLabels((1, 1))(np.arange(0, 400, 2))) == {0, 1}


@given(
    counts=st.lists(st.integers(0, 10**9), min_size=1, max_size=9).filter(any),
    seeds=st.lists(st.integers(0, 2**63 - 1), max_size=9),
)
def test_a_label_follows_from_the_seed_alone(counts, seeds):
    rule = DataLabels(tuple(counts))
    labels = rule(seeds)
    assert labels.dtype == np.int32 and len(labels) == len(seeds)
    assert all(counts[label] for label in labels)
    assert [rule([seed])[0] for seed in seeds] == labels.tolist()


def test_labels_stay_the_same_from_version_to_version():
    assert DataLabels((3, 1, 2))(range(12)).tolist() == [2, 0, 0, 2, 0, 0, 0, 2, 0, 2, 0, 2]


@pytest.mark.parametrize("counts", [(), (0, 0), (2, -1)])
def test_counts_that_are_none(counts):
    with pytest.raises(
        ValueError, match=r"counts must be images by class, at least one in all\. Received: \("
    ):
        DataLabels(counts)
