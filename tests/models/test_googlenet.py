import functools

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfdogs.models.googlenet import AUXILIARY_WEIGHT, GoogLeNet

TINY = {"num_classes": 3, "width": 0.03}


def images(count=6, size=32, channels=3):
    return np.random.default_rng(0).integers(0, 256, (count, size, size, channels), np.uint8)


def maps(network):
    """Heights of the feature maps behind the layers that have a name of their own."""
    seen = {}
    for layer in (*network.stem, *network.modules.values()):
        layer.call = functools.partial(note, seen, layer.name.removeprefix("inception_"), layer.call)
    network.heads(tf.zeros([1, network.image_size, network.image_size, 3]))
    return seen


def note(seen, name, call, x, **kwargs):
    result = call(x, **kwargs)
    seen[name] = result.shape[1]
    return result


def test_parameters_and_feature_maps_are_the_papers():
    # Caffe's bvlc_googlenet, made after the paper's table 1, has 13,378,280 parameters, of which the last
    # head and what leads to it have 6,998,552.
    network = GoogLeNet(batch_norm=False)
    parameters = sum(int(np.prod(variable.shape)) for variable in network.trainable_variables)
    assert parameters == 13_378_280
    assert parameters - sum(head.count_params() for head in network.auxiliary_heads) == 6_998_552
    wanted = {"conv1": 112, "conv2": 56, "3b": 28, "4a": 14, "4e": 14, "5b": 7}
    assert wanted.items() <= maps(network).items()


@pytest.mark.parametrize(("size", "wanted"), [(63, (63, 32, 16, 8)), (64, (32, 16, 8, 4))])
def test_small_images_are_halved_less(size, wanted):
    found = maps(GoogLeNet(size, **TINY))
    assert (found["conv1"], found["3b"], found["4e"], found["5b"]) == wanted


def test_uint8_and_floats_are_the_same():
    network = GoogLeNet(32, **TINY)
    pictures = images()
    logits = network(pictures)
    assert logits.shape == (6, 3) and logits.dtype == tf.float32
    np.testing.assert_array_equal(logits, network(pictures.astype(np.float32) / 127.5 - 1.0))
    main, first, second = network.heads(pictures)
    np.testing.assert_array_equal(main, logits)
    assert first.shape == second.shape == (6, 3)


@pytest.mark.parametrize("auxiliary", [True, False])
def test_fit_minimises_all_heads_and_tells_of_the_last(auxiliary):
    network = GoogLeNet(32, auxiliary=auxiliary, dropout=0.0, **TINY)
    network.compile(keras.optimizers.SGD(1.0), run_eagerly=True)
    pictures, labels, weights = images(), np.array([0, 1, 2, 0, 1, 2]), np.arange(6.0)
    with tf.GradientTape() as tape:
        losses = [
            tf.reduce_mean(weights * tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits))
            for logits in network.heads(pictures, training=True)
        ]
        total = losses[0] + AUXILIARY_WEIGHT * sum(losses[1:])
    gradients = tape.gradient(total, network.trainable_variables)
    assert all(gradient is not None for gradient in gradients)
    before = [variable.numpy() for variable in network.trainable_variables]
    batch = {"batch_size": 6, "shuffle": False, "verbose": 0}
    history = network.fit(pictures, labels, sample_weight=weights, **batch).history
    assert set(history) == {"loss", "accuracy"}
    np.testing.assert_allclose(history["loss"][0], losses[0], rtol=1e-5)
    for old, gradient, variable in zip(before, gradients, network.trainable_variables):
        np.testing.assert_allclose(old - gradient, variable, rtol=1e-3, atol=1e-4)
    told = network.evaluate(pictures, labels, batch_size=6, verbose=0)
    right = np.argmax(network(pictures), axis=1) == labels
    np.testing.assert_allclose(told[1], right.mean(), rtol=1e-6)


def test_it_learns():
    keras.utils.set_random_seed(0)
    labels = np.arange(48) % 3
    pictures = images(48)
    pictures[np.arange(48), ..., labels] //= 4  # a class lacks its colour
    network = GoogLeNet(32, num_classes=3, width=0.06, auxiliary=False)
    network.compile(keras.optimizers.SGD(0.05, momentum=0.9))
    network.optimizer.build(network.trainable_variables)
    network.fit(pictures, labels, batch_size=16, epochs=10, verbose=0)
    assert np.mean(np.argmax(network(pictures), axis=1) == labels) > 0.9


def test_floats_of_another_range_and_losses_of_ones_own_are_refused():
    network = GoogLeNet(32, **TINY)
    network.compile(keras.optimizers.SGD(0.1), run_eagerly=True)
    pictures, labels = images().astype(np.float32), np.zeros(6, int)
    for call in (network.fit, network.evaluate):
        with pytest.raises(ValueError, match=r"cast those of 0 to 255 to uint8. Received: .* from \d+"):
            call(pictures, labels, verbose=0)
    network.compile(keras.optimizers.SGD(0.1), loss="mse")
    with pytest.raises(ValueError, match=r"compile\(loss=...\): the loss is .* Received: loss='mse'$"):
        network.fit(images(), labels, verbose=0)


@pytest.mark.parametrize("policy", ["mixed_bfloat16", "mixed_float16"])
def test_mixed_precision(policy):
    network = GoogLeNet(32, dtype=policy, **TINY)
    network.compile(keras.optimizers.SGD(1e-3), run_eagerly=True)
    assert ("LossScale" in type(network.optimizer).__name__) == (policy == "mixed_float16")
    assert network.modules["4a"].three.compute_dtype == policy.partition("_")[2]
    assert {head.dtype for head in network.heads(images())} == {tf.float32}
    assert np.isfinite(network.fit(images(), np.zeros(6, int), verbose=0).history["loss"][0])


def test_saved_and_loaded(tmp_path):
    network = GoogLeNet(32, 1, **TINY)
    network.compile(keras.optimizers.SGD(0.1, momentum=0.9), run_eagerly=True)
    pictures = images(channels=1)
    network.fit(pictures, np.zeros(6, int), verbose=0)
    network.save(tmp_path / "network.keras")
    again = keras.models.load_model(tmp_path / "network.keras")
    assert again.get_config() == network.get_config()
    np.testing.assert_array_equal(again(pictures), network(pictures))
    momenta = list(zip(again.optimizer.variables, network.optimizer.variables))
    assert len(momenta) > 100
    for one, other in momenta:
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"image_size": 31}, "image_size must be at least 32. Received: image_size=31"),
        ({"channels": 2}, "channels must be 1 or 3"),
        ({"num_classes": 1}, "num_classes must be at least 2"),
        ({"width": 0}, "width must be over 0"),
        ({"dropout": 1.0}, r"dropout must be in \[0, 1\)"),
    ],
)
def test_arguments(options, message):
    with pytest.raises(ValueError, match=message):
        GoogLeNet(**options)
