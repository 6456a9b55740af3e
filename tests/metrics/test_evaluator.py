"""Features become stamped scores; what cannot be computed says why."""

import dataclasses
import json
import math

import numpy as np
import pytest

from tfdogs.errors import TfdogsError, UsageError
from tfdogs.metrics import comparison, scores
from tfdogs.metrics.comparison import Comparison
from tfdogs.metrics.density_coverage import density_coverage
from tfdogs.metrics.dogs import breed_histogram, dog_score
from tfdogs.metrics.evaluation import Evaluation
from tfdogs.metrics.evaluator import Evaluator, check, lacking
from tfdogs.metrics.extraction import extract
from tfdogs.metrics.fid_error import fid_error
from tfdogs.metrics.fid_infinity import fid_infinity
from tfdogs.metrics.frechet import frechet_distance
from tfdogs.metrics.image_sets import Arrays
from tfdogs.metrics.inception_score import inception_score
from tfdogs.metrics.kid import kernel_distance
from tfdogs.metrics.mifid import memorization_distance, mifid
from tfdogs.metrics.precision_recall import precision_recall, realism
from tfdogs.metrics.reference import Reference
from tfdogs.metrics.score import Score


def images(count, seed=0, brightness=1.0):
    pixels = np.random.default_rng(seed).integers(0, 256, (count, 8, 8, 3)) * brightness
    return Arrays(pixels.astype(np.uint8), name=f"noise {seed}")


@pytest.fixture
def reals(extractor):
    return Reference(extract(images(60), extractor))


@pytest.fixture
def fakes(extractor):
    return extract(images(50, seed=1, brightness=0.9), extractor)


def test_every_score_is_that_of_its_function(extractor, reals, fakes):
    evaluation = Evaluator(extractor, reals, seed=3, bootstrap=4).evaluate(fakes)
    real, fake, probabilities = reals.features.pool, fakes.pool, fakes.probabilities
    breeds, d = breed_histogram(probabilities), memorization_distance(fake, real)
    fid = frechet_distance(fake, real)
    expected = {
        "fid": (fid, fid_error(fake, real, seed=3)),
        "fid_infinity": fid_infinity(fake, real, seed=3),
        "kid": kernel_distance(real, fake, block_size=60, seed=3),
        "inception_score": inception_score(probabilities, splits=1),
        "precision": (precision_recall(real, fake).precision, None),
        "recall": (precision_recall(real, fake).recall, None),
        "density": (density_coverage(real, fake).density, None),
        "coverage": (density_coverage(real, fake).coverage, None),
        "memorization_distance": (d, None),
        "mifid_public": (mifid(fid, d, 0.10), None),
        "mifid_private": (mifid(fid, d, 0.25), None),
        "dog_score": dog_score(probabilities),
        "breeds_entropy": (breeds.entropy, None),
        "breeds_missing": (len(breeds.missing), None),
    }
    found = {score.name: (score.value, score.error) for score in evaluation.scores}
    assert list(found) == [*expected, "effective_dimension", "variance_ratio"]
    for name, (value, error) in expected.items():
        np.testing.assert_allclose(found[name][0], value, rtol=1e-9)
        assert found[name][1] == (None if error is None else pytest.approx(error, rel=1e-9))
    assert found["variance_ratio"][0] == pytest.approx(0.81, rel=0.2)
    assert not evaluation.left_out and evaluation.breeds == breeds
    np.testing.assert_array_equal(evaluation.realism, realism(real, fake))
    assert evaluation.nearest.distances.mean() == pytest.approx(d) and len(evaluation.nearest.indices) == 50


def test_every_score_says_what_it_takes_to_compare_it(extractor, reals, fakes):
    evaluation = Evaluator(extractor, reals).evaluate(fakes)
    for score in evaluation.scores:
        assert "(Colours)" in score.title and score.num_fakes == 50
        alone = (
            score.name in ("inception_score", "dog_score", "effective_dimension") or "breeds" in score.name
        )
        assert score.num_reals == (0 if alone else 60)
    assert evaluation["mifid_public"].title == "MiFID eps 0.10 (Colours)"
    assert evaluation["fid"].better == "lower" and evaluation["recall"].better == "higher"
    assert "fid" in evaluation and "nothing" not in evaluation
    with pytest.raises(KeyError):
        evaluation["nothing"]


