"""What Keras' callbacks make of a model with two optimizers."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import tfdogs
from tfdogs.models import build
from tfdogs.models.both_optimizers import BothOptimizers
from tfdogs.training.schedules import Cosine

IMAGES = np.random.default_rng(0).integers(0, 256, (8, 8, 8, 3), dtype=np.uint8)


def sgd(rate):
    return keras.optimizers.SGD(rate)


def make():
    generator, discriminator = build("mlp", image_size=8, latent_dim=4, g_channels=1, d_channels=1)
    return tfdogs.GAN(generator=generator, discriminator=discriminator)


@pytest.fixture(scope="module")
def gan():
    return make()


def rates(gan):
    return [float(tf.convert_to_tensor(one.learning_rate)) for one in (gan.g_optimizer, gan.d_optimizer)]


def fit(gan, *callbacks, epochs=3, **kwargs):
    return gan.fit(
        IMAGES, batch_size=8, epochs=epochs, verbose=0, callbacks=list(callbacks), **kwargs
    ).history


def test_reduce_on_plateau_moves_both_rates_in_proportion(gan):
    gan.compile(g_optimizer=sgd(0.004), d_optimizer=sgd(0.016))
    reduce = keras.callbacks.ReduceLROnPlateau("d_loss", factor=0.5, patience=0, min_delta=1e9)
    history = fit(gan, reduce, epochs=3)
    # Nothing is better than the first epoch by so much; Keras notes the rate before it reduces it.
    np.testing.assert_allclose(history["lr"], [0.016, 0.016, 0.008], rtol=1e-6)
    np.testing.assert_allclose(rates(gan), [0.001, 0.004], rtol=1e-6)


def test_a_scheduler_moves_both_rates_in_proportion_also_after_a_rate_of_0(gan):
    gan.compile(g_optimizer=sgd(0.03), d_optimizer=sgd(0.01))
    seen = []
    log = keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: seen.append(rates(gan)))
    by_epoch = keras.callbacks.LearningRateScheduler(lambda epoch, rate: [0.01, 0.0, 0.002][epoch])
    fit(gan, by_epoch, log)
    np.testing.assert_allclose(seen, [[0.03, 0.01], [0.0, 0.0], [0.006, 0.002]], rtol=1e-5)


def test_a_rate_that_was_set_for_one_network_stays_in_proportion():
    generator, discriminator = sgd(0.1), sgd(0.1)
    both = BothOptimizers(generator, discriminator)
    generator.learning_rate = 0.4
    both.learning_rate = 0.05
    np.testing.assert_allclose([float(generator.lr), float(discriminator.lr)], [0.2, 0.05], rtol=1e-6)
    assert float(both.lr) == np.float32(0.05) and keras.backend.get_value(both.lr) == np.float32(0.05)
    both.lr.assign(0.1)
    np.testing.assert_allclose([float(generator.lr), float(discriminator.lr)], [0.4, 0.1], rtol=1e-6)


def test_loss_scaling_does_not_hide_a_rate():
    wrapped = [keras.mixed_precision.LossScaleOptimizer(sgd(rate)) for rate in (0.2, 0.1)]
    BothOptimizers(*wrapped).learning_rate = 0.05
    np.testing.assert_allclose([float(one.learning_rate) for one in wrapped], [0.1, 0.05], rtol=1e-6)


CALLBACKS = (
    lambda: keras.callbacks.ReduceLROnPlateau("d_loss"),
    lambda: keras.callbacks.LearningRateScheduler(lambda epoch, rate: rate),
)


@pytest.mark.parametrize("make", CALLBACKS)
@pytest.mark.parametrize("network", ["generator", "discriminator"])
def test_rates_with_a_schedule_are_refused_before_training(make, network, gan):
    scheduled = tfdogs.ScheduledAdam(Cosine(1e-3, 0.0, 1.0), images_per_step=8)
    pair = (scheduled, sgd(0.1)) if network == "generator" else (sgd(0.1), scheduled)
    gan.compile(g_optimizer=pair[0], d_optimizer=pair[1])
    before = int(gan.images_seen)
    with pytest.raises(ValueError, match=f"cannot be set.*a schedule of the {network}'s ScheduledAdam$"):
        fit(gan, make())
    assert int(gan.images_seen) == before
    keras_own = keras.optimizers.Adam(keras.optimizers.schedules.ExponentialDecay(0.1, 10, 0.5))
    with pytest.raises(ValueError, match=r"a schedule of the generator's Adam$"):
        BothOptimizers(keras_own, sgd(0.1)).learning_rate = 0.1


def test_a_scheduled_adam_with_numbers_moves_too(gan):
    gan.compile(
        g_optimizer=tfdogs.ScheduledAdam(1e-3, beta_2=Cosine(0.9, 0.99, 1.0), images_per_step=8),
        d_optimizer=tfdogs.ScheduledAdam(2e-3, images_per_step=8),
    )
    fit(gan, keras.callbacks.LearningRateScheduler(lambda epoch, rate: rate / 2), epochs=1)
    np.testing.assert_allclose(rates(gan), [5e-4, 1e-3], rtol=1e-6)


@pytest.mark.parametrize("make", CALLBACKS)
def test_a_discriminator_that_stands_has_no_proportion(make, gan):
    gan.compile(g_optimizer=sgd(0.1), d_optimizer=sgd(0.0))
    with pytest.raises(ValueError, match=r"cannot move in proportion.*is 0: .*Received: 0$"):
        fit(gan, make())


def test_what_else_is_read_and_set():
    discriminator = keras.optimizers.Adam(0.1, beta_1=0.25)
    both = BothOptimizers(sgd(0.1), discriminator)
    assert both.iterations is discriminator.iterations and both.beta_1 == 0.25
    with pytest.raises(AttributeError, match=r"optimizer.beta_1 cannot be set.*g_optimizer or d_optimizer"):
        both.beta_1 = 0.5
    for wrong in (-1.0, np.nan, np.inf, [0.1, 0.2], keras.optimizers.schedules.ExponentialDecay(0.1, 9, 0.5)):
        with pytest.raises(ValueError, match=r"must be a number of 0 or more: schedules go .* Received: "):
            both.learning_rate = wrong
    with pytest.raises(AttributeError, match="nothing_such"):
        both.nothing_such()


def test_backup_and_restore_brings_back_both_optimizers(tmp_path):
    gan = make()
    gan.compile()
    backup = keras.callbacks.BackupAndRestore(str(tmp_path / "backup"), delete_checkpoint=False)
    fit(gan, backup, epochs=1)
    states = [[v.numpy() for v in one.variables] for one in (gan.g_optimizer, gan.d_optimizer)]
    gan.compile()
    fit(gan, backup, epochs=1)  # restored, and nothing is left to do
    for one, state in zip((gan.g_optimizer, gan.d_optimizer), states):
        for variable, value in zip(one.variables, state):
            np.testing.assert_array_equal(variable.numpy(), value)


def test_tensorboard_reads_the_discriminators_steps(gan, tmp_path):
    gan.compile()
    board = keras.callbacks.TensorBoard(str(tmp_path), write_steps_per_second=True)
    history = fit(gan, board, epochs=1, validation_data=IMAGES)
    assert np.isfinite(history["val_d_loss"][0])


@pytest.mark.parametrize(("policy", "dtype"), [("float32", "mixed_float16"), ("mixed_float16", "float32")])
def test_loss_scaling_is_put_on_by_the_networks_or_by_keras(policy, dtype):
    keras.mixed_precision.set_global_policy(policy)
    try:
        sizes = {"image_size": 8, "latent_dim": 4, "g_channels": 1, "d_channels": 1}
        gan = tfdogs.GAN(**dict(zip(("generator", "discriminator"), build("mlp", **sizes, dtype=dtype))))
        gan.compile(g_optimizer=sgd(0.4), d_optimizer=sgd(0.1))
    finally:
        keras.mixed_precision.set_global_policy("float32")
    gan.optimizer.learning_rate = 0.2
    np.testing.assert_allclose(rates(gan), [0.8, 0.2], rtol=1e-6)
