"""GAN under `tf.distribute`.

Virtual devices have to be there before TensorFlow starts: this file is its own script, which the tests
run once in a process of its own.
"""

import json
import sys
from pathlib import Path

import numpy as np
import pytest

pytestmark = pytest.mark.slow

BATCH, STEPS = 8, 3
UNEVEN = [BATCH + 3, BATCH + 1]  # two replicas share the last batch as 2 and 1, and as 1 and none
# Steps of G's and of D's optimizer: a lazy penalty is due in the first and the third step.
ALIKE = {
    "critic": [STEPS, STEPS + 2],
    "adaptive": [STEPS, STEPS],
    "styled": [STEPS + 2, STEPS],
    "spectral": [STEPS, STEPS + 2],
    "drawing": [STEPS, STEPS],
    "simultaneous": [STEPS, STEPS + 2],
}


def main(output):
    """Trains on one replica and on two and writes what the tests ask about."""
    import tensorflow as tf

    cpu = tf.config.list_physical_devices("CPU")[0]
    tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
    one = tf.distribute.get_strategy()
    two = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
    assert two.num_replicas_in_sync == 2
    results = {
        name: {"one": train(globals()[name], one), "two": train(globals()[name], two)} for name in ALIKE
    }
    results.update({make.__name__: train(make, two) for make in (everything, stylegan2, in_parts)})
    Path(output).write_text(json.dumps(results), encoding="utf-8")


def critic():
    """Nothing in it depends on who shares a batch: no BatchNorm. All of the noise is used."""
    import keras

    import tfdogs
    from tfdogs.models.mlp import MLPGenerator
    from tfdogs.models.wgan_gp import WGANGPCritic

    gan = tfdogs.GAN(
        generator=MLPGenerator(28, 1, 4, hidden=4, num_classes=2),
        discriminator=WGANGPCritic(28, 1, base_channels=1, num_classes=2),
        loss="wasserstein",
        regularizers=[tfdogs.GradientPenalty(), tfdogs.R1(interval=2)],
        augment=tfdogs.DiffAugment(),
        ema=tfdogs.EMA(0.01, rampup=None),
    )
    gan.compile(g_optimizer=keras.optimizers.SGD(10.0), d_optimizer=keras.optimizers.SGD(1e-3))
    return gan


def adaptive():
    """ADA, which moves half of the images and soon others, and an Adam whose schedules are in images."""
    import tfdogs
    from tfdogs.models.mlp import MLPDiscriminator, MLPGenerator
    from tfdogs.training.schedules import Cosine

    gan = tfdogs.GAN(
        generator=MLPGenerator(8, 1, 4, hidden=4),
        discriminator=MLPDiscriminator(8, 1, hidden=4),
        loss="relativistic",
        augment=tfdogs.ADA("blit,color", kimg=0.1, interval=2, initial_p=0.5, target=0.0),
    )
    # An epsilon over the noise of sums in another order, which Adam would blow up.
    options = {"beta_2": Cosine(0.9, 0.99, 0.02), "images_per_step": BATCH, "epsilon": 1e-3}
    g_optimizer, d_optimizer = (tfdogs.ScheduledAdam(Cosine(0.1, 0.0, 0.02), **options) for _ in range(2))
    gan.compile(g_optimizer=g_optimizer, d_optimizer=d_optimizer)
    return gan


def simultaneous():
    """G learns from D's own backward pass, of which each replica has its share."""
    import keras

    import tfdogs
    from tfdogs.losses.lecam import LeCam
    from tfdogs.models.mlp import MLPDiscriminator, MLPGenerator

    gan = tfdogs.GAN(
        generator=MLPGenerator(8, 1, 4, hidden=4),
        discriminator=MLPDiscriminator(8, 1, hidden=4),
        loss="relativistic",
        regularizers=[tfdogs.R1(0.1, interval=2), tfdogs.Orthogonal(1e-2), LeCam(interval=2)],
        ema=tfdogs.EMA(0.01, rampup=None),
        simultaneous=True,
    )
    gan.compile(g_optimizer=keras.optimizers.SGD(0.1), d_optimizer=keras.optimizers.SGD(0.1))
    return gan


