"""Names for the weights of a network that stay the same at another image size and with other classes."""

import dataclasses
from typing import Any, Optional

import keras

from tfdogs.training.ema import ordered_weights


@dataclasses.dataclass(frozen=True)
class Part:
    """A layer of a network, or one variable, under the name by which two networks match it.

    Attributes:
        name: unique in the network.
        layer: a built layer, or a variable.
        at_image: whether its shapes follow the image's: its size, or the channels at its size.
        rows: the axes of weights that count something which another network has more or less of, by the end
            of a weight's name in the layer: (axis, labels), as `numbered` makes labels.
    """

    name: str
    layer: Any
    at_image: bool = False
    rows: dict = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True)
class NamedWeight:
    """One weight.

    Attributes:
        variable: the weight.
        part: name of its `Part`.
        at_image: see `Part`.
        axis: the axis that `labels` name; None for none.
        labels: what each place of the axis is of, such as ("class", 3) and ("latent", 0).
    """

    variable: Any
    part: str
    at_image: bool = False
    axis: Optional[int] = None
    labels: tuple = ()


def numbered(kind, count):
    """Returns `count` labels of one kind: (kind, 0), (kind, 1), ..."""
    return tuple((kind, i) for i in range(count))


def named_weights(network):
    """Returns a network's weights by name, a dict from str to `NamedWeight`.

    Args:
        network: a network of `tfdogs.models`, whose `parts` name its layers; weights of any other are
            numbered.

    Raises:
        ValueError: `parts` leaves out a weight, or names two alike.
    """
    if not hasattr(network, "parts"):
        return {str(i): NamedWeight(w, _last(w)) for i, w in enumerate(ordered_weights(network))}
    found, count = {}, 0
    for part in network.parts():
        for name, variable in _walk(part.layer):
            axis, labels = next((rows for end, rows in part.rows.items() if name.endswith(end)), (None, ()))
            found[f"{part.name}/{name}"] = NamedWeight(variable, part.name, part.at_image, axis, labels)
            count += 1
    if not len(found) == count == len(network.weights):
        raise ValueError(
            f"the parts of {type(network).__name__} must name each of its weights once. "
            f"Received: {len(network.weights)} weights, {count} in parts, {len(found)} names"
        )
    return found


def _walk(layer, path=""):
    """Yields (name, variable) for every weight of a layer, named by the attributes that lead to it.

    What is in a `keras.Sequential` is numbered.
    """
    if not isinstance(layer, keras.layers.Layer):
        yield path + _last(layer), layer
        return
    inner = _inner_layers(layer)
    theirs = {id(weight) for value in inner.values() for weight in value.weights}
    for weight in layer.weights:
        if id(weight) not in theirs:
            yield path + _last(weight), weight
    for name, value in inner.items():
        yield from _walk(value, f"{path}{name}/")


def _inner_layers(layer):
    if isinstance(layer, keras.Sequential):
        stack = [value for value in layer.layers if value.weights]
        return {f"layer{i + 1}": value for i, value in enumerate(stack)}
    return {
        name: value
        for name, value in vars(layer).items()
        if isinstance(value, keras.layers.Layer) and not name.startswith("_")
    }


def _last(variable):
    return variable.name.split("/")[-1].split(":")[0]
