import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from tfdogs.models import build
from tfdogs.sampling import sampler as module
from tfdogs.sampling.sampler import Sampler
from tfdogs.sampling.seeds import following

N = module.CHUNK + 9


@pytest.fixture(scope="module")
def sampler():
    keras.utils.set_random_seed(1)
    generator, _ = build("dcgan", image_size=64, latent_dim=16, g_channels=4, d_channels=1)
    # The initial weights draw grey: ten times larger ones use the whole range.
    for w in generator.weights:
        if "kernel" in w.name:
            w.assign(10.0 * w)
    return Sampler(generator, 16)


@pytest.fixture(scope="module")
def conditional():
    generator, _ = build("mlp", image_size=8, latent_dim=4, num_classes=3, g_channels=1, d_channels=1)
    return Sampler(generator, 4, num_classes=3)


@pytest.fixture(scope="module")
def images(sampler):
    return sampler.images(range(N))


def test_images(images):
    assert images.shape == (N, 64, 64, 3) and images.dtype == np.uint8
    assert images.min() < 20 and images.max() > 235
    assert len({image.tobytes() for image in images}) == N


def test_an_images_bytes_depend_on_its_seed_alone(sampler, images):
    rng = np.random.default_rng(0)
    for count in (1, 2, module.CHUNK - 1, module.CHUNK, N):
        seeds = rng.permutation(N)[:count]
        np.testing.assert_array_equal(sampler.images(seeds), images[seeds])
    np.testing.assert_array_equal(sampler.images([5] * 40), np.repeat(images[5:6], 40, axis=0))


def test_large_images_are_drawn_fewer_at_once():
    sizes = (28, 128, 512, 720, 1024, 4096)
    assert [module.chunk_size((size, size, 3)) for size in sizes] == [32, 32, 32, 16, 8, 1]
    zoom = keras.Sequential([keras.Input((4,)), layers.Reshape((1, 1, 4)), layers.UpSampling2D(1024)])
    zoom = keras.Sequential([zoom, layers.Lambda(lambda x: x[..., :1])])
    shapes, draw = [], zoom.call
    zoom.call = lambda x, **kwargs: shapes.append(x.shape) or draw(x, **kwargs)
    sampler = Sampler(zoom, 4)
    images = sampler.images(range(9))
    assert sampler.image_shape == (1024, 1024, 1) and images.shape == (9, 1024, 1024, 1)
    assert {tuple(shape) for shape in shapes} == {(32, 4), (8, 4)}  # the first to learn the shape, not drawn
    assert len(np.unique(images[:, 0, 0, 0])) > 5 and (images == images[:, :1, :1]).all()


def test_from_latents(sampler, images):
    np.testing.assert_array_equal(sampler.from_latents(sampler.latents(range(3))), images[:3])


def test_no_images(sampler, conditional):
    assert sampler.images([]).shape == (0, 64, 64, 3)
    assert conditional.images([], labels=[]).shape == (0, 8, 8, 3)
    assert sampler.images([]).dtype == np.uint8


def test_value_range_of_the_bytes():
    # tanh's -1 is black and 1 white; without (x + 1) / 2 the dark half would wrap or be cut.
    def latent_as_image():
        return keras.Sequential([keras.Input((4,)), layers.Reshape((2, 2, 1))])

    out = Sampler(latent_as_image(), 4).from_latents(np.array([[-1.0, 0.0, 0.5, 1.0]], "float32"))
    np.testing.assert_array_equal(out.ravel(), [0, 128, 191, 255])


def test_it_follows_the_weights(sampler):
    before = sampler.images([0])
    bias = next(w for w in sampler.generator.weights if "beta" in w.name)
    bias.assign_add(tf.ones_like(bias))
    assert not np.array_equal(sampler.images([0]), before)
    bias.assign_sub(tf.ones_like(bias))
    np.testing.assert_array_equal(sampler.images([0]), before)


def test_drawing_leaves_the_weights_alone(sampler):
    before = sampler.generator.get_weights()
    sampler.images(range(4))
    for a, b in zip(before, sampler.generator.get_weights()):
        np.testing.assert_array_equal(a, b)


def test_truncation(sampler):
    z = sampler.latents(range(50), truncation=0.5)
    assert z.shape == (50, 16) and np.abs(z).max() <= 0.5 * (1 + 1e-5)
    assert np.abs(sampler.latents(range(50))).max() > 2
    assert not np.array_equal(sampler.images([1], truncation=0.5), sampler.images([1]))