def styled():
    """StyleGAN2's generator with mixed styles, noise and path lengths; nothing is judged in groups."""
    import keras

    import tfdogs
    from tfdogs.models.mlp import MLPDiscriminator
    from tfdogs.models.stylegan2 import StyleGAN2Generator

    gan = tfdogs.GAN(
        generator=StyleGAN2Generator(8, 1, 4, base_channels=1, mapping_layers=1),
        discriminator=MLPDiscriminator(8, 1, hidden=4),
        regularizers=[tfdogs.PathLength(interval=2, batch_share=1.0, decay=0.5)],
        ema=tfdogs.EMA(0.01, rampup=None),
    )
    gan.compile(g_optimizer=keras.optimizers.SGD(0.1), d_optimizer=keras.optimizers.SGD(0.1))
    return gan


def spectral():
    """Spectral normalization in both networks, its vectors in the average too; R1 judges in a condition."""
    import keras

    import tfdogs
    from tfdogs.models.spectral_norm import SNConv2D, SNDense

    layers = keras.layers
    gan = tfdogs.GAN(
        generator=keras.Sequential([keras.Input((4,)), SNDense(64), layers.Reshape((8, 8, 1))]),
        discriminator=keras.Sequential(
            [keras.Input((8, 8, 1)), SNConv2D(4, resample="down"), layers.Flatten(), SNDense(1)]
        ),
        loss="hinge",
        regularizers=[tfdogs.R1(0.1, interval=2)],
        ema=tfdogs.EMA(0.01, rampup=None),
    )
    gan.compile(g_optimizer=keras.optimizers.SGD(0.1), d_optimizer=keras.optimizers.SGD(0.1))
    return gan


def drawing():
    """A discriminator that draws crops of what it has seen, at places of their own."""
    import keras

    import tfdogs
    from tfdogs.models.dcgan import DCGANDiscriminator
    from tfdogs.models.mlp import MLPGenerator

    gan = tfdogs.GAN(
        generator=MLPGenerator(28, 1, 4, hidden=4),
        discriminator=DCGANDiscriminator(28, 1, base_channels=1, norm="none", reconstruction=True),
        regularizers=[tfdogs.Reconstruction()],
        ema=tfdogs.EMA(0.01, rampup=None),
    )
    gan.compile(g_optimizer=keras.optimizers.SGD(1.0), d_optimizer=keras.optimizers.SGD(0.1))
    return gan


def in_parts():
    """Two steps of D to one of G; on two replicas other images come together than on one."""
    import tfdogs
    from tfdogs.models.mlp import MLPDiscriminator, MLPGenerator

    gan = tfdogs.GAN(
        generator=MLPGenerator(8, 1, 4, hidden=4), discriminator=MLPDiscriminator(8, 1, hidden=4), d_steps=2
    )
    gan.compile()
    return gan


def stylegan2():
    """Both of its networks: the discriminator's groups and the path lengths' rows are each replica's own."""
    import tfdogs
    from tfdogs.models.stylegan2 import StyleGAN2Discriminator, StyleGAN2Generator

    gan = tfdogs.GAN(
        generator=StyleGAN2Generator(8, 1, 4, base_channels=1, mapping_layers=1),
        discriminator=StyleGAN2Discriminator(8, 1, base_channels=1),
        regularizers=[tfdogs.PathLength(interval=2)],
    )
    gan.compile()
    return gan


