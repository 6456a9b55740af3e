"""tfdogs: GANs in Keras that learn from photographs of dogs to draw dogs that do not exist.

The public names, each imported when it is first used: commands check their flags, and worker processes
read pictures, before TensorFlow is loaded.
"""

import importlib

_HOME = {
    "ADA": "tfdogs.augment.ada",
    "Consistency": "tfdogs.losses.consistency",
    "Cosine": "tfdogs.training.schedules",
    "DRAGAN": "tfdogs.losses.dragan",
    "DiffAugment": "tfdogs.augment.diff_augment",
    "EMA": "tfdogs.training.ema",
    "GAN": "tfdogs.models.gan",
    "GradientPenalty": "tfdogs.losses.gradient_penalty",
    "LeCam": "tfdogs.losses.lecam",
    "Linear": "tfdogs.training.schedules",
    "Orthogonal": "tfdogs.losses.orthogonal",
    "PathLength": "tfdogs.losses.path_length",
    "PowerEMA": "tfdogs.training.power_ema",
    "R1": "tfdogs.losses.r1",
    "R2": "tfdogs.losses.r2",
    "Reconstruction": "tfdogs.losses.reconstruction",
    "ScheduledAdam": "tfdogs.training.scheduled_adam",
    "TopK": "tfdogs.losses.top_k",
    "load_networks": "tfdogs.training.load_networks",
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
