"""All features in a run that is interrupted."""

import keras
import numpy as np

import tfdogs
from tfdogs.losses.lecam import LeCam
from tfdogs.losses.orthogonal import Orthogonal
from tfdogs.losses.top_k import TopK
from tfdogs.training.scheduled_adam import ScheduledAdam
from tfdogs.training.schedules import Cosine, Linear


def everything(generator, discriminator):
    """Whatever has a state or a clock, together."""
    gan = tfdogs.GAN(
        generator=generator,
        discriminator=discriminator,
        loss="relativistic_average",
        regularizers=[
            LeCam(start_kimg=0.005, schedule=Cosine(1.0, 0.5, kimg=0.02)),
            tfdogs.R1(0.5, interval=2, schedule=Cosine(1.0, 0.1, kimg=0.02)),
            Orthogonal(0.1, interval=3),
        ],
        instance_noise=Linear(0.1, 0.0, kimg=0.02),
        top_k=TopK(0.5, kimg=0.02),
        ema=tfdogs.EMA(0.01, rampup=None, schedule=Cosine(0.1, 1.0, kimg=0.02)),
        tracks=[tfdogs.EMA(0.1, rampup=None)],
        seed=3,
    )
    gan.compile(
        g_optimizer=ScheduledAdam(
            Cosine(0.1, 0.01, kimg=0.02), 0.0, Cosine(0.9, 0.99, kimg=0.02), images_per_step=4
        ),
        d_optimizer=ScheduledAdam(0.01, 0.0, Cosine(0.9, 0.99, kimg=0.02), images_per_step=4),
    )
    return gan


def state(gan):
    metrics = {v.ref() for metric in gan.metrics for v in metric.variables}
    variables = [v for v in gan.variables if v.ref() not in metrics]
    return [v.numpy() for v in (*variables, *gan.g_optimizer.variables, *gan.d_optimizer.variables)]


def test_all_together_a_run_that_is_saved_and_loaded_goes_on_bit_for_bit(tmp_path, fit, networks, reals):
    gan = everything(*networks())
    fit(gan, reals[:12], 4)  # an odd number of steps: whose turn it is has to be remembered
    gan.save(tmp_path / "gan.keras")
    half = state(gan)
    loaded = keras.saving.load_model(tmp_path / "gan.keras")
    assert loaded.get_config() == gan.get_config()
    for a, b in zip(state(loaded), half):
        np.testing.assert_array_equal(a, b)
    assert float(loaded.states["lecam_share"]) > 0
    for model in (gan, loaded):
        fit(model, reals[12:], 4)
    whole, resumed = state(gan), state(loaded)
    assert len(whole) == len(resumed) == len(half)
    for a, b in zip(whole, resumed):
        np.testing.assert_array_equal(a, b)
    assert all(np.isfinite(value).all() for value in whole)
    assert sum(not np.array_equal(a, b) for a, b in zip(half, whole)) > 15
