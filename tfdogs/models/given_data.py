"""What `fit` is given as images and labels: checked as far as it can be before the first step."""

import inspect
import os

import keras
import numpy as np
import tensorflow as tf

from tfdogs.data import pixels
from tfdogs.models.plain_errors import plain_errors

_UNEVEN = (tf.RaggedTensor, tf.SparseTensor, tf.RaggedTensorSpec, tf.SparseTensorSpec)
_ROWS = 1 << 16  # of labels that are looked at in one go


def images_of(x, name):
    """Returns what `fit` takes as images, out of a list where it is one's only element.

    Args:
        x: what was given.
        name: of the argument.

    Raises:
        ValueError: it is nothing, a list of several things, a path or a function; or images differ in size.
    """
    if isinstance(x, (list, tuple)):
        if len(x) == 1:
            return images_of(x[0], name)
        raise ValueError(
            f"{name} must be one array [N, H, W, C]: np.stack a list of images, and pass labels as y. "
            f"Received: a {type(x).__name__} of {len(x)}"
        )
    if isinstance(x, (str, bytes, os.PathLike)):
        raise ValueError(
            f"{name} must be images: keras.utils.image_dataset_from_directory reads a folder. Received: {x!r}"
        )
    if inspect.isroutine(x):
        raise ValueError(
            f"{name} must be what a generator function returns: call it. Received: the function {x.__name__}"
        )
    if x is None or np.isscalar(x):
        raise ValueError(
            f"{name} must be images: an array [N, H, W, C], a tf.data.Dataset, a keras.utils.Sequence or a "
            f"generator. Received: {x}"
        )
    if isinstance(x, _UNEVEN) or (isinstance(x, np.ndarray) and x.dtype.hasobject):
        raise ValueError(
            f"{name} must be of one size: resize images, and np.stack or batch them. "
            f"Received: {type(x).__name__} with rows of several sizes"
        )
    return x


def one_batch(x, name):
    """Returns what `train_on_batch` takes as images.

    Raises:
        ValueError: as `images_of`, or it is no batch.
    """
    x = images_of(x, name)
    if not hasattr(x, "shape") and not isinstance(x, dict):
        raise ValueError(
            f"{name} must be one batch of images, [N, H, W, C]: fit() takes data sets. "
            f"Received: {type(x).__name__}"
        )
    return x


def labels_of(y):
    """Returns labels that are a list, or numbers as Python objects, as an array; all else as it is."""
    return np.asarray(_plain(y)) if isinstance(y, (list, tuple)) else _plain(y)


def _plain(y):
    """Returns an array of Python's objects as an array of numbers or words where it is one."""
    if isinstance(y, np.ndarray) and y.dtype.hasobject:
        return np.array(y.tolist())
    return y


def validation_of(data):
    """Returns `validation_data` with an array for labels that are a list.

    Raises:
        ValueError: as of `images_of`.
    """
    if isinstance(data, (tuple, list)) and 1 <= len(data) <= 3:
        images, *rest = data
        return (images_of(images, "validation_data"), *(labels_of(one) for one in rest[:1]), *rest[1:])
    return data if data is None else images_of(data, "validation_data")


def check(x, y, name, image_shape, num_classes):
    """Checks images and labels in memory, and of a data set what it says of its elements.

    Args:
        x: images, a dict of images and labels, or a `tf.data.Dataset`; of all else nothing is known.
        y: labels, or None.
        name: of the argument.
        image_shape: (H, W, C) that the generator draws.
        num_classes: 0 where labels are not wanted.

    Raises:
        ValueError: they are not what a step takes, see `check_batch`; there are not as many labels as images;
            or a label is out of range.
    """
    in_memory = not isinstance(x, tf.data.Dataset)
    if not in_memory:
        x, y, _ = keras.utils.unpack_x_y_sample_weight(x.element_spec)
    try:
        if isinstance(x, dict) or isinstance(y, dict):
            x, y = of_dicts(x, y, num_classes)
        if not hasattr(x, "shape") or not hasattr(x, "dtype"):
            return
        check_batch(images_of(x, "images"), y, image_shape, num_classes)
        if in_memory and y is not None:
            _check_rows(x, y, num_classes)
    except ValueError as e:
        raise ValueError(str(e) if name == "x" else f"{name}: {e}") from None


def check_batch(images, labels, image_shape, num_classes):
    """Checks of images and labels what is known without their values.

    Args:
        images: what has a shape, [N, H, W, C], and a dtype.
        labels: the same, [N], [N, 1] or one-hot, or None.
        image_shape: (H, W, C) that the generator draws.
        num_classes: 0 where labels are not wanted.

    Raises:
        ValueError: images of another shape or dtype, or labels that are missing or none where there are
            classes.
    """
    dtype, shape = tf.as_dtype(images.dtype), tf.TensorShape(images.shape)
    if dtype == tf.string:
        raise ValueError("images must be uint8, or floating in [-1, 1]. Received: dtype string")
    if shape.rank == 0 or not shape[1:].is_compatible_with(image_shape):
        shape = tuple(shape[1:]) if shape.rank else ()
        raise ValueError(
            f"the generator draws images of shape {tuple(image_shape)}{_advice(shape, tuple(image_shape))}. "
            f"Received for training: shape {shape}"
        )
    pixels.check_dtype(dtype)
    if num_classes and labels is None:
        raise ValueError("the networks are conditional: fit needs labels beside the images. Received: none")
    if num_classes:
        _check_kind(labels, num_classes)