def test_json_and_back(extractor, reals, fakes):
    evaluation = Evaluator(extractor, reals).evaluate(fakes)
    values = json.loads(json.dumps(evaluation.to_dict(), allow_nan=False))
    for score in values["scores"].values():
        for name in (
            "value",
            "error",
            "num_fakes",
            "num_reals",
            "extractor",
            "label",
            "weights",
            "resizer",
            "tfdogs",
        ):
            assert name in score
    again = Evaluation.from_dict(values)
    assert again.scores == evaluation.scores and again.stamp == evaluation.stamp
    assert again.breeds == evaluation.breeds and again.realism is None and again.nearest is None
    assert again.to_dict() == values
    alarmed = dataclasses.replace(evaluation, alarms=("it rings",))
    assert Evaluation.from_dict(json.loads(json.dumps(alarmed.to_dict()))).alarms == ("it rings",)
    assert alarmed.table().splitlines()[-1] == "ALARM: it rings" and "ALARM" not in evaluation.table()
    assert Evaluation.from_dict({k: v for k, v in values.items() if k != "alarms"}).alarms == ()
    with pytest.raises((KeyError, TypeError)):
        Evaluation.from_dict({**values, "scores": {"fid": {}}})


def test_the_table_is_aligned_and_says_which_extractor(extractor, reals, fakes):
    lines = (
        Evaluator(extractor, reals, metrics=["kid", "fid", "dog_score"]).evaluate(fakes).table().splitlines()
    )
    assert lines[1].startswith("FID (Colours)  ") and "↓" in lines[1] and " ± " in lines[1]
    assert lines[2].startswith("KID (Colours)  ") and lines[2].endswith("blocks of up to 60")
    assert "↑" in lines[3] and lines[3].endswith("50")
    assert len({line.index("50") for line in lines[1:4] if " 50" in line}) <= 2
    assert lines[1].index("↓") == lines[2].index("↓") == lines[3].index("↑")
    assert lines[-1] == "extractor: Colours, weights 0123456789abcdef, resized to 8 px by bilinear"


def test_only_what_is_asked_for_is_computed(extractor, reals, fakes, monkeypatch):
    monkeypatch.setattr(comparison, "nearest", None)
    monkeypatch.setattr(comparison, "realism", None)
    evaluator = Evaluator(extractor, reals, metrics=["fid"], bootstrap=0, per_image=False)
    evaluation = evaluator.evaluate(fakes)
    assert [score.name for score in evaluation.scores] == ["fid"]
    assert evaluation["fid"].error is None and evaluation.nearest is None and evaluation.breeds is None


def test_an_image_set_is_extracted_first(extractor, reals, fakes):
    evaluator = Evaluator(extractor, reals, metrics=["fid"])
    assert evaluator.evaluate(images(50, seed=1, brightness=0.9))["fid"] == evaluator.evaluate(fakes)["fid"]


def test_order_does_not_matter(extractor, reals, fakes):
    names = ["fid", "precision_recall", "density_coverage", "mifid", "dog_score", "breeds", "diversity"]
    evaluator = Evaluator(extractor, reals, metrics=names, bootstrap=0)
    turned = Arrays(np.concatenate(list(fakes.image_set.batches()))[::-1])
    for one, other in zip(evaluator.evaluate(fakes).scores, evaluator.evaluate(turned).scores):
        assert one.name == other.name
        np.testing.assert_allclose(one.value, other.value, rtol=1e-9)


