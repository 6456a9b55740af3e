import dataclasses
import functools

import numpy as np
import pytest

from pipeline.bulk import viewer
from pipeline.bulk.extract_config import ExtractConfig
from pipeline.bulk.merge_moments import MergeMoments
from tfdogs.errors import TfdogsError, UsageError
from tfdogs.metrics import command, extractors
from tfdogs.metrics.config import EvaluateConfig
from tfdogs.metrics.extraction import extract as extract_once
from tfdogs.metrics.feature_cache import FeatureCache
from tfdogs.metrics.image_sets import open_images
from tfdogs.metrics.moments import Moments
from tfdogs.metrics.reference import Reference


@pytest.fixture
def evaluate(network, tmp_path):
    """Returns a function (**flags) -> Evaluation, as the command computes it."""

    def score(**flags):
        given = {"extractor": str(network), "cache_dir": str(tmp_path / "cache"), "bootstrap": 0, **flags}
        return command.run(
            EvaluateConfig(**{name: str(v) if name != "bootstrap" else v for name, v in given.items()})
        )

    return score


def close(a, b):
    assert a.count == b.count
    np.testing.assert_allclose(a.mean, b.mean, rtol=1e-10, atol=0)
    scale = np.abs(b.scatter).max()
    np.testing.assert_allclose(a.scatter, b.scatter, rtol=1e-10, atol=1e-10 * scale)


def whole(images, network):
    return extract_once(open_images(str(images), flag="images"), extractors.get(str(network)))


