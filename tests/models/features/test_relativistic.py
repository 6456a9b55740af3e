"""Losses of pairs, and the choice of the best fakes among them."""

import numpy as np
import pytest

from tfdogs.losses.top_k import TopK


def test_a_relativistic_generator_learns_from_reals_judged_by_the_new_discriminator(
    make, fit, drawn, networks, reals
):
    gan = make(loss="relativistic", g_rate=0.5, d_rate=0.5)
    z, fakes = drawn(gan)
    a, c = gan.discriminator.get_weights()
    flat = reals[:6].reshape(6, -1), fakes.numpy().reshape(6, -1)
    history = fit(gan)

    def wrong(a):  # sigmoid(D(fake) - D(real))
        return 1 / (1 + np.exp((flat[0] - flat[1]) @ a))

    stepped = a + 0.5 * ((flat[0] - flat[1]) * wrong(a)).mean(0)[:, None]
    np.testing.assert_allclose(gan.discriminator.get_weights()[0], stepped, rtol=1e-4, atol=1e-6)
    np.testing.assert_array_equal(gan.discriminator.get_weights()[1], c)  # no difference has a bias
    slope = -(1 - wrong(stepped)) / 6 @ stepped.T * (1 - flat[1] ** 2)
    make_weights = networks()[0].get_weights()
    np.testing.assert_allclose(
        gan.generator.get_weights()[0], make_weights[0] - 0.5 * z.numpy().T @ slope, rtol=1e-3, atol=1e-5
    )
    # The metrics are scores, of which the difference alone has a meaning.
    gap = np.mean((flat[0] - flat[1]) @ a)
    np.testing.assert_allclose(history["d_real"][0] - history["d_fake"][0], gap, rtol=1e-3, atol=1e-5)


def test_a_relativistic_gan_evaluates(make, reals):
    gan = make(loss="relativistic_average_hinge")
    result = gan.evaluate(reals, batch_size=8, verbose=0, return_dict=True)
    assert set(result) == {"d_loss", "g_loss", "d_real", "d_fake"} and all(map(np.isfinite, result.values()))


def test_top_k_teaches_the_generator_by_its_best_fakes_only(make, fit, drawn):
    gan = make(loss="wasserstein", top_k=TopK(0.5, kimg=0))
    _, fakes = drawn(gan)
    best = np.sort(gan.discriminator(fakes).numpy().ravel())[3:]
    np.testing.assert_allclose(fit(gan)["g_loss"], -best.mean(), rtol=1e-4)


def test_xla_cannot_do_top_k(make):
    with pytest.raises(ValueError, match=r"jit_compile must be False with top_k\. Received"):
        make(top_k=TopK()).compile(jit_compile=True)


def test_top_k_keeps_pairs_together(make, fit, drawn, reals):
    gan = make(loss="relativistic", top_k=TopK(0.5, kimg=0))
    _, fakes = drawn(gan)
    fake, real = (gan.discriminator(x).numpy().ravel() for x in (fakes, reals[:6]))
    best = np.argsort(fake)[3:]
    expected = np.log1p(np.exp(real[best] - fake[best])).mean()
    np.testing.assert_allclose(fit(gan)["g_loss"], expected, rtol=1e-4)