def test_identical_sets(extractor, reals):
    evaluation = Evaluator(extractor, reals).evaluate(reals.features)
    assert evaluation["fid"].value == pytest.approx(0, abs=1e-6)
    assert evaluation["memorization_distance"].value == pytest.approx(0, abs=1e-9)
    assert evaluation["precision"].value == evaluation["recall"].value == evaluation["coverage"].value == 1
    assert evaluation["variance_ratio"].value == pytest.approx(1)
    np.testing.assert_array_equal(evaluation.nearest.indices, np.arange(60))


def test_two_images_have_some_scores_and_reasons_for_the_rest(extractor, reals):
    evaluation = Evaluator(extractor, reals).evaluate(images(2, seed=1))
    found = {score.name for score in evaluation.scores}
    assert {"fid", "kid", "inception_score", "mifid_public", "dog_score"} <= found
    assert set(evaluation.left_out) == {"fid_infinity", "precision_recall"}
    for name, reason in evaluation.left_out.items():
        assert "Received" in reason and f"left out: {name}: {reason}" in evaluation.table()
    assert evaluation["kid"].num_fakes == 2 and math.isfinite(evaluation["kid"].value)
    with pytest.raises(UsageError, match="the metric precision_recall cannot be computed: k must be"):
        Evaluator(extractor, reals, metrics=["fid", "precision_recall"]).evaluate(images(2, seed=1))


def test_one_image_has_no_fid(extractor, reals):
    evaluation = Evaluator(extractor, reals).evaluate(images(1, seed=1))
    assert {"fid", "kid", "fid_infinity", "precision_recall"} <= set(evaluation.left_out)
    assert "every block must have 2 reals and 2 fakes" in evaluation.left_out["kid"]
    assert "mifid_public" not in evaluation and "dog_score" in evaluation
    with pytest.raises(UsageError, match=r"the metric fid cannot be computed: .*at least 2"):
        Evaluator(extractor, reals, metrics=["fid"]).evaluate(images(1, seed=1))


def test_no_score_at_all_is_an_error(make_extractor):
    extractor = make_extractor(num_classes=0)
    reals = Reference(extract(images(3), extractor))
    with pytest.raises(UsageError, match="there is no metric that can be computed of noise 1: fid: "):
        Evaluator(extractor, reals).evaluate(images(1, seed=1))


def test_few_fakes_beside_many_reals_have_a_kid(extractor, monkeypatch):
    monkeypatch.setattr(scores, "KID_BLOCK", 10)
    reals = Reference(extract(images(60), extractor))
    (score,) = Evaluator(extractor, reals, metrics=["kid"]).evaluate(images(5, seed=1)).scores
    assert (score.num_fakes, score.num_reals, score.note) == (5, 20, "blocks of up to 10")
    assert score.error is not None


def test_neighbours_are_those_of_subsets(extractor, reals, fakes, monkeypatch):
    monkeypatch.setattr(comparison, "MOST_NEIGHBOURS", 30)
    evaluation = Evaluator(extractor, reals, metrics=["precision_recall", "mifid"]).evaluate(fakes)
    assert (evaluation["precision"].num_fakes, evaluation["precision"].num_reals) == (30, 30)
    assert (evaluation["mifid_public"].num_fakes, evaluation["mifid_public"].num_reals) == (50, 60)
    assert len(evaluation.realism) == 50
    both = Comparison(fakes, reals, seed=1)
    assert not np.array_equal(both.few_reals, Comparison(fakes, reals, seed=2).few_reals)


def test_inception_score_in_splits_that_are_samples_of_all(extractor, reals, monkeypatch):
    monkeypatch.setattr(scores, "FEWEST_FOR_SPLITS", 40)
    dark, bright = (images(20, seed=1, brightness=brightness) for brightness in (0.3, 1.0))
    pixels = np.concatenate([*dark.batches(), *bright.batches()])
    (score,) = Evaluator(extractor, reals, metrics=["inception_score"]).evaluate(Arrays(pixels)).scores
    probabilities = extractor(pixels).probabilities
    expected = inception_score(np.random.default_rng(0).permutation(probabilities), splits=10)
    assert (score.value, score.error) == pytest.approx(expected) and score.note == "10 splits"


