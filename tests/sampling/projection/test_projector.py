"""The search: its distance, its spaces, and what it finds."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfdogs.data import pixels
from tfdogs.models import build
from tfdogs.sampling.projection.distance import Distance
from tfdogs.sampling.projection.latent_space import LatentSpace
from tfdogs.sampling.projection.projector import Projector
from tfdogs.sampling.projection.style_space import StyleSpace
from tfdogs.sampling.sampler import Sampler

SEEDS = np.arange(64)


@pytest.fixture(scope="module")
def distance():
    return Distance(28)


class Plain:
    """Squared differences of pixels, which take no time."""

    def views(self, images):
        return images

    def between(self, first, second):
        return tf.reduce_mean((first - second) ** 2, [1, 2, 3])


def make_sampler(num_classes=0, latent="normal"):
    """A generator whose images differ visibly."""
    keras.utils.set_random_seed(0)
    sizes = {"latent_dim": 4, "num_classes": num_classes, "g_channels": 2, "d_channels": 1}
    generator, _ = build("mlp", image_size=28, **sizes)
    for weight in generator.weights:
        if "kernel" in weight.name:
            weight.assign(2.0 * weight)
    return Sampler(generator, 4, latent=latent, num_classes=num_classes)


def make_smooth_sampler():
    """A generator of soft colours, as photographs are, and not of noise."""
    keras.utils.set_random_seed(0)
    stack = [
        keras.Input((4,)),
        keras.layers.Dense(48, activation="tanh"),
        keras.layers.Reshape((4, 4, 3)),
        keras.layers.UpSampling2D(7, interpolation="bilinear"),
    ]
    return Sampler(keras.Sequential(stack), 4)


def projector(sampler, distance, **options):
    return Projector(sampler, LatentSpace(sampler.generator, 4, sampler.latent), distance, **options)


def test_a_distance_is_0_to_itself_and_grows_with_the_change(distance):
    rng = np.random.default_rng(0)
    image = tf.image.resize(rng.uniform(-1, 1, (1, 4, 4, 3)).astype(np.float32), [28, 28])
    noise = rng.normal(size=image.shape).astype(np.float32)
    others = tf.concat([image + sigma * noise for sigma in (0.0, 0.05, 0.2)], 0)
    values = distance.between(distance.views(others), distance.views(image)).numpy()
    assert values[0] < 1e-4 < values[1] < values[2] and values.shape == (3,)
    shifted = distance.between(distance.views(tf.roll(image, 1, 2)), distance.views(image)).numpy()
    assert shifted[0] < values[2]  # a pixel to the side is less than noise to the eye
    assert distance.between(distance.views(image[..., :1]), distance.views(image[..., :1])).numpy() < 1e-4


def test_gradients_flow_through_the_distance(distance):
    image = tf.constant(np.random.default_rng(1).uniform(-1, 1, (1, 28, 28, 3)), tf.float32)
    target = distance.views(tf.zeros_like(image))
    with tf.GradientTape() as tape:
        tape.watch(image)
        value = tf.reduce_sum(distance.between(distance.views(image), target))
    gradient = tape.gradient(value, image)
    step = 1e-2 * gradient / tf.norm(gradient)
    ahead, behind = (
        tf.reduce_sum(distance.between(distance.views(image + s * step), target)) for s in (1.0, -1.0)
    )
    np.testing.assert_allclose((ahead - behind) / 2e-2, tf.norm(gradient), rtol=0.05)


def test_it_finds_the_latent_of_a_drawn_image(distance):
    sampler = make_smooth_sampler()
    image = sampler.images([1000])[0]
    found = projector(sampler, distance, steps=40, starts=2).project([image], SEEDS[:32])[0]
    assert found.distances[-1] < found.start / 20
    assert found.distances.shape == (41,) and found.seed in SEEDS and found.label is None
    assert found.steps == (0, 8, 16, 24, 32, 40) and found.frames.shape == (6, 28, 28, 3)
    np.testing.assert_array_equal(found.frames[0], sampler.images([found.seed])[0])
    np.testing.assert_array_equal(found.frames[-1], sampler.from_latents(found.point[None])[0])


@pytest.mark.parametrize("latent", ["normal", "uniform"])
def test_it_is_deterministic_and_finds_classes(latent):
    sampler = make_sampler(num_classes=3, latent=latent)
    image = sampler.images([1000], labels=2)[0]
    labels = (SEEDS % 3).astype(np.int32)
    twice = [
        projector(sampler, Plain(), steps=100, starts=4).project([image], SEEDS, labels)[0] for _ in range(2)
    ]
    for first, second in zip(*twice):
        np.testing.assert_array_equal(first, second)
    found = twice[0]
    assert found.distances[-1] < found.start / 100 and found.label == found.seed % 3
    np.testing.assert_allclose(found.point, sampler.latents([1000])[0], atol=0.05)
    drawn = sampler.from_latents(found.point[None], np.array([found.label]))[0]
    np.testing.assert_array_equal(found.frames[-1], drawn)
    other = projector(sampler, Plain(), steps=100, starts=4, seed=1).project([image], SEEDS, labels)[0]
    assert not np.array_equal(other.distances, found.distances)


def test_it_never_ends_farther_than_it_began():
    sampler = make_sampler()
    image = sampler.images([5])[0]
    found = projector(sampler, Plain(), steps=1, starts=3).project([image], SEEDS)[0]
    assert found.seed == 5 and found.distances[-1] == found.start < 1e-4
    np.testing.assert_array_equal(found.frames[-1], image)
    np.testing.assert_array_equal(found.point, sampler.latents([5])[0])


def test_candidates_are_drawn_once_for_all_images(monkeypatch):
    sampler = make_sampler()
    images = sampler.images([5, 17, 40])
    alone = [projector(sampler, Plain(), steps=2, starts=2).project([image], SEEDS)[0] for image in images]
    drawn, draw = [], sampler.images
    monkeypatch.setattr(
        sampler, "images", lambda seeds, **kwargs: drawn.extend(seeds) or draw(seeds, **kwargs)
    )
    together = projector(sampler, Plain(), steps=2, starts=2).project(images, SEEDS)
    assert drawn == list(SEEDS) and [one.seed for one in together] == [5, 17, 40]
    for one, other in zip(alone, together):
        np.testing.assert_array_equal(one.distances, other.distances)


def test_latents_are_pulled_to_where_they_lie():
    normal, uniform = (LatentSpace(None, 4, kind) for kind in ("normal", "uniform"))
    points = np.array([[1, 1, 1, 1], [2, 0, 0, 0], [0, 0, 0, 0], [2, 2, 2, 2]], np.float32)
    np.testing.assert_allclose(normal.pull(points), [0, 0, 0, (3 - 2 * 0.5**0.5) ** 2], rtol=1e-6)
    np.testing.assert_allclose(uniform.pull(points), [0, 0.25, 0, 1])
    z = Sampler(None, 128).latents(range(200))
    assert np.mean(LatentSpace(None, 128, "normal").pull(z).numpy() == 0) > 0.9
    np.testing.assert_allclose([normal.spread, uniform.spread], [2, np.sqrt(4 / 3)])


def test_it_finds_styles():
    from tfdogs.models.stylegan2.generator import StyleGAN2Generator

    keras.utils.set_random_seed(1)
    generator = StyleGAN2Generator(16, 3, 4, num_classes=3, base_channels=2, mapping_layers=2)
    generator.build()
    sampler = Sampler(generator, 4, num_classes=3)
    space = StyleSpace(generator, sampler.latents(range(64)))
    labels = np.array([0, 1, 2], np.int32)
    points = space.enter(sampler.latents(range(3)), labels)
    images = pixels.to_uint8(space.draw(points, labels)).numpy()
    assert np.abs(images.astype(int) - sampler.images(range(3))).max() <= 1
    np.testing.assert_array_equal(space.pull(points), np.zeros(3))
    assert space.spread > 0
    found = Projector(sampler, space, Plain(), steps=60, starts=2).project(
        sampler.images([1000], labels=1), SEEDS, (SEEDS % 3).astype(np.int32)
    )[0]
    assert found.distances[-1] < found.start / 4 and found.point.shape == (generator.w_dim,)