def everything():
    """BatchNorm, averages, lazy penalties, state, augmentation; loss scaling: replicas agree on overflow."""
    import tfdogs
    from tfdogs.losses.lecam import LeCam
    from tfdogs.losses.orthogonal import Orthogonal
    from tfdogs.losses.top_k import TopK
    from tfdogs.models import build

    sizes = {"image_size": 28, "channels": 1, "latent_dim": 4, "num_classes": 2}
    generator, discriminator = build("dcgan", **sizes, g_channels=1, d_channels=1, dtype="mixed_float16")
    gan = tfdogs.GAN(
        generator=generator,
        discriminator=discriminator,
        loss="relativistic_average",
        regularizers=[tfdogs.R1(0.1, interval=2), LeCam(decay=0.5), Orthogonal(interval=2)],
        augment=tfdogs.DiffAugment("color,cutout"),
        top_k=TopK(0.5, kimg=0),
        tracks=[tfdogs.EMA(1.0)],
    )
    gan.compile()
    return gan


def train(make, strategy):
    import keras

    keras.utils.set_random_seed(0)
    with strategy.scope():
        gan = make()
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (BATCH * STEPS, *gan.image_shape), dtype=np.uint8)
    labels = rng.integers(0, 2, BATCH * STEPS)
    start = [w.tolist() for w in gan.generator.get_weights()]
    history = gan.fit(images, labels, batch_size=BATCH, shuffle=False, verbose=0).history
    result = report(gan, start, history)
    for count in UNEVEN:
        history = gan.fit(images[:count], labels[:count], batch_size=BATCH, shuffle=False, verbose=0).history
    # A layer's moving statistics count each replica alike, whatever it has got.
    result["uneven"] = report(gan, start, history, left_out="w_mean")
    known = {"batch_size": BATCH, "verbose": 0, "return_dict": True}
    result["evaluate"] = gan.evaluate(images[: UNEVEN[1]], labels[: UNEVEN[1]], **known)
    return result


def report(gan, start, history, left_out="none"):
    networks = (gan.generator, gan.discriminator, gan.ema_generator)
    names = ("generator", "discriminator", "average")
    return {
        "start": start,
        **{
            name: [w.numpy().tolist() for w in network.weights if left_out not in w.name]
            for name, network in zip(names, networks)
        },
        "history": {name: values[0] for name, values in history.items()},
        "images_seen": int(gan.images_seen.numpy()),
        "steps_done": int(gan.steps_done.numpy()),
        "iterations": [int(o.iterations.numpy()) for o in (gan.g_optimizer, gan.d_optimizer)],
        "drawn": gan.generate(2).shape,
        "track": [w.tolist() for track in gan.track_generators for w in track.get_weights()],
        "states": {name: [float(v) for v in values(state)] for name, state in gan.states.items()},
    }


def values(variable):
    """Returns a variable's value on each replica."""
    return [part.numpy() for part in getattr(variable, "values", [variable])]


@pytest.fixture(scope="module")
def results(run_script, tmp_path_factory):
    output = tmp_path_factory.mktemp("replicas") / "results.json"
    run_script(__file__, output)
    return json.loads(output.read_text(encoding="utf-8"))


@pytest.mark.parametrize("network", ["generator", "discriminator", "average"])
@pytest.mark.parametrize("name", ALIKE)
def test_two_replicas_train_as_one_does(name, network, results):
    one, two = results[name]["one"], results[name]["two"]
    for a, b in zip(one[network], two[network]):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)
    moved = max(np.abs(np.subtract(a, b)).max() for a, b in zip(one["start"], one["generator"]))
    assert moved > 1e-3  # far over the tolerance


@pytest.mark.parametrize("name", ALIKE)
def test_metrics_and_counters_are_those_of_the_global_batch(name, results):
    one, two = results[name]["one"], results[name]["two"]
    assert set(one["history"]) == set(two["history"])
    for metric, value in one["history"].items():
        np.testing.assert_allclose(two["history"][metric], value, rtol=1e-3, atol=1e-5, err_msg=metric)
    for replicas in (one, two):
        assert replicas["images_seen"] == BATCH * STEPS and replicas["steps_done"] == STEPS
        assert replicas["iterations"] == ALIKE[name]


