import keras
import numpy as np

from tfdogs import GAN
from tfdogs.models import build
from tfdogs.training.callbacks.ema_snapshots import EmaSnapshots
from tfdogs.training.power_ema import PowerEMA
from tfdogs.training.snapshots import Snapshots


def make_gan():
    keras.utils.set_random_seed(0)
    generator, discriminator = build(
        "mlp", image_size=8, channels=1, latent_dim=3, g_channels=1, d_channels=1
    )
    gan = GAN(
        generator=generator, discriminator=discriminator, tracks=[PowerEMA(0.05), PowerEMA(0.1)], seed=1
    )
    gan.compile()
    return gan


def fit(directory, images, gan=None):
    gan = gan or make_gan()
    gan.fit(images, batch_size=4, verbose=0, shuffle=False, callbacks=[EmaSnapshots(directory, 0.008)])
    return gan


def test_it_stores_the_tracked_averages_every_so_many_images_and_at_the_end(tmp_path):
    gan = fit(tmp_path, np.random.default_rng(0).integers(0, 256, (20, 8, 8, 1), np.uint8))
    names = [path.name for path in Snapshots(tmp_path).paths()]
    assert names == ["kimg000000.008.npz", "kimg000000.016.npz", "kimg000000.020.npz"]
    for track, average in zip(gan.tracks, gan.track_generators):
        wanted = [weight.numpy() for weight in average.weights]
        Snapshots(tmp_path).reconstruct(gan.sampler.generator, track.sigma_rel)
        for got, value in zip(gan.sampler.generator.weights, wanted):
            np.testing.assert_allclose(got, value, atol=2e-3 * np.abs(value).max() + 1e-6)


def test_what_lies_beyond_the_checkpoint_that_a_run_goes_on_from_is_removed(tmp_path):
    images = np.random.default_rng(0).integers(0, 256, (20, 8, 8, 1), np.uint8)
    fit(tmp_path, images)
    gan = make_gan()
    gan.images_seen.assign(8)
    fit(tmp_path, images[:4], gan)
    assert [path.name for path in Snapshots(tmp_path).paths()] == ["kimg000000.008.npz", "kimg000000.012.npz"]
