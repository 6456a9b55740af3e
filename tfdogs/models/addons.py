"""The one module that imports TensorFlow Addons, which has ended development: replace it here."""

import warnings

with warnings.catch_warnings():
    warnings.simplefilter("ignore", UserWarning)  # it announces its own end of life at every import
    from tensorflow_addons.layers import InstanceNormalization

__all__ = ["InstanceNormalization"]
