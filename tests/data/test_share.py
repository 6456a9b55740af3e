import numpy as np
import pytest
import tensorflow as tf

from tfdogs.data.feed import Feed
from tfdogs.data.share import Share
from tfdogs.errors import UsageError


@pytest.fixture(
    scope="module",
    params=[(None, False), (0, False), (None, True)],
    ids=["decoded", "encoded", "balanced"],
)
def feed(paper_data, request):
    limit, balance = request.param
    return Feed(paper_data, batch_size=12, seed=3, balance_classes=balance, memory_limit=limit)


def take(dataset, count):
    return [tuple(values.numpy() for values in element) for element, _ in zip(dataset, range(count))]


def test_replicas_of_all_workers_get_the_batch_between_them(feed):
    whole = take(feed.batches(start_image=7), 2)
    workers = [take(feed.batches(start_image=7, share=Share(4, first=i, count=2)), 4) for i in (0, 2)]
    for step, (images, labels) in enumerate(whole):
        parts = [worker[2 * step + replica] for worker in workers for replica in (0, 1)]
        np.testing.assert_array_equal(np.concatenate([part[0] for part in parts]), images)
        np.testing.assert_array_equal(np.concatenate([part[1] for part in parts]), labels)


def test_a_batch_of_several_parts_is_shared_out_part_by_part(feed):
    ((images, _),) = take(feed.batches(), 1)
    shares = [take(feed.batches(share=Share(3, first=i, count=1, parts=2)), 1)[0][0] for i in range(3)]
    for part in (0, 1):
        seen = np.concatenate([share[2 * part : 2 * part + 2] for share in shares])
        np.testing.assert_array_equal(seen, images[6 * part : 6 * part + 6])


def test_shares_are_static_and_endless(feed):
    dataset = feed.batches(share=Share(3))
    assert dataset.element_spec[0].shape == (4, 28, 28, 3) and dataset.element_spec[1].shape == (4,)
    assert dataset.cardinality() == tf.data.INFINITE_CARDINALITY


def test_what_cannot_be_shared_out_is_refused(feed):
    with pytest.raises(UsageError, match=r"multiple of 4 replicas x 2 parts\. Received: 12"):
        feed.batches(share=Share(4, parts=2))