def test_without_classes_or_without_imagenet(make_extractor):
    for num_classes, missing in (
        (0, {"inception_score", "dog_score", "breeds"}),
        (10, {"dog_score", "breeds"}),
    ):
        extractor = make_extractor(num_classes=num_classes)
        reals = Reference(extract(images(60), extractor))
        evaluation = Evaluator(extractor, reals).evaluate(images(50, seed=1))
        assert set(evaluation.left_out) == missing and evaluation.breeds is None
        for name in missing:
            with pytest.raises(UsageError, match=f"the metric {name} needs"):
                Evaluator(extractor, reals, metrics=["fid", name])
            assert lacking(name, extractor).startswith("needs ") and not lacking("fid", extractor)


def test_statistics_do_for_the_fid_family(tmp_path, extractor, reals, fakes):
    reals.save(tmp_path / "stats.npz")
    loaded = Reference.load(tmp_path / "stats.npz", stamp=extractor.stamp)
    evaluation, whole = (Evaluator(extractor, side).evaluate(fakes) for side in (loaded, reals))
    assert set(evaluation.left_out) == {"kid", "precision_recall", "density_coverage", "mifid"}
    for score in evaluation.scores:
        assert score.value == pytest.approx(whole[score.name].value, rel=1e-9)
    assert evaluation.realism is None and evaluation.nearest is None
    with pytest.raises(UsageError, match="the metric kid needs real images"):
        Evaluator(extractor, loaded, metrics=["kid"])


def test_what_is_wrong_is_said_before_work(extractor, make_extractor, reals, fakes):
    with pytest.raises(UsageError, match=r"noise 0 was made with Colours, .* the extractor is Other,"):
        Evaluator(make_extractor("Other"), reals)
    with pytest.raises(UsageError, match="the fakes' features were made with Other"):
        Evaluator(extractor, reals).evaluate(extract(images(4), make_extractor("Other")))
    for names in (["fid", "beauty"], []):
        with pytest.raises(UsageError, match="metrics must be some of fid, "):
            Evaluator(extractor, reals, metrics=names)
    assert check(["kid", "fid", "kid"]) == ("fid", "kid")


def test_features_that_are_not_finite_end_it(extractor, reals, monkeypatch):
    import tensorflow as tf

    def network(pixels):
        pool, probabilities = type(extractor).forward(extractor, pixels)
        return tf.where(pool > 0.5, np.nan, pool), probabilities

    monkeypatch.setattr(extractor, "_network", network)
    with pytest.raises(TfdogsError, match="Colours gives NaN or infinite features for image 0"):
        Evaluator(extractor, reals).evaluate(images(4, seed=1))


def test_images_that_are_all_alike_have_scores(extractor, reals):
    alike = Arrays(np.full([50, 8, 8, 3], 7, np.uint8))
    evaluation = Evaluator(extractor, reals).evaluate(alike)
    assert not evaluation.left_out and evaluation["variance_ratio"].value == 0
    assert evaluation["recall"].value == 0 and evaluation["breeds_missing"].value == 120
    evaluation = Evaluator(extractor, Reference(extract(alike, extractor))).evaluate(reals.features)
    assert evaluation.left_out == {"diversity": "the real images must not be all alike"}


def test_a_score_is_never_nan():
    for value, error in ((math.nan, None), (math.inf, None), (1.0, math.nan)):
        with pytest.raises(ValueError, match="not a finite number"):
            Score("fid", "FID", value, error=error, better="lower", num_fakes=2, num_reals=2)


def test_a_score_that_is_not_finite_is_left_out(extractor, reals, monkeypatch):
    monkeypatch.setattr(comparison, "frechet_distance", lambda a, b: math.nan)
    evaluation = Evaluator(extractor, reals, bootstrap=0).evaluate(images(50, seed=1))
    assert "its value is nan" in evaluation.left_out["fid"] and "fid" not in evaluation
