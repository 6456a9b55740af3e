import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from tfdogs.models import latents
from tfdogs.models.noise import Noise

SEEDS = np.arange(300)
from_seeds = tf.function(latents.from_seeds, reduce_retracing=True)  # a loop over seeds is slow without


def test_kinds_in_training():
    noise = Noise(tf.constant([1, 1], tf.int64))
    z = latents.sample("normal", [500, 8], noise).numpy()
    assert z.shape == (500, 8) and abs(z.mean()) < 0.08 and abs(z.std() - 1) < 0.06
    u = latents.sample("uniform", [500, 8], noise).numpy()
    assert -1 <= u.min() < -0.99 and 0.99 < u.max() < 1 and abs(u.var() - 1 / 3) < 0.02


def test_normal_moments():
    z = from_seeds("normal", SEEDS, 32).numpy()
    assert z.shape == (300, 32) and z.dtype == np.float32
    assert abs(z.mean()) < 0.05 and abs(z.var() - 1) < 0.08  # five standard deviations
    assert abs(np.mean(z**3)) < 0.2 and abs(np.mean(z**4) - 3) < 0.5
    assert np.abs(np.corrcoef(z.T) - np.eye(32)).max() < 0.3  # coordinates
    assert np.abs(np.corrcoef(z[:40, :]) - np.eye(40)).max() < 0.85  # neighbouring seeds


def test_uniform_range():
    u = from_seeds("uniform", SEEDS, 32).numpy()
    assert -1 <= u.min() < -0.99 and 0.99 < u.max() < 1
    assert abs(u.mean()) < 0.03 and abs(u.var() - 1 / 3) < 0.02


@pytest.mark.parametrize("latent_dim", [1, 7, 100, 128])
@pytest.mark.parametrize("truncation", [None, 0.8])
def test_a_latent_has_the_same_bits_in_any_batch(latent_dim, truncation):
    """The normal distribution's inverse has other last bits where a row ends within a vector register."""
    together = from_seeds("normal", SEEDS, latent_dim, truncation).numpy()
    for size in (1, 3, 8):
        apart = [
            from_seeds("normal", SEEDS[i : i + size], latent_dim, truncation) for i in range(0, 48, size)
        ]
        np.testing.assert_array_equal(np.concatenate(apart), together[:48])
    many = from_seeds("normal", SEEDS, latent_dim, None if truncation is None else np.full(300, truncation))
    np.testing.assert_array_equal(many, together)


@pytest.mark.parametrize("kind", latents.KINDS)
def test_a_seeds_latent_does_not_depend_on_its_neighbours(kind):
    together = from_seeds(kind, SEEDS[:20], 7, 0.8).numpy()
    np.testing.assert_array_equal(from_seeds(kind, SEEDS[:20][::-1], 7, 0.8), together[::-1])
    for i in (0, 3, 19):
        np.testing.assert_array_equal(from_seeds(kind, [i], 7, 0.8)[0], together[i])
    assert len({row.tobytes() for row in together}) == 20


def test_seeds_reach_over_the_whole_of_int64():
    seeds = np.array([-(2**63), -1, 0, 1, 2**32, 2**32 + 1, 2**63 - 1])
    assert len({row.tobytes() for row in from_seeds("normal", seeds, 4).numpy()}) == 7


@settings(max_examples=20, deadline=None)
@given(truncation=st.floats(0.02, 8.0), first=st.integers(0, 2**40))
def test_truncation_bounds_and_keeps_the_order(truncation, first):
    seeds = first + np.arange(4)
    z = from_seeds("normal", seeds, 50, tf.constant(truncation)).numpy()
    assert np.abs(z).max() <= truncation * (1 + 1e-5)
    free = from_seeds("normal", seeds, 50).numpy()
    # The same seed bends: the order of its coordinates stays.
    order = np.argsort(free, axis=1)
    assert (np.diff(np.take_along_axis(z, order, 1), axis=1) >= 0).all()


def test_truncation_is_the_cut_off_normal():
    # Var of N(0, 1) cut off at t: 1 - 2 t phi(t) / (2 Phi(t) - 1); at 1 it is 0.2911.
    z = from_seeds("normal", SEEDS, 64, 1.0).numpy()
    assert abs(z.var() - 0.2911) < 0.008 and abs(z.mean()) < 0.02


def test_a_large_truncation_is_none_at_all():
    free = from_seeds("normal", SEEDS, 16).numpy()
    bent = from_seeds("normal", SEEDS, 16, 8.0).numpy()
    np.testing.assert_allclose(bent, free, atol=1e-4)
    free = from_seeds("uniform", SEEDS, 16).numpy()
    for truncation in (1.0, 5.0):  # beyond the range that the generator was trained on there is nothing
        np.testing.assert_array_equal(from_seeds("uniform", SEEDS, 16, truncation), free)


