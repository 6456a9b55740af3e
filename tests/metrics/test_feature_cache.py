"""Features are extracted once, and what is damaged is made anew."""

import dataclasses
import json
import shutil

import numpy as np
import pytest

from tfdogs.errors import TfdogsError
from tfdogs.metrics import feature_cache
from tfdogs.metrics.extraction import extract
from tfdogs.metrics.feature_cache import FeatureCache
from tfdogs.metrics.image_sets import Arrays
from tfdogs.metrics.moments import Moments


@pytest.fixture
def images():
    return Arrays(np.random.default_rng(0).integers(0, 256, (70, 9, 7, 3), np.uint8), name="noise")


@pytest.fixture
def cache(tmp_path):
    return FeatureCache(tmp_path / "cache")


def entry_of(cache):
    (entry,) = cache.directory.iterdir()
    return entry


def test_features_are_those_of_the_extractor_and_extracted_once(cache, images, extractor):
    expected = extractor(np.concatenate(list(images.batches())))
    extractor.calls = 0
    for _ in range(2):
        features = cache.features(images, extractor)
        assert extractor.calls == 1
        np.testing.assert_array_equal(features.pool, expected.pool)
        np.testing.assert_array_equal(features.probabilities, expected.probabilities)
        assert features.pool.dtype == np.float32 and isinstance(features.pool, np.memmap)
        assert len(features) == 70 and features.name == "noise" and features.stamp == extractor.stamp
        np.testing.assert_array_equal(features.indices, np.arange(70))
        assert features.image_set is images
    facts = json.loads((entry_of(cache) / "entry.json").read_text())
    assert facts["num_images"] == 70 and facts["stamp"] == extractor.stamp.to_dict()


def test_in_memory_they_are_the_same(cache, images, extractor):
    features, kept = (make(images, extractor, num_images=30, seed=2) for make in (extract, cache.features))
    np.testing.assert_array_equal(features.pool, kept.pool)
    np.testing.assert_array_equal(features.probabilities, kept.probabilities)
    np.testing.assert_array_equal(features.indices, kept.indices)


def test_an_extractor_without_classes(cache, images, make_extractor):
    features = cache.features(images, make_extractor(num_classes=0))
    assert features.probabilities is None
    assert sorted(path.name for path in entry_of(cache).iterdir()) == ["entry.json", "features.npy"]
    assert extract(images, make_extractor(num_classes=0)).probabilities is None


def test_content_decides_and_names_do_not(cache, images, extractor, make_extractor):
    pixels = np.concatenate(list(images.batches()))
    cache.features(images, extractor)
    assert cache.features(Arrays(pixels.copy(), name="other"), extractor).name == "other"
    assert extractor.calls == 1
    cache.features(Arrays(pixels[::-1]), extractor)
    assert extractor.calls == 2
    for changes in ({"weights": "f" * 16}, {"resizer": "bicubic"}):
        other = make_extractor()
        other.stamp = dataclasses.replace(other.stamp, **changes)
        cache.features(images, other)
        assert other.calls == 1
    assert len(list(cache.directory.iterdir())) == 4


def test_a_subset_is_seeded_and_row_i_is_of_its_image_i(cache, images, extractor):
    whole = cache.features(images, extractor)
    for seed in (0, 1):
        some = cache.features(images, extractor, num_images=20, seed=seed)
        assert len(some) == 20 and some.image_set.num_images == 20
        np.testing.assert_array_equal(some.pool, whole.pool[some.indices])
        np.testing.assert_array_equal(some.image_set.image(7), images.image(some.indices[7]))
    assert extractor.calls == 3
    cache.features(images, extractor, num_images=20, seed=1)
    cache.features(images, extractor, num_images=999)
    assert extractor.calls == 3


def test_moments_are_kept_beside_the_features(cache, images, extractor):
    moments = cache.features(images, extractor).moments
    expected = Moments.from_features(cache.features(images, extractor).pool)
    np.testing.assert_array_equal(moments.mean, expected.mean)
    np.testing.assert_array_equal(moments.scatter, expected.scatter)
    path = entry_of(cache) / "moments.npz"
    written = path.stat().st_mtime_ns
    np.testing.assert_array_equal(cache.features(images, extractor).moments.scatter, expected.scatter)
    assert path.stat().st_mtime_ns == written
    for damage in (b"", path.read_bytes()[:-50]):
        path.write_bytes(damage)
        np.testing.assert_array_equal(cache.features(images, extractor).moments.scatter, expected.scatter)
        assert Moments.load(path)[0].count == 70


