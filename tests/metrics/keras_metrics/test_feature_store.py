import numpy as np
import pytest

from tfdogs.metrics.keras_metrics.feature_store import FeatureStore, read
from tfdogs.metrics.keras_metrics.precision_recall import PrecisionRecall


def store(capacity=10):
    return FeatureStore(PrecisionRecall(1, capacity=1), "numbers", capacity)


def numbered(start, stop):
    return np.arange(start, stop, dtype=np.float32)[:, None]


def kept(store):
    rows, _, count = (tensor.numpy() for tensor in store.tensors)
    return read(rows, count)[:, 0].tolist()


def test_all_are_kept_up_to_the_capacity():
    numbers = store()
    for start, stop in ((0, 3), (3, 3), (3, 10)):
        numbers.update(numbered(start, stop))
        assert kept(numbers) == list(range(stop))


@pytest.mark.parametrize("sizes", [(100,), (1,) * 100, (7, 33, 60)])
def test_the_sample_does_not_depend_on_the_batches(sizes):
    once, numbers = store(), store()
    once.update(numbered(0, 100))
    start = 0
    for size in sizes:
        numbers.update(numbered(start, start + size))
        start += size
    assert kept(numbers) == kept(once)
    assert len(set(kept(once))) == 10


def test_what_is_kept_stays_where_it_is():
    """An update writes only its own rows, so that it costs the same however many are kept."""
    numbers, before = store(8), None
    numbers.update(numbered(0, 8))
    for value in range(8, 60):
        before = numbers._rows.numpy()
        numbers.update(numbered(value, value + 1))
        assert np.sum(numbers._rows.numpy() != before) <= 1


def test_the_sample_is_uniform():
    numbers = store(2000)
    for start in range(0, 20_000, 500):
        numbers.update(numbered(start, start + 500))
    counts = np.histogram(kept(numbers), bins=10, range=(0, 20_000))[0]
    assert np.sum((counts - 200) ** 2 / 200) < 27.9  # chi squared with 9 degrees of freedom, 1 in 1000


def test_joined_stores_sample_both():
    first, second = store(1000), store(1000)
    first.update(numbered(0, 3000))
    second.update(numbered(3000, 4000))
    first.merge(second)
    values = np.array(kept(first))
    assert len(values) == len(set(values.tolist())) == 1000
    assert np.mean(values >= 3000) == pytest.approx(0.25, abs=0.06)
    assert int(first.tensors[2]) == 4000
