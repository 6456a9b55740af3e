import re

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from tfdogs.errors import TfdogsError
from tfdogs.metrics.extractors.extractor import Extractor, Features, Stamp, fingerprint

STAMP = Stamp("tiny", "Tiny", "0123456789abcdef", "bilinear", 6)
RNG = np.random.default_rng(0)


class Tiny(Extractor):
    """Mean and variance of every channel, a softmax over the means; NaN for black images if asked for."""

    def __init__(self, *, num_classes=3, chunk_size=4, nan_for_black=False):
        super().__init__(STAMP, 6, num_classes, chunk_size=chunk_size)
        self.nan_for_black = nan_for_black

    def forward(self, pixels):
        mean, variance = tf.nn.moments(pixels, axes=[1, 2])
        pool = tf.concat([mean, variance], axis=1)
        if self.nan_for_black:
            pool = pool / tf.where(tf.reduce_max(pool, 1, keepdims=True) == 0.0, 0.0, 1.0)
        return pool, tf.nn.softmax(mean / 255.0) if self.num_classes else None


def images(number, size=6, channels=3):
    return RNG.integers(0, 256, (number, size, size, channels), np.uint8)


@pytest.fixture(scope="module")
def tiny():
    return Tiny()


def joined(features):
    return Features(*map(np.concatenate, zip(*features)))


def test_features_have_their_shapes_and_dtypes(tiny):
    features = tiny(images(5))
    assert (features.pool.shape, features.pool.dtype) == ((5, 6), np.float32)
    assert (features.probabilities.shape, features.probabilities.dtype) == ((5, 3), np.float32)
    np.testing.assert_allclose(features.probabilities.sum(axis=1), 1, rtol=1e-6)


@settings(max_examples=20)
@given(st.lists(st.integers(0, 9), min_size=1, max_size=6))
def test_an_image_has_the_same_bytes_in_whatever_batch_it_comes(tiny, sizes):
    array = images(sum(sizes))
    batches = np.split(array, np.cumsum(sizes)[:-1])
    whole, split = tiny(array), [tiny(array[:0]), *tiny.extract(batches)]
    np.testing.assert_array_equal(joined(split).pool, whole.pool)
    np.testing.assert_array_equal(joined(split).probabilities, whole.probabilities)


def test_sizes_may_change_from_batch_to_batch(tiny):
    batches = [images(2, size=9), images(3), images(1, size=2, channels=1)]
    mixed = joined(tiny.extract(batches))
    np.testing.assert_array_equal(mixed.pool, np.concatenate([tiny(batch).pool for batch in batches]))


def test_grey_is_repeated_to_rgb(tiny):
    grey = images(3, size=11, channels=1)
    np.testing.assert_array_equal(tiny(grey).pool, tiny(np.repeat(grey, 3, axis=3)).pool)


def test_tensors_and_one_pass_iterators_are_taken(tiny):
    array = images(7)
    dataset = tf.data.Dataset.from_tensor_slices(array).batch(2)
    np.testing.assert_array_equal(joined(tiny.extract(dataset)).pool, tiny(array).pool)
    np.testing.assert_array_equal(joined(tiny.extract(iter([array]))).pool, tiny(tf.constant(array)).pool)


def test_no_images_give_no_features(tiny):
    features = tiny(images(0))
    assert features.pool.shape == (0, 6) and features.probabilities.shape == (0, 3)
    assert list(tiny.extract([])) == [] and list(tiny.extract([images(0), images(0, size=9)])) == []


def test_a_network_without_classes_has_no_probabilities():
    features = Tiny(num_classes=0)(images(5))
    assert features.probabilities is None and features.pool.shape == (5, 6)


def test_features_that_are_not_finite_name_the_image():
    array = images(9)
    array[6] = 0
    with pytest.raises(
        TfdogsError, match=r"^Tiny gives NaN or infinite features for image 6, counted from 0$"
    ):
        Tiny(nan_for_black=True)(array)
    # The black that fills up the last chunk is nobody's image.
    assert len(Tiny(nan_for_black=True)(array[:5]).pool) == 5


@pytest.mark.parametrize(
    "bad",
    [
        np.zeros((2, 6, 6, 3), np.float32),
        np.zeros((6, 6, 3), np.uint8),
        np.zeros((2, 6, 6, 4), np.uint8),
        np.zeros((2, 0, 6, 3), np.uint8),
    ],
)
def test_other_arrays_are_refused(tiny, bad):
    received = re.escape(f"Received: {bad.dtype} {list(bad.shape)}")
    with pytest.raises(ValueError, match=f"must be uint8 .*{received}"):
        tiny(bad)


def test_stamp_titles_a_metric_and_only_tfgans_inception_goes_without():
    inception = Stamp("inception_v3", "Inception", "0" * 16, "bilinear", 299)
    keras = Stamp("inception_v3", "Keras InceptionV3", "0" * 16, "bilinear", 299)
    theirs = Stamp("Inception:0_1", "Inception", "0" * 16, "bilinear", 299)
    assert inception.title("FID") == "FID"
    assert keras.title("FID") == "FID (Keras InceptionV3)"
    assert theirs.title("KID") == "KID (Inception)"


def test_stamp_key_tells_apart_what_may_differ_and_is_safe_in_file_names():
    fields = STAMP.to_dict()
    others = {"extractor": "../my net.h5:0_1", "weights": "f" * 16, "resizer": "bicubic", "input_size": 7}
    keys = {STAMP.key()} | {Stamp(**{**fields, name: value}).key() for name, value in others.items()}
    assert len(keys) == 5
    assert all(re.fullmatch(r"[\w.-]+", key) for key in keys)


def test_fingerprint_is_the_files_sha256(tmp_path):
    (tmp_path / "a").write_bytes(b"abc")
    assert fingerprint(tmp_path / "a") == "ba7816bf8f01cfea"


def test_fingerprint_of_a_folder_depends_on_names_and_contents(tmp_path):
    def make(name, files):
        for path, text in files.items():
            (tmp_path / name / path).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name / path).write_text(text)
        return fingerprint(tmp_path / name)

    one = make("one", {"b": "12", "a/c": "3"})
    assert make("two", {"a/c": "3", "b": "12"}) == one
    others = [make("three", {"b": "1", "a/c": "23"}), make("four", {"b": "12", "c": "3"})]
    assert len({one, *others}) == 3