DAMAGES = {
    "features gone": lambda entry: (entry / "features.npy").unlink(),
    "features cut": lambda entry: (entry / "features.npy").write_bytes(
        (entry / "features.npy").read_bytes()[:-4]
    ),
    "features empty": lambda entry: (entry / "features.npy").write_bytes(b""),
    "features foreign": lambda entry: np.save(entry / "features.npy", np.zeros(3)),
    "probabilities longer": lambda entry: (entry / "probabilities.npy").write_bytes(
        (entry / "probabilities.npy").read_bytes() + b"0"
    ),
    "facts gone": lambda entry: (entry / "entry.json").unlink(),
    "facts cut": lambda entry: (entry / "entry.json").write_text('{"format": '),
    "facts foreign": lambda entry: (entry / "entry.json").write_text("[]"),
    "another key": lambda entry: (entry / "entry.json").write_text(
        json.dumps({**json.loads((entry / "entry.json").read_text()), "key": "0"})
    ),
    "nothing in it": lambda entry: [path.unlink() for path in list(entry.iterdir())],
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_a_damaged_entry_is_made_anew(cache, images, extractor, damage):
    expected = np.array(cache.features(images, extractor).pool)
    damage(entry_of(cache))
    np.testing.assert_array_equal(cache.features(images, extractor).pool, expected)
    assert extractor.calls == 2
    cache.features(images, extractor)
    assert extractor.calls == 2
    entry_of(cache)  # is alone: nothing is left lying about


def test_of_two_processes_at_once_the_first_wins(cache, images, extractor, monkeypatch, tmp_path):
    """The other one's entry appears while this one extracts."""
    cache.features(images, extractor)
    shutil.move(cache.directory, tmp_path / "other")
    write = feature_cache._write

    def overtaken(*args):
        write(*args)
        for entry in (tmp_path / "other").iterdir():
            shutil.copytree(entry, cache.directory / entry.name)
            (cache.directory / entry.name / "mark").touch()

    monkeypatch.setattr(feature_cache, "_write", overtaken)
    features = cache.features(images, extractor)
    assert len(features) == 70 and (entry_of(cache) / "mark").exists()


def test_a_failure_leaves_nothing(cache, images, extractor, monkeypatch):
    def fail(batches):
        yield next(type(extractor).extract(extractor, batches))
        raise TfdogsError("NaN features for image 40")

    monkeypatch.setattr(extractor, "extract", fail)
    with pytest.raises(TfdogsError, match="image 40"):
        cache.features(images, extractor)
    assert list(cache.directory.iterdir()) == []


def test_a_set_that_has_changed_is_refused(cache, images, extractor):
    for claimed in (69, 71):
        images.num_images = claimed
        images.batches = lambda *args, **kwargs: iter([np.zeros((70, 9, 7, 3), np.uint8)])
        with pytest.raises(TfdogsError, match=rf"no longer has the {claimed} images"):
            cache.features(images, extractor)
    assert list(cache.directory.iterdir()) == []


def test_a_cache_that_cannot_be_written_is_said(tmp_path, images, extractor):
    (tmp_path / "file").touch()
    with pytest.raises(TfdogsError, match=r"cannot keep features in .*another --cache_dir may"):
        FeatureCache(tmp_path / "file" / "cache").features(images, extractor)


def test_default_directory(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert FeatureCache().directory == tmp_path / "tfdogs" / "features"
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    assert FeatureCache("").directory == tmp_path / "home" / ".cache" / "tfdogs" / "features"


def test_progress_is_told_on_a_terminal_and_in_lines(images, extractor, monkeypatch, capsys):
    from tfdogs import progress

    monkeypatch.setattr(progress, "_PLAIN_SECONDS", 0.0)
    extract(images, extractor)
    assert "extract: 64 of 70 img" in capsys.readouterr().err
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    extract(images, extractor)
    assert "70/70" in capsys.readouterr().err
