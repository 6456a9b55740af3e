"""A user's own network as an extractor."""

import builtins
import json
import zipfile
from pathlib import Path

import h5py
import keras
import numpy as np
import tensorflow as tf

from tfdogs.errors import TfdogsError, UsageError
from tfdogs.metrics.extractors.extractor import Extractor, Stamp, fingerprint, reason

_FREE_SIZE = 299  # px, where the network takes any size
_FREE_BATCH = 32
_SCALES = {"-1_1": (2 / 255, -1.0), "0_1": (1 / 255, 0.0), "0_255": (1.0, 0.0)}


class UserModel(Extractor):
    """Any Keras model or SavedModel that maps images to features.

    Its one input is float [N, H, W, C], H = W, C 3, or 1, for which red, green and blue are averaged. Where
    H and W are free, images are resized to 299 pixels. Its output is one of

    - features, [N, D], or [N, h, w, D], which are averaged over h and w;
    - a pair of features and class probabilities [N, K];
    - a dict of "features" (or "pool_3" or "pool"), and perhaps "probabilities" or "logits".

    Images are resized by "bicubic". A SavedModel is called by its signature "serving_default" if it has one.

    Load models only from people whom you trust. As a precaution a .keras or .h5 file is refused if it asks
    for Python code of its own (Lambda layers), or for classes that are neither Keras's or ours nor registered
    with Keras; a SavedModel does what it says.

    Args:
        path: a .keras or .h5 file, or a SavedModel's folder.
        input_range: range of the pixels that the model wants: "-1_1" (default), "0_1" or "0_255".

    Raises:
        UsageError: the path is neither.
        TfdogsError: the file is damaged or refused, or the model has other inputs or outputs.
    """

    def __init__(self, path, input_range="-1_1"):
        path = Path(path).resolve()
        self._scale, self._offset = _SCALES[input_range]
        try:
            self._call, self._input = _load(path)
            _check_input(self._input)
            batch, size = self._input.shape[0], self._input.shape[1] or _FREE_SIZE
            pool, probabilities = self.forward(tf.zeros([batch or 1, size, size, 3]))
            _check_outputs(pool, probabilities)
        except UsageError:
            raise
        except Exception as e:  # whatever a foreign model raises
            raise TfdogsError(f"{path} cannot be used as an extractor: {reason(e)}") from e
        stamp = Stamp(f"{path.name}:{input_range}", path.name, fingerprint(path), "bicubic", size)
        num_classes = 0 if probabilities is None else probabilities.shape[1]
        super().__init__(stamp, pool.shape[1], num_classes, chunk_size=batch or _FREE_BATCH)

    def forward(self, pixels):
        pixels = pixels * self._scale + self._offset
        if self._input.shape[3] == 1:
            pixels = tf.reduce_mean(pixels, axis=3, keepdims=True)
        pool, probabilities = _split(self._call(tf.cast(pixels, self._input.dtype)))
        if len(pool.shape) == 4:
            pool = tf.reduce_mean(pool, axis=[1, 2])
        if probabilities is not None:
            probabilities = tf.cast(probabilities, tf.float32)
        return tf.cast(pool, tf.float32), probabilities


def _load(path):
    """Returns a model as a function of a batch, and the tf.TensorSpec of that batch."""
    if path.is_dir():
        return _load_saved_model(path)
    if path.suffix not in (".keras", ".h5"):
        raise UsageError(f"a model must be a .keras or .h5 file or a SavedModel's folder. Received: {path}")
    _refuse_code(_architecture(path))
    model = keras.models.load_model(path, compile=False)
    if len(model.inputs or ()) != 1:
        raise ValueError("it must have one input, a batch of images")
    spec = tf.TensorSpec(model.inputs[0].shape, model.inputs[0].dtype)
    return lambda images: model(images, training=False), spec


