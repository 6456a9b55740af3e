"""The real side: features, or statistics in a file that says what made them."""

import dataclasses
import json

import numpy as np
import pytest

from tfdogs.errors import TfdogsError, UsageError
from tfdogs.metrics.evaluator import Evaluator
from tfdogs.metrics.feature_set import FeatureSet
from tfdogs.metrics.frechet import frechet_distance
from tfdogs.metrics.moments import Moments
from tfdogs.metrics.reference import Reference, is_statistics


@pytest.fixture
def stamp(extractor):
    return extractor.stamp


def features(stamp, count, seed=0):
    pool = np.random.default_rng(seed).normal(size=(count, 12)).astype(np.float32)
    return FeatureSet(pool, stamp=stamp, name="dogs")


@pytest.mark.parametrize("count", [5, 40])
def test_a_file_gives_back_what_was_saved(tmp_path, stamp, count):
    reals, fakes = Reference(features(stamp, count)), features(stamp, 30, seed=1)
    reals.save(tmp_path / "stats.npz")
    assert [path.name for path in tmp_path.iterdir()] == ["stats.npz"]
    assert is_statistics(tmp_path / "stats.npz")
    loaded = Reference.load(tmp_path / "stats.npz", stamp=stamp)
    assert loaded.features is None
    assert (loaded.stamp, loaded.name, loaded.num_images) == (stamp, "dogs", count)
    np.testing.assert_array_equal(loaded.moments.scatter, reals.moments.scatter)
    expected = frechet_distance(fakes.pool, reals.features.pool)
    for reference in (reals, loaded):
        np.testing.assert_allclose(frechet_distance(fakes.gaussian, reference.gaussian), expected, rtol=1e-9)
    loaded.save(tmp_path / "again.npz")
    assert Reference.load(tmp_path / "again.npz", stamp=stamp).num_images == count


def test_another_stamp_is_refused_and_both_are_named(tmp_path, stamp):
    Reference(features(stamp, 9)).save(tmp_path / "stats.npz")
    for changes in ({"label": "Other"}, {"weights": "f" * 16}, {"resizer": "bicubic"}, {"input_size": 16}):
        other = dataclasses.replace(stamp, **changes)
        with pytest.raises(UsageError) as e:
            Reference.load(tmp_path / "stats.npz", stamp=other)
        for one in (stamp, other):
            assert (
                f"{one.label}, weights {one.weights}, resized to {one.input_size} px by {one.resizer}"
                in str(e.value)
            )


def test_foreign_and_damaged_files_are_refused(tmp_path, stamp):
    np.savez(tmp_path / "foreign.npz", mu=np.zeros(3), sigma=np.eye(3))
    assert is_statistics(tmp_path / "foreign.npz")
    with pytest.raises(UsageError, match="does not say which extractor"):
        Reference.load(tmp_path / "foreign.npz", stamp=stamp)
    np.savez(tmp_path / "other.npz", dogs=np.zeros(3))
    with pytest.raises(TfdogsError, match=r"other\.npz holds no moments, or is damaged"):
        Reference.load(tmp_path / "other.npz", stamp=stamp)
    Moments.from_features(np.eye(3)).save(tmp_path / "moments.npz", key="0")
    with pytest.raises(UsageError, match="neither images nor statistics made by --save_stats"):
        Reference.load(tmp_path / "moments.npz", stamp=stamp)


@pytest.mark.parametrize("change", ["lacks", "extra", "text", "list"])
def test_a_stamp_of_another_version_is_one_clear_error(tmp_path, stamp, change):
    facts = stamp.to_dict()
    facts = {"lacks": {"label": "x"}, "extra": {**facts, "more": 1}, "text": "{", "list": [1]}[change]
    text = facts if change == "text" else json.dumps(facts)
    moments = Moments.from_features(np.random.default_rng(0).normal(size=(9, 12)))
    moments.save(tmp_path / "stats.npz", format="tfdogs-statistics/1", name="dogs", stamp=text)
    with pytest.raises(TfdogsError, match=r"stats\.npz: what it says of its extractor .* --save_stats"):
        Reference.load(tmp_path / "stats.npz", stamp=stamp)


def test_images_are_no_statistics(tmp_path):
    np.savez(tmp_path / "a.npz", images=np.zeros([1, 2, 2, 3], np.uint8))
    np.savez(tmp_path / "b.npz", np.zeros([1, 2, 2, 3], np.uint8))
    np.save(tmp_path / "c.npy", np.zeros([1, 2, 2, 3], np.uint8))
    (tmp_path / "d.npz").write_bytes(b"PK")
    for name in ("a.npz", "b.npz", "c.npy", "d.npz", "nowhere.npz"):
        assert not is_statistics(tmp_path / name)


def test_fakes_known_by_their_moments_have_a_fid(stamp, extractor):
    reals, fakes = features(stamp, 40), features(stamp, 30, seed=1)
    known = FeatureSet.of_moments(fakes.moments, stamp=stamp, name="many")
    assert len(known) == 30 and known.pool is None
    evaluation = Evaluator(extractor, reals).evaluate(known)
    expected = Evaluator(extractor, reals, metrics=["fid", "diversity"]).evaluate(fakes)
    assert [score.name for score in evaluation.scores] == [score.name for score in expected.scores]
    for score in expected.scores:
        np.testing.assert_allclose(evaluation[score.name].value, score.value, rtol=1e-9)
    assert evaluation["fid"].error is None and evaluation.nearest is None
    assert evaluation.left_out["kid"] == "needs the fakes' features, and many is known by its moments only"
    with pytest.raises(UsageError, match="kid cannot be computed: needs the fakes' features"):
        Evaluator(extractor, reals, metrics=["kid"]).evaluate(known)
    assert Reference(known).features is None
