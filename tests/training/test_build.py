"""From flags to the parts of a GAN."""

import numpy as np
import pytest

import tfdogs
from tfdogs.errors import UsageError
from tfdogs.losses import NAMES as LOSSES
from tfdogs.training.build import build
from tfdogs.training.config import TrainConfig
from tfdogs.training.run import DataCard

CARD = DataCard(image_size=28, channels=3, classes=("pug", "whippet"), num_images=9_000, fingerprint="f")


@pytest.fixture
def made(make_config):
    """Returns a maker of GANs from changes of the small configuration."""
    return lambda **changes: build(
        make_config(**{"r1": 0.0, "augment": "", "r1_interval": 1, **changes}), CARD
    )


def test_regularizers_follow_the_flags(made):
    gan = made(
        r1=1.0, r1_interval=2, r2=3.0, dragan=4.0, lecam=0.5, lecam_start_kimg=6.0, consistency=7.0,
        g_orthogonal=1e-4, d_orthogonal=1e-3, gradient_penalty=8.0,
    )  # fmt: skip
    configs = {type(r).__name__ + "/" + r.network: r.get_config() for r in gan.regularizers}
    assert configs["R1/discriminator"]["gamma"] == 1 and configs["R1/discriminator"]["interval"] == 2
    assert configs["R2/discriminator"]["gamma"] == 3 and configs["R2/discriminator"]["interval"] == 1
    assert configs["DRAGAN/discriminator"]["weight"] == 4
    assert configs["LeCam/discriminator"]["weight"] == 0.5
    assert configs["LeCam/discriminator"]["start_kimg"] == 6
    consistency = configs["Consistency/discriminator"]
    assert (consistency["real"], consistency["fake"]) == (7, 7)
    assert configs["Orthogonal/generator"]["weight"] == 1e-4
    assert configs["Orthogonal/discriminator"]["weight"] == 1e-3
    assert configs["GradientPenalty/discriminator"]["weight"] == 8
    assert len(gan.regularizers) == 8
    assert made().regularizers == []


@pytest.mark.parametrize(
    "changes",
    [
        *({"loss": loss} for loss in LOSSES),
        *({"model": model} for model in ("mlp", "sngan", "r3gan")),
        {"model": "wgan_gp", "loss": "wasserstein", "gradient_penalty": 10.0},
        {"model": "biggan", "attention": 0, "embedding_dim": 4},
        {"model": "biggan", "attention": 0, "embedding_dim": 4, "conditional": True, "auxiliary": 0.2},
        {"d_norm": "batch"},
        {"precision": "mixed_float16"},
        {"precision": "mixed_bfloat16"},
        {"r1": 1.0},
        {"r2": 1.0},
        {"r2": 1.0, "r2_interval": 2},
        {"dragan": 1.0},
        {"gradient_penalty": 1.0},
        {"lecam": 1.0},
        {"consistency": 1.0, "augment": "color"},
        {"reconstruction": 0.3},
        {"d_orthogonal": 1e-3},
        {"top_k": 0.5},
    ],
    ids=str,
)
def test_flags_and_the_gan_agree_on_what_simultaneous_updates_need(made, make_config, monkeypatch, changes):
    legal = make_config(**{"r1": 0.0, "augment": "", "r1_interval": 1, **changes}).simultaneous
    monkeypatch.setattr(TrainConfig, "simultaneous", True)
    if legal:
        assert made(**changes).simultaneous
    else:
        with pytest.raises(ValueError, match=r"^simultaneous needs"):
            made(**changes)


def test_r3gan_s_way_of_penalties_and_augmentation(made):
    gan = made(
        r1=1.0, r2=1.0, penalty_before_augment=True,
        augment="ada", ada_kimg=0.0, ada_p_end=0.3, schedule_kimg=0.1,
    )  # fmt: skip
    assert [r.before_augmentation for r in gan.regularizers] == [True, True]
    assert [float(gan.augment.schedule(images)) for images in (0, 100)] == pytest.approx([0.0, 0.3])
    assert gan.augment.kimg == 0 and not any(
        r.before_augmentation for r in made(r1=1.0, r2=1.0, augment="color").regularizers
    )