@pytest.mark.parametrize("truncation", [0, -1.0, np.nan, "a", [0.5, 0.5], True])
def test_bad_truncation(sampler, truncation):
    with pytest.raises(ValueError, match=r"truncation must be over 0.* Received: truncation="):
        sampler.images([0], truncation=truncation)


def test_uniform_latents():
    uniform = Sampler(None, 8, latent="uniform")
    z = uniform.latents(range(100))
    assert -1 <= z.min() < -0.95 and 0.95 < z.max() < 1


def test_labels(conditional):
    by_seed = conditional.images([3, 4, 5])
    np.testing.assert_array_equal(conditional.images([3, 4, 5], labels=[0, 1, 2]), by_seed)
    other = conditional.images([3, 4, 5], labels=1)
    np.testing.assert_array_equal(other[1], by_seed[1])
    assert not np.array_equal(other[0], by_seed[0])
    # The last chunk's padding has a label of its own.
    many = conditional.images(range(N), labels=2)
    np.testing.assert_array_equal(many[-1:], conditional.images([N - 1], labels=2))


def test_a_rule_makes_labels_of_seeds(conditional):
    ruled = conditional.images([3, 4, 5], labels=lambda seeds: 5 - seeds)
    np.testing.assert_array_equal(ruled, conditional.images([3, 4, 5], labels=[2, 1, 0]))


@pytest.mark.parametrize(("labels", "received"), [(3, "3 to 3"), (-1, "-1 to -1"), ([0, 7], "0 to 7")])
def test_labels_out_of_range(conditional, labels, received):
    with pytest.raises(ValueError, match=rf"labels must be in \[0, 3\). Received: {received}"):
        conditional.images([0, 1], labels=labels)


@pytest.mark.parametrize("labels", [1.5, "dog", ["a", "b"], np.nan, True, [[0], [1, 2]]])
def test_labels_that_are_no_numbers(conditional, labels):
    with pytest.raises(ValueError, match=r"^labels, in \[0, 3\), must be whole numbers .*Received: "):
        conditional.images([0, 1], labels=labels)


@pytest.mark.parametrize("labels", [[1], [0, 1, 2], np.eye(3)[:2], [[0], [1]]])
def test_labels_that_are_not_one_a_seed(conditional, labels):
    with pytest.raises(ValueError, match=r"one a seed, \[2\], and not one-hot. Received: shape "):
        conditional.images([0, 1], labels=labels)


@pytest.mark.parametrize("seeds", [1.5, "7", None, [0, 2**63], [True], np.nan])
def test_seeds_that_are_none(sampler, seeds):
    with pytest.raises(ValueError, match=r"^seeds must be whole numbers in the range of int64. Received: "):
        sampler.images(seeds)
    np.testing.assert_array_equal(sampler.latents([1.0, 2.0]), sampler.latents([1, 2]))


def test_seeds_one_after_the_other():
    last = 2**63 - 1
    assert following(last - 1, 2).tolist() == [last - 1, last]
    for seed, count in ((last, 2), ([1, 2], 2)):
        with pytest.raises(ValueError, match=r"^seed must be one whole number.*Received: "):
            following(seed, count)


def test_labels_for_an_unconditional_generator(sampler):
    with pytest.raises(ValueError, match="takes no labels"):
        sampler.images([0], labels=0)


def test_a_generator_of_styles_truncates_them_itself():
    keras.utils.set_random_seed(1)
    generator, _ = build("stylegan2", image_size=32, latent_dim=4, g_channels=1, d_channels=1)
    generator.w_mean.assign([0.5, -0.5, 0.2, 0.0])
    sampler, seeds = Sampler(generator, 4), np.arange(module.CHUNK + 2)
    z = sampler.latents(seeds)
    np.testing.assert_array_equal(sampler.latents(seeds, truncation=0.5), z)
    images = sampler.images(seeds)
    np.testing.assert_array_equal(sampler.images(seeds, truncation=1.0), images)
    bent = sampler.images(seeds, truncation=0.5)
    assert np.abs(bent.astype(int) - images).mean() > 1
    np.testing.assert_array_equal(sampler.images(seeds[-1:], truncation=0.5), bent[-1:])
    psi = np.where(seeds % 2, 0.5, 1.0)
    mixed = np.where((seeds % 2)[:, None, None, None], bent, images)
    np.testing.assert_array_equal(sampler.from_latents(z, truncation=psi), mixed)
    with pytest.raises(ValueError, match=r"truncation must be over 0"):
        sampler.images([0], truncation=-1.0)
