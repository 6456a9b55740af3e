"""Initializers of layers."""

import keras


def fresh(initializer):
    """Returns a copy of an initializer: layers that shared one without a seed would start alike."""
    initializer = keras.initializers.get(initializer)
    return type(initializer).from_config(initializer.get_config())