def test_fastgans_options(made):
    gan = made(reconstruction=0.3, d_orthogonal=1e-3)
    assert gan.discriminator.reconstructs
    assert gan.regularizers[-1].get_config() == {
        "weight": 0.3,
        "interval": 1,
    }  # last: others keep their noise
    assert not made().discriminator.reconstructs
    with pytest.raises(UsageError, match=r"dcgan: skip_excitation needs .* images of 64 px or more"):
        made(skip_excitation=True)


def test_path_length_is_stylegan2s(made):
    small = {"model": "stylegan2", "mapping_layers": 2}
    gan = made(**small, path_length=2.0, path_length_interval=5, augment="ada:blit", ada_p=0.3, ada_kimg=7.0)
    (penalty,) = gan.regularizers
    assert isinstance(penalty, tfdogs.PathLength) and penalty.interval == 5
    assert isinstance(gan.augment, tfdogs.ADA)
    assert float(gan.augment.tracked["augment_p"]) == pytest.approx(0.3)
    assert gan.generator.mapping_layers == 2


def test_what_the_discriminator_sees(made):
    assert made().augment is None
    assert made(augment="auto").augment.policy == "color,translation,cutout"  # 9,000 images
    gan = made(instance_noise=0.1, instance_noise_kimg=2.0)
    assert float(gan.instance_noise(1000)) == pytest.approx(0.05)
    assert made(instance_noise=0.1).instance_noise == 0.1


def test_schedules(made):
    gan = made(
        r1=2.0, schedule_kimg=10.0, lr_end=0.25, penalty_end=0.5, beta2=0.9, beta2_end=0.99, ema_start=0.0,
        g_lr=4e-4, d_lr=8e-4, d_steps=2, ema_kimg=20.0,
    )  # fmt: skip
    for optimizer, rate, images in ((gan.g_optimizer, 4e-4, 8), (gan.d_optimizer, 8e-4, 4)):
        assert isinstance(optimizer, tfdogs.ScheduledAdam) and optimizer.images_per_step == images
        assert float(optimizer.learning_rate) == pytest.approx(rate)
        assert float(optimizer.beta_2) == pytest.approx(0.9)
        optimizer.iterations.assign(10_000 // images)
        assert float(optimizer._learning_rate(optimizer.iterations)) == pytest.approx(rate / 4, rel=1e-5)
        assert float(optimizer.beta_2) == pytest.approx(0.99, rel=1e-5)
    assert float(gan.regularizers[0].schedule(10_000)) == pytest.approx(0.5)
    for seen, share in ((0, 0), (2500, 0.5 - 0.125**0.5), (5000, 0.5), (10_000, 1), (20_000, 1)):
        reached = -8 / np.log2(gan.ema.decay(8, seen)) if seen else 0
        assert reached == pytest.approx(20_000 * share, rel=1e-3), seen
    off = made(r1=2.0, schedule_kimg=0.0, lr_end=0.25, penalty_end=0.5, ema_start=0.0)
    assert type(off.g_optimizer) is not tfdogs.ScheduledAdam
    assert off.regularizers[0].schedule is None and off.ema.schedule is None


def test_averages_and_top_k(made):
    gan = made(ema_snapshot_kimg=1.0, top_k=0.5, top_k_kimg=3.0)
    assert [track.sigma_rel for track in gan.tracks] == [0.05, 0.1]
    assert (gan.top_k.share, gan.top_k.kimg) == (0.5, 3.0)
    assert made(ema_kimg=0.0).ema is None


def test_an_auxiliary_classifier_needs_classes(made, make_config):
    small = {"model": "biggan", "attention": 0, "embedding_dim": 4}
    gan = made(**small, conditional=True, auxiliary=0.2)
    assert gan.auxiliary == 0.2 and gan.discriminator.auxiliary
    with pytest.raises(UsageError, match="--auxiliary goes with --conditional only"):
        make_config(**small, auxiliary=0.2)
