import numpy as np
import pytest
import tensorflow as tf

from tfdogs.models.judge import Discriminate, Judge
from tfdogs.models.noise import Noise, Use
from tfdogs.training.schedules import Linear

NOISE = Noise(tf.constant([1, 2], tf.int64))
IMAGES = tf.constant(np.random.default_rng(0).uniform(-1, 1, (4, 8, 8, 3)), tf.float32)


class Mean:
    """A discriminator that counts its passes."""

    def __init__(self):
        self.passes = []

    def __call__(self, inputs, training):
        self.passes.append(training)
        return tf.reduce_mean(inputs, axis=[1, 2, 3])[:, None]


def judge(discriminator=None, **kwargs):
    options = {
        "num_classes": 0,
        "augment": None,
        "instance_noise": 0.0,
        "classifies": False,
        "encodes": False,
    }
    seen = tf.Variable(500, dtype=tf.int64)
    return Judge(discriminator or Mean(), **{**options, **kwargs}, images_seen=seen)


def test_a_view_is_the_image_where_nothing_is_done_to_it():
    np.testing.assert_array_equal(judge().view(IMAGES, NOISE, Use.SEEN_REALS), IMAGES)


@pytest.mark.parametrize(("sigma", "expected"), [(0.3, 0.3), (Linear(0.4, 0.0, kimg=1.0), 0.2)])
def test_instance_noise(sigma, expected):
    asked = judge(instance_noise=sigma)
    noise = (asked.view(IMAGES, NOISE, Use.SEEN_REALS) - IMAGES).numpy()
    np.testing.assert_allclose([noise.mean(), noise.std()], [0, expected], atol=0.1 * expected)
    np.testing.assert_allclose(asked.view(IMAGES, NOISE, Use.SEEN_REALS) - IMAGES, noise)
    assert not np.allclose(asked.view(IMAGES, NOISE, Use.SEEN_FAKES) - IMAGES, noise)


def test_noise_comes_on_top_of_the_augmentation_whose_gradient_goes_through():
    asked = judge(augment=lambda images, noise: 0.5 * images, instance_noise=0.1)
    with tf.GradientTape() as tape:
        tape.watch(IMAGES)
        view = asked.view(IMAGES, NOISE, Use.SEEN_FAKES)
    np.testing.assert_allclose(tape.gradient(view, IMAGES), 0.5 * np.ones(IMAGES.shape))
    assert 0.05 < np.std(view - 0.5 * IMAGES) < 0.15


def test_slopes_of_known_images_and_of_others():
    asked = judge(lambda images, training: tf.reduce_sum(images**2, axis=[1, 2, 3])[:, None] / 2)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(IMAGES)
        logits = asked(IMAGES, None)
    for ask in (Discriminate(asked, None), Discriminate(asked, None, ((IMAGES, logits),), tape)):
        np.testing.assert_allclose(ask.slopes(IMAGES), IMAGES, rtol=1e-6)
        np.testing.assert_allclose(ask.slopes(2.0 * IMAGES), 2.0 * IMAGES, rtol=1e-6)


@pytest.mark.parametrize("known", [False, True])
def test_slopes_by_the_images_before_augmentation(known):
    asked = judge(lambda images, training: tf.reduce_sum(images**2, axis=[1, 2, 3])[:, None] / 2)

    def view(images):
        return 3.0 * images

    with tf.GradientTape(persistent=True) as tape:
        tape.watch(IMAGES)
        seen = view(IMAGES)
        logits = asked(seen, None)
    origins = ((seen, IMAGES, view),)
    ask = Discriminate(
        asked, None, ((seen, logits),) if known else (), tape if known else None, origins=origins
    )
    np.testing.assert_allclose(ask.slopes_before(seen), 9.0 * IMAGES, rtol=1e-6)
    with pytest.raises(ValueError, match="of a step's reals and fakes only"):
        ask.slopes_before(IMAGES)


def test_known_images_cost_no_second_pass():
    discriminator = Mean()
    asked = judge(discriminator)
    logits = asked(IMAGES, None)
    ask = Discriminate(asked, None, known=((IMAGES, logits),))
    assert ask(IMAGES) is logits and ask.network is discriminator
    assert len(discriminator.passes) == 1
    np.testing.assert_array_equal(ask(tf.identity(IMAGES)), logits)  # another tensor: judged again
    assert discriminator.passes == [True, True]


class Drawing(Mean):
    """One with feature maps and an auxiliary classifier, whose maps are the logits."""

    def judge_and_encode(self, inputs, training):
        logits = self(inputs, training)
        return logits, {"map": 2.0 * logits}

    def judge_and_classify(self, inputs, training):
        return self(inputs, training), tf.zeros([4, 2])

    def reconstruct(self, maps, images, noise):
        return [(maps["map"], noise)]


@pytest.mark.parametrize("classifies", [False, True])
@pytest.mark.parametrize("encodes", [False, True])
def test_maps_of_the_reals_come_of_the_losses_pass_but_for_a_classifier(classifies, encodes):
    asked = judge(Drawing(), classifies=classifies, encodes=encodes)
    logits, class_logits, maps = asked.reals(IMAGES, None)
    assert (class_logits is not None) == classifies
    assert (maps is not None) == (encodes and not classifies)
    encoded = None if maps is None else (IMAGES, maps)
    ask = Discriminate(asked, None, encoded=encoded)
    ((drawn, noise),) = ask.reconstruct(IMAGES, NOISE)
    np.testing.assert_array_equal(drawn, 2.0 * logits)
    assert noise is NOISE
    assert len(asked.discriminator.passes) == (1 if maps is not None else 2)
    ask.reconstruct(tf.identity(IMAGES), NOISE)  # another tensor: judged again
    assert len(asked.discriminator.passes) == (2 if maps is not None else 3)
