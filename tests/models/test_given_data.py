"""Images and labels are checked before the first step, and made plain where they come in other forms."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import tfdogs
from tfdogs.models import build

IMAGES = np.random.default_rng(0).integers(0, 256, (12, 8, 8, 3), dtype=np.uint8)
RIGHT = IMAGES / np.float32(127.5) - 1
LABELS = np.arange(12) % 3
LARGE = np.zeros((4, 16, 16, 3), np.uint8)


def make(num_classes=0):
    sizes = {"image_size": 8, "latent_dim": 4, "g_channels": 1, "d_channels": 1}
    generator, discriminator = build("mlp", **sizes, num_classes=num_classes)
    gan = tfdogs.GAN(generator=generator, discriminator=discriminator)
    gan.compile(keras.saving.serialize_keras_object(keras.optimizers.SGD(0.01)), run_eagerly=True)
    return gan


@pytest.fixture(scope="module")
def gan():
    """Steps run one by one: there is nothing to trace."""
    return make()


@pytest.fixture(scope="module")
def conditional():
    return make(3)


def dataset(*tensors):
    return tf.data.Dataset.from_tensor_slices(tensors if len(tensors) > 1 else tensors[0]).batch(4)


def refused(match, call, *args, **kwargs):
    with pytest.raises(ValueError, match=match) as error:
        call(*args, **kwargs)
    assert "\n" not in str(error.value) and "Received" in str(error.value)


WAYS = {
    "a list": LABELS.tolist(),
    "a list of columns": LABELS[:, None].tolist(),
    "Python's objects": LABELS.astype(object),
    "a dict": {"label": LABELS, "id": LABELS},
}


@pytest.mark.parametrize("way", WAYS)
def test_labels_in_other_forms(way, conditional):
    labels = WAYS[way]
    calls = [lambda: conditional.fit(IMAGES, labels, validation_data=(IMAGES, labels), verbose=0)]
    if not isinstance(labels, dict):
        calls += [lambda: conditional.train_on_batch(IMAGES, labels)]
        calls += [lambda: conditional.test_on_batch(IMAGES, labels)]
    for call in calls:
        before = int(conditional.images_seen)
        call()
        assert int(conditional.images_seen) - before in (0, 12)
    assert int(conditional.images_seen) % 12 == 0


WRONG_LABELS = {
    "numbers in .0, 3. or one-hot. Received: dtype string": ["a", "b", "c"] * 4,
    "as many labels as images. Received: 12 images, 11 labels": LABELS[:11],
    "in .0, 3. or one-hot. Received: values from 0.0 to 3.0": [0] * 11 + [3],  # in the last batch
    "needs labels beside the images. Received: none": None,
    'must have "image", .*"label" beside it. Received: image, breed': {"breed": LABELS},
}


@pytest.mark.parametrize("match", WRONG_LABELS)
def test_labels_that_are_none_are_found_before_training(match, conditional):
    labels, before = WRONG_LABELS[match], int(conditional.images_seen)
    refused(match, conditional.fit, IMAGES, labels, batch_size=4, verbose=0)
    held_out = IMAGES if labels is None else (IMAGES, labels)
    refused(f"^validation_data: .*{match}", conditional.fit, IMAGES, LABELS, validation_data=held_out)
    assert int(conditional.images_seen) == before


@pytest.mark.parametrize("make_data", [np.asarray, dataset], ids=["array", "dataset"])
def test_validation_data_that_do_not_fit_are_found_before_training(make_data, gan, conditional):
    before = int(gan.images_seen), int(conditional.images_seen)
    refused("^validation_data: .*resize the images", gan.fit, IMAGES, validation_data=make_data(LARGE))
    wrong = make_data(IMAGES)
    refused("^validation_data: .*needs labels", conditional.fit, IMAGES, LABELS, validation_data=wrong)
    assert before == (int(gan.images_seen), int(conditional.images_seen))


@pytest.mark.parametrize(
    ("wrong", "received"), [("data/val", "'data/val'"), ((), "a tuple of 0"), (list(IMAGES), "a list of 12")]
)
def test_validation_data_that_are_none(wrong, received, gan):
    before = int(gan.images_seen)
    refused(f"^validation_data must be .*Received: {received}", gan.fit, IMAGES, validation_data=wrong)
    assert int(gan.images_seen) == before


def ragged():
    return tf.ragged.stack([IMAGES[0], IMAGES[1][:4]])


WRONG_IMAGES = {
    "x must be images: an array .*generator. Received: None": lambda: None,
    "x must be images: .*Received: 5": lambda: 5,
    "x must be of one size: .*Received: ndarray": lambda: np.array([IMAGES[0], IMAGES[1][:4]], dtype=object),
    "x must be of one size: .*Received: RaggedTensor": ragged,
    "images must be of one size: .*Received: RaggedTensor": lambda: tf.data.Dataset.from_tensors(ragged()),
    "images must be an array .*tf.data.Dataset.*Received: .*type": lambda: complex,
}


@pytest.mark.parametrize("match", WRONG_IMAGES)
@pytest.mark.parametrize("method", ["fit", "evaluate"])
def test_images_that_are_none(match, method, gan):
    refused(match, getattr(gan, method), WRONG_IMAGES[match](), verbose=0)


def test_latents_are_no_images_of_a_wrong_range(gan):
    z = np.random.default_rng(0).normal(size=(12, 4)).astype(np.float32)
    refused("latents are drawn in training, x are real images. Received.*4,", gan.fit, z)


def test_single_batches_are_arrays(gan):
    for call in (gan.train_on_batch, gan.test_on_batch):
        refused("x must be one batch.*fit.. takes data sets. Received: _BatchDataset", call, dataset(IMAGES))


def through_python(images):
    """A data set that does not know its shapes."""
    return dataset(images).map(lambda x: tf.numpy_function(np.copy, [x], images.dtype))


def test_shapes_that_show_when_a_step_runs():
    gan = make()
    gan.compile()
    gan.fit(through_python(IMAGES), verbose=0)
    for wrong in (LARGE, IMAGES[..., 0]):
        shape = " ".join(map(str, wrong.shape[1:]))
        refused(rf"shape \(8, 8, 3\) that .* Received: shape {shape}$", gan.fit, through_python(wrong))
    assert int(gan.images_seen) == 12


def test_predict(gan, conditional):
    for wrong in (None, 5):
        refused(f"predict wants latents, .*Received: {wrong}", gan.predict, wrong)
    z = np.zeros((3, 4), np.float32)
    refused("labels must be numbers in .0, 3.", conditional.predict, (z, np.array([0, 1, 7])), verbose=0)
    by_number = conditional.predict((z, LABELS[:3]), verbose=0)
    np.testing.assert_array_equal(conditional.predict((z, np.eye(3)), verbose=0), by_number)