def _load_saved_model(path):
    module = tf.saved_model.load(str(path))
    signature = module.signatures.get("serving_default")
    if signature is not None:
        names, specs = zip(*signature.structured_input_signature[1].items())
        if len(names) != 1:
            raise ValueError(f"it must have one input, a batch of images. Received: {', '.join(names)}")

        def call(images, _owner_of_the_weights=module):
            return signature(**{names[0]: images})

        return call, specs[0]
    if not callable(module):
        raise ValueError("it has neither a signature serving_default nor a function __call__")
    spec = module.__call__.concrete_functions[0].structured_input_signature[0][0]
    return module, spec


def _architecture(path):
    """Returns what a model's file says its layers are, as JSON does."""
    if path.suffix == ".keras":
        with zipfile.ZipFile(path) as archive:
            return json.loads(archive.read("config.json"))
    with h5py.File(path, "r") as file:
        if "model_config" not in file.attrs:
            raise ValueError("it has weights only; save the whole model")
        return json.loads(file.attrs["model_config"])


def _refuse_code(node):
    """Refuses what Keras would run or import on reading an architecture; of .h5 it checks nothing itself."""
    if isinstance(node, list):
        for item in node:
            _refuse_code(item)
    if not isinstance(node, dict):
        return
    kind, module = node.get("class_name"), node.get("module")
    if kind in ("Lambda", "__lambda__"):
        raise ValueError("it has a Lambda layer, that is Python code, which is not run from a file")
    if kind is not None and module is not None:
        name = node.get("config") if kind == "function" else node.get("registered_name", kind)
        package = str(module).split(".")[0]
        trusted = package in ("keras", "tf_keras", "tfdogs")
        trusted |= package == "builtins" and not hasattr(builtins, str(name))
        if not trusted and keras.saving.get_registered_object(name) is None:
            raise ValueError(f"it asks for {module}.{name or kind}, which is not registered with Keras")
    for item in node.values():
        _refuse_code(item)


def _check_input(spec):
    shape = spec.shape.as_list() if spec.shape.rank == 4 else [None, 0, 0, 0]
    if not spec.dtype.is_floating or shape[1] != shape[2] or shape[3] not in (1, 3):
        received = f"{spec.dtype.name} {spec.shape}"
        raise ValueError(f"its input must be float [N, H, W, C], H = W, C 1 or 3. Received: {received}")


def _split(outputs):
    """Returns (features, probabilities or None) out of all the forms that outputs may have."""
    if isinstance(outputs, dict) and len(outputs) == 1:
        outputs = list(outputs.values())
    if isinstance(outputs, dict):
        pools = [outputs[name] for name in ("features", "pool_3", "pool") if name in outputs]
        if not pools:
            received = ", ".join(map(str, outputs))
            rule = "one of its outputs must be named features, pool_3 or pool"
            raise ValueError(f"{rule}. Received: {received}")
        if "probabilities" not in outputs and "logits" in outputs:
            return pools[0], tf.nn.softmax(tf.cast(outputs["logits"], tf.float32))
        return pools[0], outputs.get("probabilities")
    outputs = list(outputs) if isinstance(outputs, (list, tuple)) else [outputs]
    if len(outputs) > 2:
        raise ValueError(f"it must have one or two outputs, or name them. Received: {len(outputs)} outputs")
    return outputs[0], outputs[1] if len(outputs) == 2 else None


def _check_outputs(pool, probabilities):
    if len(pool.shape) != 2:
        raise ValueError(f"its features must be [N, D] or [N, h, w, D]. Received: {pool.shape}")
    if probabilities is None:
        return
    sums = np.sum(probabilities, axis=-1)
    if len(probabilities.shape) != 2 or np.min(probabilities) < 0 or np.abs(sums - 1).max() > 0.01:
        received = f"{probabilities.shape}, sums {sums.min():.3g} to {sums.max():.3g}"
        rule = "its second output must be probabilities [N, K] that sum to 1 (a dict may name logits)"
        raise ValueError(f"{rule}. Received: {received}")
