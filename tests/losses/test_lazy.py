"""The pace of an optimizer beside lazy regularizers."""

import pytest

import tfdogs
from tfdogs.losses import lazy


def test_ratio_of_one_interval():
    assert lazy.ratio([tfdogs.R1(interval=16)], "discriminator") == pytest.approx(16 / 17)
    assert lazy.ratio([tfdogs.PathLength(interval=4)], "generator") == pytest.approx(4 / 5)


def test_those_of_one_interval_share_a_step_and_those_of_every_step_take_none():
    penalties = [tfdogs.R1(interval=8), tfdogs.R2(interval=8), tfdogs.LeCam(), tfdogs.PathLength(interval=2)]
    assert lazy.intervals(penalties) == [2, 8]
    assert lazy.ratio(penalties, "discriminator") == pytest.approx(8 / 9)
    assert lazy.ratio([tfdogs.R1(), tfdogs.LeCam()], "discriminator") == 1


def test_several_intervals():
    # In 12 steps of the loss 3 and 4 of the penalties: 12 / 19.
    assert lazy.ratio([tfdogs.R1(interval=4), tfdogs.R2(interval=3)], "discriminator") == pytest.approx(
        12 / 19
    )


@pytest.mark.parametrize(("interval", "ratio"), [(1, 1.0), (4, 0.8)])
def test_compiles_default_and_the_flags_optimizers_are_rescaled(interval, ratio, make_config):
    from tfdogs.training.build import build
    from tfdogs.training.run import DataCard

    card = DataCard(image_size=28, channels=1, classes=(), num_images=9, fingerprint="")
    gan = build(make_config(r1=1.0, r1_interval=interval, d_lr=1e-3, beta1=0.5, beta2=0.9), card)
    assert float(gan.d_optimizer.learning_rate) == pytest.approx(1e-3 * ratio)
    assert (gan.d_optimizer.beta_1, gan.d_optimizer.beta_2) == pytest.approx((0.5**ratio, 0.9**ratio))
    assert gan.g_optimizer.beta_2 == 0.9
    gan.compile()
    assert float(gan.d_optimizer.learning_rate) == pytest.approx(2e-4 * ratio)
    assert gan.d_optimizer.beta_2 == pytest.approx(0.999**ratio)
