"""tfdogs: GANs in Keras that learn from photographs of dogs to draw dogs that do not exist.

The public names, each imported when it is first used: commands check their flags, and worker processes
read pictures, before TensorFlow is loaded.
"""

import importlib

_HOME = {
    "DiffAugment": "tfdogs.augment.diff_augment",
    "EMA": "tfdogs.training.ema",
    "GAN": "tfdogs.models.gan",
    "GradientPenalty": "tfdogs.losses.gradient_penalty",
    "R1": "tfdogs.losses.r1",
}
_PACKAGES = ("data", "losses", "metrics", "models")
__version__ = "0.1.0"
__all__ = sorted(_HOME)


def __getattr__(name):
    if name in _PACKAGES:
        return importlib.import_module(f"tfdogs.{name}")
    if name not in _HOME:
        raise AttributeError(f"module 'tfdogs' has no attribute {name!r}")
    return getattr(importlib.import_module(_HOME[name]), name)


def __dir__():
    return sorted([*globals(), *_HOME])
