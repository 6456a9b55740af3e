import keras
import numpy as np
import pytest
import tensorflow as tf

from tfdogs.models import introspection
from tfdogs.models.noise import Noise
from tfdogs.models.stylegan2 import StyleGAN2Generator
from tfdogs.models.stylegan2.to_rgb import ToRGB

NOISE = Noise(tf.constant([1, 2], tf.int64))
Z = np.random.default_rng(0).normal(size=(6, 4)).astype(np.float32)


def make(image_size=16, **kwargs):
    keras.utils.set_random_seed(1)
    generator = StyleGAN2Generator(image_size, 3, 4, **{"base_channels": 2, "mapping_layers": 2, **kwargs})
    generator.build()
    for conv in generator.synthesis.convs:
        conv.noise_strength.assign(0.3)
    return generator


@pytest.fixture(scope="module")
def generator():
    return make()


def ws(generator, z=Z):
    return tf.repeat(generator.to_w(z)[:, None], generator.num_ws, 1)


def test_latents_styles_and_images(generator):
    w = generator.to_w(Z)
    assert w.shape == (6, 4) and w.dtype == tf.float32 and generator.w_dim == 4 and generator.num_ws == 6
    np.testing.assert_array_equal(generator(Z), generator.from_w(ws(generator)))
    assert make(w_dim=7, image_size=32).to_w(Z).shape == (6, 7)


@pytest.mark.parametrize(("size", "channels"), [(8, 1), (50, 1), (128, 3)])
def test_every_size(size, channels):
    generator = StyleGAN2Generator(size, channels, 4, base_channels=1)
    generator.build()
    images = generator(Z[:2])
    assert images.shape == (2, size, size, channels) and np.abs(images).max() <= 1
    assert generator.num_ws == 2 * (int(np.log2(size / 4)) + 1)


def test_without_noise_it_is_a_function_and_noise_is_the_steps(generator):
    np.testing.assert_array_equal(generator(Z), generator(Z))
    noisy = generator.from_w(ws(generator), noise=NOISE)
    np.testing.assert_array_equal(noisy, generator.from_w(ws(generator), noise=NOISE))
    assert np.abs(noisy - generator.from_w(ws(generator), noise=NOISE.fold(1))).max() > 0.01
    same = generator.from_w(tf.repeat(ws(generator)[:1], 2, 0), noise=NOISE)
    assert np.abs(same[0] - same[1]).max() > 0.01  # each image has its own


def test_early_styles_reach_everything_and_the_last_one_only_the_last_image(generator, monkeypatch):
    levels, call = [], ToRGB.call
    monkeypatch.setattr(ToRGB, "call", lambda rgb, x, w: levels.append(x.numpy()) or call(rgb, x, w))

    def draw(ws):
        """Returns images, and the features that each level's own image is made of."""
        levels.clear()
        return generator.from_w(ws).numpy(), list(levels)

    base = ws(generator).numpy()
    images, features = draw(base)
    for i in range(generator.num_ws):
        other = base.copy()
        other[:, i] = base[::-1, 0]
        changed, others = draw(other)
        assert np.abs(changed - images).mean() > 0
        reached = [np.any(a != b) for a, b in zip(features, others)]
        assert reached == [i <= 2 * level for level in range(3)]  # the last style: none


def test_truncation_moves_styles_towards_the_mean():
    generator = make()
    generator.w_mean.assign([0.5, -0.5, 0.2, 0.0])
    images = generator(Z)
    for none in (None, 1.0, np.ones(6, np.float32)):
        np.testing.assert_array_equal(generator(Z, truncation=none), images)
    psi = np.array([0, 0.3, 0.7, 1, 1.5, 1], np.float32)
    w, mean = generator.to_w(Z).numpy(), generator.w_mean.numpy()
    bent = mean + psi[:, None] * (w - mean)
    expected = generator.from_w(np.repeat(bent[:, None], generator.num_ws, 1))
    np.testing.assert_allclose(generator(Z, truncation=psi), expected, atol=1e-5)
    averages = generator(Z, truncation=np.zeros(6, np.float32))
    np.testing.assert_allclose(averages[1:], np.repeat(averages[:1], 5, 0), atol=1e-5)


