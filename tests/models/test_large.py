"""Pictures of up to 1024 px: what the networks look like there, and that they stay as they were below."""

import hashlib

import keras
import numpy as np
import pytest

import tfdogs
from tfdogs.models import build, registry, residual_plan
from tfdogs.models.attention import SelfAttention
from tfdogs.models.biggan import BigGANDiscriminator, BigGANGenerator
from tfdogs.models.r3gan import R3GANDiscriminator
from tfdogs.models.stylegan2 import StyleGAN2Discriminator, StyleGAN2Generator

MODELS = ("biggan", "dcgan", "r3gan", "stylegan2")
SIZES = (32, 64, 128, 256, 512, 1024)
TINY = {"embedding_dim": 4, "mapping_layers": 2, "w_dim": 4, "blocks": 1, "group_width": 2}

# Parameters of G and of D, and the first digits of the SHA-256 of all weights' shapes, 16 channels wide.
# Runs of these sizes are there and are to be read for ever.
PINNED = {
    ("biggan", 32): (361655, 270771, "3fc597cbd8d16511"),
    ("biggan", 64): (2245079, 1225455, "d23d47ae50ae3ac9"),
    ("biggan", 100): (2345031, 1226443, "9c3ac12954ddff70"),
    ("biggan", 128): (2258471, 2407115, "8f53aa731719e7e4"),
    ("dcgan", 32): (83136, 43137, "56255fd8566d31be"),
    ("dcgan", 64): (255680, 175745, "f5205de06338a6c4"),
    ("dcgan", 100): (424640, 179969, "c3f8b9a5dc29757f"),
    ("dcgan", 128): (518336, 438401, "17e8b3352d09784c"),
    ("r3gan", 32): (337576, 327601, "5fb1c71b74185107"),
    ("r3gan", 64): (559784, 549809, "9a0c8624c954bec0"),
    ("r3gan", 100): (564008, 554033, "4910e8c325b0443f"),
    ("r3gan", 128): (781992, 772017, "c6e5e433034e464b"),
    ("stylegan2", 32): (342195, 567826, "da0121c0d0a4474d"),
    ("stylegan2", 64): (661688, 879378, "0a77e5b27d40bcc3"),
    ("stylegan2", 100): (688385, 1420050, "209e5d1e172e4c2c"),
    ("stylegan2", 128): (1005757, 1190930, "27d4b9645d342d79"),
    ("sagan", 64): (808751, 636431, "3695a238f8d01af4"),
    ("sagan", 128): (2060903, 1818091, "899679c93dd09213"),
    ("sngan", 64): (802595, 636082, "0e485a5172e733cf"),
    ("sngan", 128): (2050083, 1816754, "e341ba2487002726"),
}


def tiny(name, size, **kwargs):
    small = {option: value for option, value in TINY.items() if name in registry.OPTIONS[option]}
    channels = {"g_channels": 1, "d_channels": 1} if name == "biggan" else {"g_channels": 2, "d_channels": 2}
    return build(name, image_size=size, latent_dim=9, **channels, **small, **kwargs)


@pytest.mark.parametrize(("name", "size"), PINNED, ids=str)
def test_the_networks_of_older_runs_stay_as_they_were(name, size):
    classes = {"num_classes": 3} if name in ("biggan", "r3gan", "stylegan2") else {}
    networks = build(name, image_size=size, latent_dim=40, g_channels=16, d_channels=16, **classes)
    shapes = [[tuple(weight.shape) for weight in network.weights] for network in networks]
    digest = hashlib.sha256(repr(shapes).encode()).hexdigest()[:16]
    assert (*(network.count_params() for network in networks), digest) == PINNED[name, size]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", MODELS)
def test_every_power_of_two_is_drawn_and_judged(name, size):
    generator, discriminator = tiny(name, size)
    images = generator(keras.Input((9,)))  # symbolic: nothing is computed
    assert images.shape == (None, size, size, 3) and images.dtype == "float32"
    assert discriminator(keras.Input((size, size, 3))).shape == (None, 1)


@pytest.mark.parametrize(("name", "size"), [(name, 300) for name in MODELS])
def test_a_size_between_them_is_cropped(name, size):
    generator, discriminator = tiny(name, size)
    assert generator(keras.Input((9,))).shape == (None, size, size, 3)
    assert discriminator(keras.Input((size, size, 3))).shape == (None, 1)