def test_truncation_is_continuous():
    ends = [from_seeds("normal", SEEDS[:20], 16, t).numpy() for t in (0.7, 0.7001)]
    assert 0 < np.abs(ends[0] - ends[1]).max() < 1e-3


def test_uniform_truncation_scales():
    free = from_seeds("uniform", SEEDS[:5], 8).numpy()
    np.testing.assert_allclose(from_seeds("uniform", SEEDS[:5], 8, 0.25), 0.25 * free, rtol=1e-6)


@pytest.mark.parametrize("kind", latents.KINDS)
def test_one_truncation_a_seed(kind):
    bounds = np.array([0.3, 0.9, 0.5])
    z = from_seeds(kind, [4, 5, 6], 6, bounds)
    for i, bound in enumerate(bounds):
        np.testing.assert_allclose(z[i], from_seeds(kind, [4 + i], 6, bound)[0], rtol=1e-6)


def test_no_seeds():
    assert latents.from_seeds("normal", np.zeros(0, np.int64), 5).shape == (0, 5)


def test_graph_and_eager_give_the_same_numbers():
    np.testing.assert_array_equal(from_seeds("normal", [1, 2], 5), latents.from_seeds("normal", [1, 2], 5))


def slerp(a, b, t):
    return latents.between("normal", a, b, t).numpy()


def unit(count, dim, seed=0):
    x = np.random.default_rng(seed).normal(size=(count, dim))
    return x / np.linalg.norm(x, axis=1, keepdims=True)


def test_slerp_is_the_formula():
    """White 2016: (sin((1 - t) w) a + sin(t w) b) / sin w, for vectors of one length."""
    a, b, t = 3 * unit(50, 7), 3 * unit(50, 7, seed=1), np.linspace(0, 1, 50)
    angle = np.arccos(np.sum(a * b, axis=1) / 9)
    expected = np.sin((1 - t) * angle)[:, None] * a + np.sin(t * angle)[:, None] * b
    np.testing.assert_allclose(slerp(a, b, t), expected / np.sin(angle)[:, None], atol=2e-6)


@settings(max_examples=40, deadline=None)
@given(
    st.integers(0, 10_000), st.integers(1, 6), st.sampled_from(["other", "equal", "opposite", "near", "zero"])
)
def test_slerp_ends_exactly_and_is_finite_everywhere(seed, dim, case):
    rng = np.random.default_rng(seed)
    a = rng.normal(size=(1, dim)).astype(np.float32)
    other = rng.normal(size=(1, dim)).astype(np.float32)
    b = {"other": other, "equal": a, "opposite": -a, "near": -a + 1e-7 * other, "zero": 0 * a}[case].astype(
        np.float32
    )
    np.testing.assert_array_equal(slerp(a, b, [0.0]), a)
    np.testing.assert_array_equal(slerp(a, b, [1.0]), b)
    t = np.linspace(0, 1, 21)
    path = slerp(np.repeat(a, 21, 0), np.repeat(b, 21, 0), t)
    assert path.dtype == np.float32 and np.isfinite(path).all()
    if case == "equal":
        np.testing.assert_allclose(path, np.repeat(a, 21, 0), atol=1e-5)


@pytest.mark.parametrize("b", [unit(1, 5, seed=1), unit(1, 5), -unit(1, 5), -unit(1, 5) + 1e-9])
def test_slerp_keeps_the_norm_of_unit_vectors_at_an_even_pace(b):
    t = np.linspace(0, 1, 33)
    path = slerp(np.repeat(unit(1, 5), 33, 0), np.repeat(b, 33, 0), t)
    np.testing.assert_allclose(np.linalg.norm(path, axis=1), 1, atol=1e-6)
    steps = np.linalg.norm(np.diff(path, axis=0), axis=1)
    np.testing.assert_allclose(steps, steps.mean(), atol=1e-5)


def test_slerp_changes_lengths_evenly():
    path = slerp([[1.0, 0.0]] * 3, [[0.0, 3.0]] * 3, [0.0, 0.5, 1.0])
    np.testing.assert_allclose(np.linalg.norm(path, axis=1), [1, 2, 3], rtol=1e-6)


def test_uniform_latents_are_joined_by_a_straight_line():
    a, b = [[1.0, 0.0], [0.0, -1.0]], [[0.0, 1.0], [1.0, 1.0]]
    path = latents.between("uniform", a, b, [0.25, 1.0])
    assert path.dtype == tf.float32
    np.testing.assert_array_equal(path, [[0.75, 0.25], [1.0, 1.0]])


def test_no_rows_is_no_error():
    assert latents.between("normal", np.zeros((0, 3)), np.zeros((0, 3)), np.zeros(0)).shape == (0, 3)
