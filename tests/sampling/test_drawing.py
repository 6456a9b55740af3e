import io
import threading

import numpy as np
import pytest
from PIL import Image

from tfdogs.sampling import drawing as drawing_module
from tfdogs.sampling.drawing import BATCH, Drawing
from tfdogs.sampling.sampler import CHUNK
from tfdogs.sampling.seeds import Seeds


class FakeSampler:
    """Draws images of one pixel that tell the seed and the label; counts the images asked for."""

    def __init__(self, num_classes=0, chunk=CHUNK):
        self.num_classes, self.chunk = num_classes, chunk
        self.drawn = 0

    def images(self, seeds, *, labels=None, truncation=None):
        self.drawn += len(seeds)
        labels = np.zeros(len(seeds)) if labels is None else labels
        values = np.stack([seeds // 256 % 256, seeds % 256, labels], axis=-1)
        return values.astype(np.uint8)[:, None, None]


@pytest.fixture
def sampler():
    return FakeSampler()


def pixel(png):
    return Image.open(io.BytesIO(png)).getpixel((0, 0))


def test_batches_are_whole_chunks_of_the_sampler():
    assert BATCH % CHUNK == 0
    assert Drawing(FakeSampler(chunk=8), Seeds.first(0, 9)).batch == 64


def test_pictures_come_in_order_each_with_its_seed(sampler):
    counts = []
    pictures = list(Drawing(sampler, Seeds.first(100, 600), progress=counts.append).pictures())
    assert [picture.seed for picture in pictures] == list(range(100, 700))
    assert all(pixel(picture.png) == (picture.seed // 256, picture.seed % 256, 0) for picture in pictures)
    assert {picture.label for picture in pictures} == {None}
    assert counts == [256, 256, 88]


@pytest.mark.parametrize(
    "label, expected",
    [(None, [1, 2, 0, 1]), (2, [2, 2, 2, 2]), (lambda seeds: (seeds > 5) * 2, [0, 0, 2, 2])],
)
def test_labels_are_the_one_asked_for_or_by_a_rule_or_all_in_turn(label, expected):
    drawing = Drawing(FakeSampler(num_classes=3), Seeds.first(4, 4), label=label)
    pictures = list(drawing.pictures())
    assert [picture.label for picture in pictures] == expected
    assert [pixel(picture.png)[2] for picture in pictures] == expected
    assert drawing.images()[:, 0, 0, 2].tolist() == expected


def test_a_million_images_are_drawn_only_as_far_as_they_are_read(sampler):
    """Whatever the reader has not taken yet is bounded: some batches, not the million."""
    pictures = Drawing(sampler, Seeds.first(0, 1_000_000)).pictures()
    most = 0
    for read in range(1, 5001):
        assert next(pictures).seed == read - 1
        most = max(most, sampler.drawn - read)
    pictures.close()
    assert most < 3 * BATCH
    assert sampler.drawn < 5000 + 3 * BATCH


def test_encoders_are_bounded_and_gone_in_the_end(sampler, monkeypatch):
    encode, lock = drawing_module._encode, threading.Lock()
    threads = set()
    now = most = 0

    def counted(batch):
        nonlocal now, most
        with lock:
            threads.add(threading.current_thread())
            now += 1
            most = max(most, now)
        result = encode(batch)
        with lock:
            now -= 1
        return result

    monkeypatch.setattr(drawing_module, "_encode", counted)
    assert sum(1 for _ in Drawing(sampler, Seeds.first(0, 10 * BATCH)).pictures()) == 10 * BATCH
    assert threading.current_thread() not in threads
    assert most <= 2
    assert not any(thread.is_alive() for thread in threads)


def test_a_generator_that_fails_is_heard(sampler):
    draw = sampler.images

    def fail(seeds, **options):
        if seeds[0] >= 2 * BATCH:
            raise RuntimeError("out of memory")
        return draw(seeds, **options)

    sampler.images = fail
    with pytest.raises(RuntimeError, match="out of memory"):
        list(Drawing(sampler, Seeds.first(0, 10 * BATCH)).pictures())


def test_images_at_once(sampler):
    images = Drawing(sampler, Seeds.parse("7,300")).images()
    np.testing.assert_array_equal(images, np.array([[0, 7, 0], [1, 44, 0]], np.uint8)[:, None, None])