def test_the_mean_style_is_learned_in_training_only():
    generator = make()
    generator(Z)
    assert not generator.w_mean.numpy().any()
    mean = generator.to_w(Z).numpy().mean(0)
    for _ in range(3):
        generator(Z, training=True)
    np.testing.assert_allclose(generator.w_mean, (1 - 0.998**3) * mean, rtol=1e-4)


def test_style_mixing_takes_a_second_latent_from_a_random_layer_on():
    generator = make(style_mixing=0.5)
    z = np.random.default_rng(1).normal(size=(2000, 4)).astype(np.float32)
    base = ws(generator, z).numpy()
    mixed = generator._mix(base, None, NOISE).numpy()
    kept = (mixed == base).all(2)  # [N, num_ws]
    assert kept[:, 0].all()
    counts = kept.sum(1)
    assert (kept == (np.arange(generator.num_ws) < counts[:, None])).all()  # first layers, then the others
    assert np.mean(counts == generator.num_ws) == pytest.approx(0.5, abs=0.05)
    for place in range(1, generator.num_ws):
        assert np.mean(counts == place) == pytest.approx(0.1, abs=0.03)
    others = mixed[~kept[:, -1], -1]
    assert len(np.unique(others, axis=0)) == len(others)
    assert make(style_mixing=0)(Z, training=True, noise=NOISE).shape == (6, 16, 16, 3)


def test_labels_enter_the_style():
    generator = make(num_classes=3)
    labels = np.array([0, 1, 2, 0, 1, 2])
    images = generator((Z, labels)).numpy()
    shuffled = generator((Z, (labels + 1) % 3)).numpy()
    assert (np.abs(images - shuffled).max((1, 2, 3)) > 0.01).all()
    np.testing.assert_array_equal(generator((Z, labels)), images)


def test_gradients_reach_every_weight():
    generator = make(num_classes=2)
    with tf.GradientTape() as tape:
        images = generator((Z, np.arange(6) % 2), training=True, noise=NOISE)
        loss = tf.reduce_sum(images**2)
    for weight, gradient in zip(
        generator.trainable_variables, tape.gradient(loss, generator.trainable_variables)
    ):
        assert gradient is not None, weight.name
        values = tf.convert_to_tensor(gradient).numpy()
        assert np.isfinite(values).all() and values.any(), weight.name


@pytest.mark.parametrize("dtype", ["mixed_bfloat16", "mixed_float16"])
def test_mixed_precision_draws_nearly_the_same(dtype):
    generator = make(dtype=dtype)
    twin = StyleGAN2Generator.from_config({**generator.get_config(), "dtype": "float32"})
    twin.build()
    twin.set_weights(generator.get_weights())
    images = generator(Z)
    assert images.dtype == tf.float32 and {w.dtype for w in generator.weights} == {tf.float32}
    np.testing.assert_array_equal(generator.to_w(Z), twin.to_w(Z))
    difference = np.abs(images - twin(Z)).mean()
    assert 0 < difference < 0.02


def test_styles_are_not_rounded():
    generator = make(dtype="mixed_bfloat16")
    seen = []
    affine = generator.synthesis.convs[0].affine
    affine.call = lambda w, call=affine.call: seen.append(w) or call(w)
    w = ws(generator)
    generator.synthesis(w)
    np.testing.assert_array_equal(seen[0], w[:, 0])  # or walks and projection would move in steps


def test_save_load_and_clone(tmp_path):
    generator = make(num_classes=2)
    inputs = (Z, np.arange(6) % 2)
    generator(inputs, training=True)
    expected = generator(inputs, truncation=0.5)
    path = tmp_path / "g.keras"
    generator.save(path)
    for twin in (keras.saving.load_model(path), introspection.clone(generator, 4, 2)):
        np.testing.assert_array_equal(twin(inputs, truncation=0.5), expected)


@pytest.mark.parametrize("options", [{"style_mixing": 1.1}, {"style_mixing": -0.1}, {"mapping_layers": 0}])
def test_options_out_of_range(options):
    (name, value), *_ = options.items()
    with pytest.raises(ValueError, match=f"Received: .*{name}={value}"):
        StyleGAN2Generator(16, 3, 4, **options)
