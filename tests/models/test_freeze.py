"""FreezeD: what holds for every discriminator of which layers do not learn."""

import keras
import numpy as np
import pytest

import tfdogs
from tfdogs.errors import UsageError
from tfdogs.models import NAMES, build
from tfdogs.models.named_weights import named_weights
from tfdogs.training.checkpoints import Checkpoints

SIZE, BATCH = 28, 4
IMAGES = np.random.default_rng(0).integers(0, 256, (2 * BATCH, SIZE, SIZE, 3), np.uint8)
LAYERS = {
    "mlp": 2, "dcgan": 2, "wgan_gp": 2, "sngan": 4, "sagan": 4, "biggan": 4, "stylegan2": 5, "r3gan": 10,
}  # fmt: skip


def make(name, freeze):
    keras.utils.set_random_seed(1)
    networks = build(name, image_size=SIZE, latent_dim=6, g_channels=2, d_channels=2, freeze_d=freeze)
    gan = tfdogs.GAN(
        generator=networks[0],
        discriminator=networks[1],
        regularizers=[] if name == "dcgan" else [tfdogs.R1(0.1, interval=2)],
        ema=0.02,
    )
    gan.compile(run_eagerly=True)
    return gan


def fit(gan, part=slice(None)):
    gan.fit(IMAGES[part], batch_size=BATCH, shuffle=False, verbose=0)


def weights(network):
    return {name: weight.variable.numpy() for name, weight in named_weights(network).items()}


@pytest.mark.parametrize("name", NAMES)
def test_the_layers_at_the_image_do_not_learn(name, tmp_path):
    gan = make(name, 1)
    stages = gan.discriminator.stages()
    assert len(stages) == LAYERS[name]
    frozen = {id(weight) for layer in stages[0] for weight in layer.weights}
    learns = {n for n, w in named_weights(gan.discriminator).items() if id(w.variable) not in frozen}
    # Two slots for each weight that learns, and the count of steps.
    assert len(gan.d_optimizer.variables) == 2 * len(gan.discriminator.trainable_variables) + 1
    before = weights(gan.discriminator)
    fit(gan, slice(0, BATCH))
    Checkpoints(tmp_path / "checkpoints", gan).save()
    fit(gan, slice(BATCH, None))
    after = weights(gan.discriminator)
    changed = {n for n in before if not np.array_equal(before[n], after[n])}
    assert changed and changed <= learns
    assert {n for n in learns if n.endswith("kernel") and "logit" in n} <= changed

    gan.save(tmp_path / "gan.keras")
    loaded = keras.models.load_model(tmp_path / "gan.keras")
    assert loaded.discriminator.freeze == 1
    assert len(loaded.d_optimizer.variables) == len(gan.d_optimizer.variables)
    for weight, value in weights(loaded.discriminator).items():
        np.testing.assert_array_equal(value, after[weight])

    again = make(name, 1)
    assert Checkpoints(tmp_path / "checkpoints", again).restore()
    fit(again, slice(BATCH, None))
    for weight, value in weights(again.discriminator).items():
        np.testing.assert_array_equal(value, after[weight])


def test_normalization_and_attention_go_with_the_layer_before():
    normalized = build("dcgan", image_size=28, g_channels=2, d_channels=2)[1]
    assert [len(stage) for stage in normalized.stages()] == [1, 2]
    attended = build("sagan", image_size=28, g_channels=2, d_channels=2)[1]
    assert [len(stage) for stage in attended.stages()] == [2, 1, 1, 1]
    measured = build("stylegan2", image_size=28, g_channels=2, d_channels=2)[1]
    assert [len(stage) for stage in measured.stages()] == [1, 1, 2, 1, 1]


def test_a_frozen_normalization_keeps_its_statistics_and_uses_them():
    gan = make("dcgan", 2)
    before = weights(gan.discriminator)
    fit(gan)
    after = weights(gan.discriminator)
    assert [n for n in before if not np.array_equal(before[n], after[n])] == ["logit/kernel", "logit/bias"]


def test_everything_but_the_logit_can_be_frozen_and_no_more():
    assert all(not layer.trainable for layer in make("mlp", 2).discriminator.trunk)
    for count in (3, -1):
        with pytest.raises(
            UsageError, match=rf"--freeze_d must be 0 to 2, .* mlp at 28 px. .*freeze_d={count}"
        ):
            build("mlp", image_size=28, freeze_d=count)
    with pytest.raises(ValueError, match=r"freeze must be 0 to 2, .* at 28 px. Received: freeze=3"):
        build("mlp", image_size=28)[1].freeze_stages(3)
