"""What all metrics have in common."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from scipy.special import softmax

import tfdogs.metrics as scores
from tfdogs.metrics.keras_metrics.score_metric import agreed
from tfdogs.metrics.mifid import mifid


def kid_of(reals, fakes):
    return scores.kernel_distance(reals, fakes, block_size=20).value


def inception_score_of(reals, fakes):
    return scores.inception_score(fakes, splits=1).value


def mifid_of(reals, fakes):
    return mifid(scores.frechet_distance(reals, fakes), scores.memorization_distance(fakes, reals), 0.25)


# Name -> (metric, the function that it must equal), both of reals and fakes.
METRICS = {
    "fid": (lambda: scores.FID(8), scores.frechet_distance),
    "kid": (lambda: scores.KID(8, block_size=20), kid_of),
    "precision_recall": (lambda: scores.PrecisionRecall(8, capacity=100), scores.precision_recall),
    "mifid": (lambda: scores.MiFID(8, eps=0.25, capacity=100), mifid_of),
    "inception_score": (lambda: scores.InceptionScore(8), inception_score_of),
}


@pytest.fixture(params=METRICS)
def case(request, features):
    """(maker of a metric, reals, fakes, what the metric must give, as a list)."""
    make, function = METRICS[request.param]
    reals, fakes = features()
    if request.param == "inception_score":
        fakes = softmax(fakes, axis=1)
    return make, reals, fakes, np.atleast_1d(function(reals, fakes))


def update(metric, reals, fakes, sizes=(1, 7, 12, 20, 20)):
    """Feeds batches of different sizes."""
    for rows in np.split(np.arange(len(fakes)), np.cumsum(sizes)[:-1]):
        metric.update_state(reals[rows], fakes[rows])


def numbers(result):
    return [float(value) for value in (result.values() if isinstance(result, dict) else [result])]


def test_result_is_the_functions(case):
    make, reals, fakes, expected = case
    metric = make()
    assert all(np.isnan(numbers(metric.result())))
    update(metric, reals, fakes)
    np.testing.assert_allclose(numbers(metric.result()), expected, rtol=1e-9)
    assert all(value.dtype == tf.float64 for value in tf.nest.flatten(metric.result()))


def test_inside_a_tf_function(case):
    make, reals, fakes, expected = case
    metric = make()

    @tf.function(reduce_retracing=True)
    def step(reals, fakes):
        metric.update_state(reals, fakes)

    for batch in tf.data.Dataset.from_tensor_slices((reals, fakes)).batch(7):
        step(*batch)
    result = tf.function(lambda: metric.result())()
    np.testing.assert_allclose(numbers(result), expected, rtol=1e-9)


def test_reset_forgets_everything(case):
    make, reals, fakes, expected = case
    metric = make()
    update(metric, fakes, fakes[::-1])
    metric.reset_state()
    assert all(np.isnan(numbers(metric.result())))
    update(metric, reals, fakes)
    np.testing.assert_allclose(numbers(metric.result()), expected, rtol=1e-9)


def test_merged_states_are_the_whole(case):
    make, reals, fakes, expected = case
    first, *others = metrics = [make() for _ in range(4)]
    for metric, rows in zip(metrics, (slice(0, 20), slice(20, 40), slice(40, 60))):
        metric.update_state(reals[rows], fakes[rows])
    first.merge_state(others)
    np.testing.assert_allclose(numbers(first.result()), expected, rtol=1e-9)


def test_metrics_that_do_not_fit_are_not_merged(case):
    make, reals, fakes, _ = case
    metric, other = make(), scores.FID(5)
    update(metric, reals, fakes)
    before = [variable.numpy() for variable in metric.variables]
    with pytest.raises(ValueError, match="not compatible"):
        metric.merge_state([make(), other])
    for variable, value in zip(metric.variables, before):
        np.testing.assert_array_equal(variable, value)


def test_in_model_evaluate(case):
    make, reals, fakes, expected = case
    model = keras.Sequential([keras.layers.InputLayer(input_shape=(8,)), keras.layers.Activation("linear")])
    model.compile(metrics=[make()])
    for _ in range(2):  # the second time from the start
        result = model.evaluate(fakes, reals, batch_size=16, verbose=0, return_dict=True)
        result.pop("loss")
        np.testing.assert_allclose(list(result.values()), expected, rtol=1e-9)


def test_config_makes_an_equal_metric(case):
    make, reals, fakes, expected = case
    metric = type(make()).from_config(make().get_config())
    update(metric, reals, fakes)
    np.testing.assert_allclose(numbers(metric.result()), expected, rtol=1e-9)


@pytest.mark.parametrize(
    ("make", "function"),
    [
        (lambda e: scores.FID(extractor=e), scores.frechet_distance),
        (lambda e: scores.KID(extractor=e), lambda r, f: scores.kernel_distance(r, f).value),
    ],
)
def test_images_go_through_the_extractor(make, function, extractor):
    rng = np.random.default_rng(0)
    reals, fakes = (rng.integers(0, high, (30, 8, 8, 3), dtype=np.uint8) for high in (256, 200))
    metric = make(extractor)
    for start in range(0, 30, 7):
        metric.update_state(reals[start : start + 7], fakes[start : start + 7])
    expected = function(extractor(reals).pool, extractor(fakes).pool)
    assert float(metric.result()) == pytest.approx(expected, rel=1e-9)

    @tf.function
    def step(reals, fakes):
        metric.update_state(reals, fakes)

    metric.reset_state()
    for batch in tf.data.Dataset.from_tensor_slices((reals, fakes)).batch(8):
        step(*batch)
    assert float(metric.result()) == pytest.approx(expected, rel=1e-9)


def test_probabilities_of_the_extractor(extractor):
    images = np.random.default_rng(0).integers(0, 256, (20, 4, 4, 1), dtype=np.uint8)
    metric = scores.InceptionScore(extractor=extractor)
    metric.update_state(None, images)
    expected = scores.inception_score(extractor(images).probabilities, splits=1).value
    assert float(metric.result()) == pytest.approx(expected, rel=1e-9)


def test_batches_of_the_wrong_kind_are_refused(extractor, features):
    reals, fakes = features()
    metric = scores.FID(8, name="distance")
    with pytest.raises(ValueError, match=r"reals must be floats \[N, 8\]\. Received: float32 \(60, 7\)"):
        metric.update_state(reals[:, :7], fakes)
    with pytest.raises(ValueError, match="fakes must be floats"):
        metric.update_state(reals, np.zeros((60, 8), np.uint8))
    with pytest.raises(ValueError, match=r"distance needs reals, or a reference .* Received: None"):
        metric.update_state(None, fakes)
    with pytest.raises(ValueError, match="has no sample weights"):
        metric.update_state(reals, fakes, sample_weight=np.ones(60))
    with pytest.raises(ValueError, match=r"reals must be uint8 images .* Received: float32"):
        scores.FID(extractor=extractor).update_state(reals, fakes)
    with pytest.raises(tf.errors.InvalidArgumentError, match="fakes of distance must be finite"):
        metric.update_state(reals, fakes * np.nan)
    assert np.isnan(float(metric.result()))


def test_the_length_of_features_must_be_known(extractor):
    assert agreed("num_features", 12, extractor, 12) == 12
    with pytest.raises(ValueError, match=r"num_features must be known .* Received: none"):
        scores.FID()
    with pytest.raises(ValueError, match=r"all must agree\. Received: 8, 12"):
        scores.KID(8, extractor=extractor)
    with pytest.raises(ValueError, match="num_classes must be known"):
        scores.InceptionScore()