GAMES = {
    "biggan": {"loss": "hinge"},
    "dcgan": {"regularizers": [tfdogs.R1(0.1)]},
    "r3gan": {"loss": "relativistic", "regularizers": [tfdogs.R1(0.1), tfdogs.R2(0.1)]},
    "stylegan2": {"regularizers": [tfdogs.R1(0.1, interval=1), tfdogs.PathLength(interval=1)]},
}


@pytest.mark.parametrize("name", MODELS)
def test_one_step_at_256_px(name):
    keras.utils.set_random_seed(0)
    options = {"d_norm": "none"} if name == "dcgan" else {}
    generator, discriminator = tiny(name, 256, **options)
    before = [network.get_weights() for network in (generator, discriminator)]
    gan = tfdogs.GAN(generator=generator, discriminator=discriminator, ema=None, **GAMES[name])
    gan.compile(run_eagerly=True)
    images = np.random.default_rng(0).integers(0, 256, (2, 256, 256, 3), np.uint8)
    logs = gan.fit(images, batch_size=2, verbose=0).history
    assert int(gan.images_seen.numpy()) == 2 and np.isfinite([*logs.values()]).all()
    for old, network in zip(before, (generator, discriminator)):
        assert any(not np.array_equal(a, b) for a, b in zip(old, network.get_weights()))
    drawn = generator(np.zeros((1, 9), "float32")).numpy()
    assert drawn.shape == (1, 256, 256, 3) and np.isfinite(drawn).all()


@pytest.mark.parametrize(
    ("size", "channels", "expected"),
    [  # Karras et al. 2020, configuration F: min(32768 / resolution, 512)
        (256, 128, [128, 256, *[512] * 5]),
        (512, 64, [64, 128, 256, *[512] * 5]),
        (1024, 32, [32, 64, 128, 256, *[512] * 5]),
    ],
)
def test_stylegan2_is_as_wide_as_its_configuration_f(size, channels, expected):
    generator = StyleGAN2Generator(size, base_channels=channels)
    assert generator.synthesis.widths == expected[::-1]
    blocks = StyleGAN2Discriminator(size, base_channels=channels).body.layers
    assert [layer.output_shape[-1] for layer in blocks][: len(expected)] == expected


@pytest.mark.parametrize(
    ("size", "channels", "expected"),
    [  # Huang et al. 2024, FFHQ at 256 px, whose levels larger ones keep
        (256, 96, [96, 192, 384, *[768] * 4]),
        (512, 48, [48, 96, 192, 384, *[768] * 4]),
        (1024, 24, [24, 48, 96, 192, 384, *[768] * 4]),
    ],
)
def test_r3gan_is_as_wide_as_its_network_for_ffhq(size, channels, expected):
    assert R3GANDiscriminator(size, base_channels=channels)._plan.widths == expected


@pytest.mark.parametrize(
    ("size", "latent_dim", "expected"),
    [  # Brock et al. 2019, tables 4 to 6; 1024 is ours
        (128, 120, [16, 8, 4, 2, 1]),
        (256, 140, [16, 8, 8, 4, 2, 1]),
        (512, 160, [16, 8, 8, 4, 2, 1, 1]),
        (1024, 180, [16, 8, 8, 4, 2, 1, 1, 1]),
    ],
)
def test_biggan_is_as_wide_and_attends_where_its_tables_say(size, latent_dim, expected):
    generator = BigGANGenerator(size, 3, latent_dim, base_channels=1)
    discriminator = BigGANDiscriminator(size, base_channels=1)
    layers = [layer for layer in generator.stack if not isinstance(layer, SelfAttention)]
    assert [layer.compute_output_shape((None, 4, 4, 1))[-1] for layer in layers] == expected
    assert generator.first_dim == 20
    layers = [layer for layer in discriminator.stack if not isinstance(layer, SelfAttention)]
    assert [layer.filters for layer in layers] == [*reversed(expected), 16]
    assert [layer.resample for layer in layers] == ["down"] * len(expected) + [None]
    side = 64 if size > 128 else 32
    for network, start in ((generator, 4), (discriminator, size)):
        place = next(i for i, layer in enumerate(network.stack) if isinstance(layer, SelfAttention))
        assert (start * 2**place if network is generator else start // 2**place) == side


def test_attention_that_nobody_asked_for():
    assert [registry.default_attention(size) for size in (28, 128, 129, 1024)] == [32, 32, 64, 64]
    assert residual_plan.attention_size(256, registry.default_attention(256)) == 64
    assert BigGANGenerator(256, attention=32).get_config()["attention"] == 32
    assert BigGANGenerator(256).get_config()["attention"] == 64