@pytest.mark.parametrize("name", ["adaptive", "styled"])
def test_state_is_that_of_the_global_batch_on_every_replica(name, results):
    one, two = results[name]["one"]["states"], results[name]["two"]["states"]
    assert set(one) == set(two) != set()
    for state, (value,) in one.items():
        assert two[state][0] == two[state][1]
        np.testing.assert_allclose(two[state][0], value, rtol=1e-5, err_msg=state)
    if name == "adaptive":
        assert one["augment_p"] != [0.5] and abs(one["augment_signs"][0]) < 1  # the reals are not of one mind
    else:
        assert one["path_length_mean"][0] > 0


@pytest.mark.parametrize("name", ALIKE)
def test_batches_that_replicas_do_not_share_evenly(name, results):
    one, two = results[name]["one"]["uneven"], results[name]["two"]["uneven"]
    for network in ("generator", "discriminator", "average"):
        for a, b in zip(one[network], two[network]):
            np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5, err_msg=network)
    for metric, value in one["history"].items():
        np.testing.assert_allclose(two["history"][metric], value, rtol=1e-3, atol=1e-5, err_msg=metric)
    for state, (value, *_) in one["states"].items():
        np.testing.assert_allclose(two["states"][state], [value] * 2, rtol=1e-4, err_msg=state)
    for replicas in (one, two):
        assert replicas["images_seen"] == BATCH * STEPS + sum(UNEVEN)
        assert replicas["steps_done"] == STEPS + 2 * len(UNEVEN)


@pytest.mark.parametrize("name", ALIKE)
def test_evaluate_of_such_batches(name, results):
    one, two = (results[name][replicas]["evaluate"] for replicas in ("one", "two"))
    assert set(one) == set(two)
    for metric, value in one.items():
        np.testing.assert_allclose(two[metric], value, rtol=1e-3, atol=1e-5, err_msg=metric)


@pytest.mark.parametrize("name", ["everything", "stylegan2", "in_parts"])
def test_whatever_is_trained_sees_each_image_of_such_batches_once(name, results):
    result = results[name]["uneven"]
    assert result["images_seen"] == BATCH * STEPS + sum(UNEVEN)
    for network in ("generator", "discriminator", "average"):
        assert all(np.isfinite(w).all() for w in result[network])
    assert all(np.isfinite(value) for value in result["history"].values())


def test_everything_trains_on_two_replicas(results):
    result = results["everything"]
    for network in ("generator", "discriminator", "average"):
        assert all(np.isfinite(w).all() for w in result[network])
    assert all(np.isfinite(value) for value in result["history"].values())
    assert result["images_seen"] == BATCH * STEPS
    assert result["iterations"] == [STEPS + 2] * 2  # lazy penalties are due in the first and the third
    moved = [not np.array_equal(a, b) for a, b in zip(result["start"], result["generator"])]
    assert np.mean(moved) > 0.8
    assert result["drawn"] == [2, 28, 28, 1]
    assert result["track"] and all(np.isfinite(w).all() for w in result["track"])


def test_stylegan2_trains_on_two_replicas(results):
    result = results["stylegan2"]
    for network in ("generator", "discriminator", "average"):
        assert all(np.isfinite(w).all() for w in result[network])
    assert all(np.isfinite(value) for value in result["history"].values())
    first, second = result["states"]["path_length_mean"]
    assert first == second > 0


def test_state_is_the_same_on_every_replica(results):
    states = results["everything"]["states"]
    assert set(states) == {"lecam_real", "lecam_fake", "lecam_share"}
    for first, second in states.values():
        assert first == second != 0
    np.testing.assert_allclose(states["lecam_share"], 1 - 0.5**STEPS)


if __name__ == "__main__":
    main(sys.argv[1])