@pytest.mark.parametrize("workers", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_moments_are_those_of_one_pass(drawn, network, extract, tmp_path, workers):
    output = tmp_path / "new/fakes.npz"
    moments = extract(output, workers=workers)
    once = whole(drawn, network)
    close(moments, once.moments)
    kept = Reference.load(output, stamp=once.stamp)
    assert (kept.name, kept.num_images) == (f"{drawn} (train)", 70)
    np.testing.assert_array_equal(kept.moments.scatter, moments.scatter)
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["fakes.npz"]


def test_merging_is_exact_whatever_the_order():
    rows = 1e3 + np.random.default_rng(0).normal(size=(1000, 5))  # a mean that would cost digits
    rows *= [1, 1e-3, 10, 1e4, 1]
    pieces = [Moments.from_features(piece) for piece in np.split(rows, [1, 2, 300, 301, 907])]
    merge, once = MergeMoments(), Moments.from_features(rows)
    for order in ((0, 1, 2, 3, 4, 5), (5, 3, 1, 0, 2, 4)):
        few = [
            functools.reduce(merge.add_input, [pieces[i] for i in part], None)
            for part in (order[:4], order[4:])
        ]
        close(merge.extract_output(merge.merge_accumulators([few[0], None, few[1]])), once)
    assert pieces[0].count == 1  # what was merged stays as it was
    assert merge.extract_output(merge.merge_accumulators([None])) is None


def test_fid_is_that_of_evaluate(drawn, reals, extract, evaluate, tmp_path, capsys):
    extract(tmp_path / "fakes.npz")
    extract(tmp_path / "reals.npz", images=str(reals))
    expected = evaluate(fakes=drawn, reals=reals, metrics="fid,diversity")
    for sides in (
        {"fakes": tmp_path / "fakes.npz", "reals": reals},
        {"fakes": drawn, "reals": tmp_path / "reals.npz"},
        {"fakes": tmp_path / "fakes.npz", "reals": tmp_path / "reals.npz"},
    ):
        found = evaluate(**sides, metrics="fid,diversity")
        for name in ("fid", "variance_ratio", "effective_dimension"):
            assert found[name].value == pytest.approx(expected[name].value, rel=1e-6)
        assert (found["fid"].num_fakes, found["fid"].num_reals) == (70, 50)
    found = evaluate(fakes=tmp_path / "fakes.npz", reals=reals, bootstrap=10, output=tmp_path / "report")
    assert found["fid"].error is None and not found.alarms
    assert (
        found.left_out["kid"]
        == f"needs the fakes' features, and {drawn} (train) is known by its moments only"
    )
    assert (tmp_path / "report/report.html").is_file()
    with pytest.raises(UsageError, match=r"the metric kid needs the fakes' features, and .* moments only"):
        evaluate(fakes=tmp_path / "fakes.npz", reals=reals, metrics="fid,kid")
    with pytest.raises(UsageError, match="was made with another extractor"):
        evaluate(fakes=tmp_path / "fakes.npz", reals=reals, extractor_range="0_1")


@pytest.mark.parametrize("num_images", [None, 33])
def test_evaluate_finds_the_features(drawn, network, extract, monkeypatch, tmp_path, num_images):
    images, extractor = open_images(str(drawn), flag="images"), extractors.get(str(network))
    expected = extract_once(images, extractor, num_images=num_images)
    flags = {"features": True, "cache_dir": str(tmp_path / "cache"), "num_images": num_images or 0}
    extract(tmp_path / "a.npz", shard_size=32, **flags)  # whole chunks of the network: the same bytes

    def never(batches):
        raise AssertionError("extracted again")

    monkeypatch.setattr(extractor, "extract", never)
    found = FeatureCache(tmp_path / "cache").features(images, extractor, num_images=num_images)
    assert len(found) == (num_images or 70)
    np.testing.assert_array_equal(found.indices, expected.indices)
    np.testing.assert_array_equal(found.pool, expected.pool)
    np.testing.assert_array_equal(found.probabilities, expected.probabilities)


def test_evaluate_scores_kept_features(drawn, reals, extract, evaluate, tmp_path):
    expected = evaluate(fakes=drawn, reals=reals, cache_dir=tmp_path / "other")
    for images in (drawn, reals):
        flags = {"images": str(images), "features": True, "cache_dir": str(tmp_path / "cache")}
        extract(tmp_path / f"{images.parent.name}.npz", **flags)
    found = evaluate(fakes=drawn, reals=reals)
    assert len(list((tmp_path / "cache").iterdir())) == 2  # none was added
    for score in expected.scores:
        assert found[score.name].value == pytest.approx(score.value, rel=1e-4, abs=1e-6), score.name


def test_killed_work_is_gone_on_with(extract, monkeypatch, tmp_path):
    expected = extract(tmp_path / "whole.npz", features=True, cache_dir=str(tmp_path / "one"))
    flags = {"features": True, "cache_dir": str(tmp_path / "two")}
    seen = []
    features = viewer.Viewer.features

    def few(self, span):
        seen.append(span.number)
        if span.number == 2 and len(seen) < 5:
            raise TfdogsError("the sky fell down")
        return features(self, span)

    monkeypatch.setattr(viewer.Viewer, "features", few)
    output = tmp_path / "a.npz"
    with pytest.raises(TfdogsError, match=r"go.* on with the rest: the sky fell down"):
        extract(output, **flags)
    parts = tmp_path / ".a.npz.parts"
    there = {int(path.name[8:13]) for path in parts.glob("moments-*.npz")}
    assert not output.exists() and 2 not in there and len(there) < 4
    with pytest.raises(UsageError, match=r"begun with other arguments.*Changed: shard_size: 20 -> 30"):
        extract(output, shard_size=30, **flags)
    if there:  # one of them is damaged meanwhile
        broken = parts / f"moments-{min(there):05d}-of-00004.npz"
        broken.write_bytes(broken.read_bytes()[:-50])
        there.remove(min(there))
    seen[:] = [-1] * 5
    close(extract(output, **flags), expected)
    assert set(seen[5:]) == {0, 1, 2, 3} - there and not parts.exists()
    (one,), (two,) = (list((tmp_path / name).iterdir()) for name in ("one", "two"))
    assert one.name == two.name
    assert (one / "features.npy").read_bytes() == (two / "features.npy").read_bytes()


def test_other_kinds_of_images(drawn, read, network, extract, tmp_path):
    np.save(tmp_path / "images.npy", read(drawn))
    moments = extract(tmp_path / "a.npz", images=str(tmp_path / "images.npy"))
    close(moments, whole(drawn, network).moments)


def test_what_goes_wrong_is_told_before_any_work(drawn, extract, tmp_path):
    output = tmp_path / "a.npz"
    with pytest.raises(UsageError, match=r"Received: --images=.*/none"):
        extract(output, images=str(tmp_path / "none"))
    with pytest.raises(UsageError, match="eval"):
        extract(output, split="eval")
    output.write_bytes(b"mine")
    with pytest.raises(UsageError, match=r"--output=.* is there already"):
        extract(output)
    assert output.read_bytes() == b"mine" and [path.name for path in tmp_path.iterdir()] == ["a.npz"]
    assert extract(output, overwrite=True).count == 70


def test_run_control_is_no_part_of_the_plan():
    control = {f.name for f in dataclasses.fields(ExtractConfig) if f.metadata["run_control"]}
    assert control == {"cache_dir", "workers", "beam_args", "overwrite"}
