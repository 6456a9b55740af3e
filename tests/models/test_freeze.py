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


@pytest.mark.parametrize(("name", "size", "count"), [("dcgan", 64, 2), ("r3gan", 28, 4)])
def test_decoders_learn_from_frozen_layers_and_are_none(name, size, count, tmp_path):
    """The maps that they draw from are of the same layers as the features."""

    def fastgan(freeze, reconstruction=True):
        keras.utils.set_random_seed(1)
        more = {"blocks": 1, "group_width": 0} if name == "r3gan" else {}
        g, d = build(
            name,
            image_size=size,
            latent_dim=6,
            g_channels=2,
            d_channels=2,
            skip_excitation=size == 64,
            reconstruction=reconstruction,
            freeze_d=freeze,
            **more,
        )
        gan = tfdogs.GAN(
            generator=g,
            discriminator=d,
            regularizers=[tfdogs.Reconstruction()] if reconstruction else [],
            ema=0.02,
        )
        gan.compile(run_eagerly=True)
        return gan

    gan, free, plain = fastgan(count), fastgan(0), fastgan(count, reconstruction=False)
    critic = gan.discriminator
    assert [len(stage) for stage in critic.stages()] == [len(s) for s in plain.discriminator.stages()]
    frozen = {id(w) for stage in critic.stages()[:count] for layer in stage for w in layer.weights}
    shared = [layer for layer in critic.encoder.layers if layer in critic.trunk()]
    assert len(shared) == len(critic.trunk())
    assert {id(w) for layer in shared for w in layer.weights if not layer.trainable} == frozen
    named, all_named = (named_weights(network) for network in (critic, free.discriminator))
    trainable = {id(w) for w in free.discriminator.trainable_variables}
    learns = {n for n, w in all_named.items() if id(w.variable) in trainable}
    expected = {n for n in learns if id(named[n].variable) not in frozen}
    ids = [id(w) for w in critic.trainable_variables]
    assert len(set(ids)) == len(ids)
    assert {n for n, w in named.items() if id(w.variable) in ids} == expected < learns
    assert {n for n in expected if n.startswith("decoder")} == {n for n in named if n.startswith("decoder")}

    pictures = IMAGES.repeat(-(-size // SIZE), 1).repeat(-(-size // SIZE), 2)[:, :size, :size]
    before = weights(critic)
    gan.fit(pictures, batch_size=BATCH, shuffle=False, verbose=0)
    after = weights(critic)
    changed = {n for n in before if not np.array_equal(before[n], after[n])}
    still = {n for n, w in named.items() if id(w.variable) in frozen}
    assert still and changed == set(named) - still

    gan.save(tmp_path / "gan.keras")
    loaded = keras.models.load_model(tmp_path / "gan.keras")
    assert loaded.discriminator.freeze == count and loaded.discriminator.reconstructs
    assert len(loaded.discriminator.trainable_variables) == len(ids)
    for network in ("generator", "ema_generator", "discriminator"):
        theirs = weights(getattr(loaded, network))
        for weight, value in weights(getattr(gan, network)).items():
            np.testing.assert_array_equal(theirs[weight], value)
    gan.fit(pictures, batch_size=BATCH, shuffle=False, verbose=0)
    loaded.fit(pictures, batch_size=BATCH, shuffle=False, verbose=0)
    for weight, value in weights(critic).items():
        np.testing.assert_allclose(weights(loaded.discriminator)[weight], value, rtol=1e-4, atol=1e-6)


def test_everything_but_the_logit_can_be_frozen_and_no_more():
    assert all(not layer.trainable for layer in make("mlp", 2).discriminator.trunk())
    for count in (3, -1):
        with pytest.raises(
            UsageError, match=rf"--freeze_d must be 0 to 2, .* mlp at 28 px. .*freeze_d={count}"
        ):
            build("mlp", image_size=28, freeze_d=count)
    with pytest.raises(ValueError, match=r"freeze must be 0 to 2, .* at 28 px. Received: freeze=3"):
        build("mlp", image_size=28)[1].freeze_stages(3)