def _advice(shape, wanted):
    """Returns what to do about images of another shape, or ""."""
    height, width, channels = wanted
    if shape == (channels, height, width):
        return ": channels come last, transpose the images"
    if shape == wanted[:2]:
        return ": images need an axis of channels, images[..., None] for grey ones"
    if shape == wanted[1:]:
        return ": a data set has to be batched, by .batch(64) say"
    if len(shape) == 1:
        return ": latents are drawn in training, x are real images"
    if len(shape) == 3 and shape[2] == channels:
        return ": resize the images"
    return f": convert the images to {channels} channels" if shape[:2] == wanted[:2] else ""


def shaped(images, image_shape):
    """Returns images [N, H, W, C] with a static shape.

    After images of two shapes Keras traces for any, and data sets by way of Python tell none: what they are
    shows when it runs.

    Raises:
        tf.errors.InvalidArgumentError: when it runs, they have another shape.
    """
    if images.shape[1:].is_fully_defined():
        return images
    found = tf.shape(images)
    same = tf.cond(
        tf.equal(tf.size(found), 4),
        lambda: tf.reduce_all(tf.equal(found[1:4], image_shape)),
        lambda: tf.constant(False),
    )
    line = f"images must have the shape {tuple(image_shape)} that the generator draws. Received: shape"
    with tf.control_dependencies([tf.debugging.Assert(same, [line, found[1:]])]):
        return tf.ensure_shape(images, [None, *image_shape])


def of_dicts(images, labels, num_classes):
    """Returns images and labels of a batch that is a dict, or has one; labels beside a dict go first.

    Raises:
        ValueError: there are no images, or in a dict of labels none where there are classes.
    """
    batch = images if isinstance(images, dict) else {"image": images}
    batch = {**batch, **labels} if isinstance(labels, dict) else batch
    image = next((name for name in ("image", "images") if name in batch), None)
    label = next((name for name in ("label", "labels") if name in batch), None)
    if image is None or (num_classes and isinstance(labels, dict) and label is None):
        raise ValueError(
            'a batch that is a dict must have "image", and where there are classes "label" beside it. '
            f"Received: {', '.join(map(str, batch)) or 'nothing'}"
        )
    if labels is None or isinstance(labels, dict):
        labels = None if label is None else batch[label]
    return batch[image], labels


def numbers_of(labels, num_classes):
    """Returns labels as int32 [N].

    Raises:
        ValueError: their shape or dtype is that of none.
        tf.errors.InvalidArgumentError: when it runs, they are not in [0, num_classes), nor one-hot.
    """
    _check_kind(labels, num_classes)
    labels = tf.convert_to_tensor(labels)
    # After labels of two shapes Keras traces for any: which they are shows when it runs.
    width = tf.reduce_prod(tf.shape(labels)[1:])
    values = tf.reshape(tf.cast(labels, tf.float64), [tf.shape(labels)[0], width])

    def of_one_hot():
        numbers = tf.argmax(values, 1)
        return numbers, tf.reduce_all(tf.equal(values, tf.one_hot(numbers, num_classes, dtype=tf.float64)))

    def of_numbers():
        fine = (values >= 0) & (values < num_classes) & tf.equal(values, tf.floor(values))
        return tf.cast(values[:, 0], tf.int64), tf.reduce_all(fine) & tf.equal(width, 1)

    one_hot = tf.equal(width, num_classes) & (num_classes > 1)
    numbers, fine = tf.cond(one_hot, of_one_hot, of_numbers)
    received = [tf.reduce_min(values), "to", tf.reduce_max(values), "in rows of", width]
    message = f"{_legal(num_classes)}. Received: values from"
    with tf.control_dependencies([tf.debugging.Assert(fine, [message, *received])]):
        return tf.cast(numbers, tf.int32)


def _legal(num_classes):
    return f"labels must be numbers in [0, {num_classes}) or one-hot"


def _check_kind(labels, num_classes):
    """Checks labels' dtype and shape."""
    if isinstance(labels, _UNEVEN) or not hasattr(labels, "shape") or not hasattr(labels, "dtype"):
        raise ValueError(f"{_legal(num_classes)}. Received: {type(labels).__name__}")
    dtype, shape = tf.as_dtype(labels.dtype), tf.TensorShape(labels.shape)
    if not (dtype.is_floating or dtype.is_integer):
        raise ValueError(f"{_legal(num_classes)}. Received: dtype {dtype.name}")
    if shape.rank == 0 or shape[1:].num_elements() not in (None, 1, num_classes):
        raise ValueError(f"{_legal(num_classes)}, [N] or [N, {num_classes}]. Received: shape {tuple(shape)}")


def _check_rows(images, labels, num_classes):
    """Checks that labels in memory are as many as the images, and each in range."""
    if len(images) != len(labels):
        raise ValueError(
            f"there must be as many labels as images. Received: {len(images)} images, {len(labels)} labels"
        )
    for start in range(0, len(labels) if num_classes else 0, _ROWS):
        with plain_errors():
            numbers_of(labels[start : start + _ROWS], num_classes)
