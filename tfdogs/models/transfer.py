"""Weights of one network into another that differs in classes or image size."""

import dataclasses

import numpy as np
import tensorflow as tf

from tfdogs.data.names import normalized
from tfdogs.errors import UsageError

# What a network's configuration may say otherwise: it changes no weight, or classes alone, or adds layers.
_FREE = (
    *("image_size", "channels", "num_classes", "dtype", "name", "freeze", "auxiliary", "style_mixing"),
    *("skip_excitation", "reconstruction"),
)
# What may differ with the image size: the shapes decide.
_WITH_SIZE = ("base_channels", "latent_dim", "patch")
_FLAGS = {"base_channels": "{}_channels", "hidden": "{}_channels", "norm": "d_norm"}


@dataclasses.dataclass(frozen=True)
class Classes:
    """The classes of two networks, by label.

    Attributes:
        source, target: class names; empty where they are not known, or there are no classes.
        num_source, num_target: how many classes.
    """

    source: tuple
    target: tuple
    num_source: int
    num_target: int

    def label(self, label, side):
        """Returns what a row is of, so that it equals the same row of the other network.

        Args:
            label: as `NamedWeight` has it.
            side: "source" or "target".
        """
        kind, i = label
        if kind != "class":
            return label
        if self.source and self.target:
            return kind, normalized(getattr(self, side)[i])
        # By number, which means something only where both have as many.
        return (kind, i) if self.num_source == self.num_target else (side, i)

    @property
    def new(self):
        """Names of the target's classes that the source does not know; their numbers where names lack."""
        known = {self.label(("class", i), "source") for i in range(self.num_source)}
        names = self.target or tuple(str(i) for i in range(self.num_target))
        return [
            name
            for i, name in enumerate(names)
            if self.num_target and self.label(("class", i), "target") not in known
        ]


@dataclasses.dataclass(frozen=True)
class NetworkReport:
    """What became of one network's weights.

    Attributes:
        network: "generator", "average" or "discriminator".
        total: number of its weights.
        taken: names of those that were copied as they were.
        partly: names of those of which rows were copied: classes, or inputs beside the classes'.
        fresh: names of those that start fresh.
        unused: names of the source's weights that have no place here.
    """

    network: str
    total: int
    taken: tuple
    partly: tuple
    fresh: tuple
    unused: tuple

    def describe(self, source):
        """Returns it as a line."""
        text = f"{self.network}: {len(self.taken)} of {self.total} weights from {source}"
        for word, names in (("in part", self.partly), ("fresh", self.fresh), ("not used", self.unused)):
            if names:
                text += f"; {word}: {_summary(names, set(self.taken))}"
        return text


class Transfer:
    """Copies weights between two networks of one architecture; nothing is changed before `apply`.

    Args:
        network: what the networks are, for reports and errors: "generator", "average" or "discriminator".
        source: `named_weights` of the network that is read; may lack some.
        target: `named_weights` of the network that is written.
        classes: `Classes`.
        resized: whether their image sizes differ, so that blocks may be missing in either.

    Attributes:
        report: `NetworkReport`.

    Raises:
        UsageError: a weight that both have has another shape there, or nothing could be taken.
    """

    def __init__(self, network, source, target, *, classes, resized):
        self._network, self._classes, self._resized = network, classes, resized
        self._values = []
        found = {"taken": [], "partly": [], "fresh": []}
        for name, weight in target.items():
            found["fresh" if name not in source else self._match(name, source[name], weight)].append(name)
        if not found["taken"]:
            raise UsageError(f"the {network} there has no weight that this one could take")
        unused = [name for name in source if name not in target]
        found = {kind: tuple(names) for kind, names in found.items()}
        self.report = NetworkReport(network, len(target), **found, unused=tuple(unused))

    def apply(self, digest):
        """Writes the weights, and adds them to a hash of `hashlib`."""
        for variable, value in self._values:
            value = value.numpy() if hasattr(value, "numpy") else value
            digest.update(np.ascontiguousarray(value).tobytes())
            variable.assign(tf.cast(value, variable.dtype))

    def _match(self, name, there, here):
        shapes = [tuple(weight.variable.shape) for weight in (there, here)]
        there, here = self._with_classes(there, here, shapes)
        if here.axis is None or there.axis is None:
            if shapes[0] == shapes[1]:
                self._values.append((here.variable, there.variable))
                return "taken"
            if here.at_image and self._resized:
                return "fresh"
            self._refuse(name, *shapes)
        return self._match_rows(name, there, here, shapes)

    def _match_rows(self, name, there, here, shapes):
        axis = here.axis
        if len(shapes[0]) != len(shapes[1]) or _without(shapes[0], axis) != _without(shapes[1], axis):
            self._refuse(name, *shapes)
        old = [self._classes.label(label, "source") for label in there.labels]
        new = [self._classes.label(label, "target") for label in here.labels]
        if _latents(old) != _latents(new):
            self._refuse(name, *shapes)
        if old == new:
            self._values.append((here.variable, there.variable))
            return "taken"
        place = {label: i for i, label in enumerate(old)}
        rows = [(i, place[label]) for i, label in enumerate(new) if label in place]
        # The start vector of a spectral norm follows from the kernel, and the kernel has changed.
        if not rows or name.endswith("/u"):
            return "fresh"
        value = np.moveaxis(here.variable.numpy(), axis, 0).copy()
        to, origin = (list(places) for places in zip(*rows))
        value[to] = np.moveaxis(there.variable.numpy(), axis, 0)[origin]
        self._values.append((here.variable, np.moveaxis(value, 0, axis)))
        return "partly"

    def _with_classes(self, there, here, shapes):
        """Finds the axis of the classes where the networks do not name it: that in which they differ."""
        counts = (self._classes.num_source, self._classes.num_target)
        if here.axis is not None or there.axis is not None or len(shapes[0]) != len(shapes[1]):
            return there, here
        differing = [axis for axis, sides in enumerate(zip(*shapes)) if sides[0] != sides[1]]
        if len(differing) != 1 or tuple(shape[differing[0]] for shape in shapes) != counts:
            return there, here
        rows = [tuple(("class", i) for i in range(count)) for count in counts]
        return tuple(
            dataclasses.replace(weight, axis=differing[0], labels=labels)
            for weight, labels in zip((there, here), rows)
        )

    def _refuse(self, name, there, here):
        hint = (
            ": where the image sizes differ, the levels that both have need equal channels, see "
            "docs/transfer.md"
        )
        raise UsageError(
            f"the {self._network} there is another one: {name} has the shape {list(there)} there and "
            f"{list(here)} here{hint if self._resized else ''}"
        )


def check_architecture(network, there, here):
    """Refuses a network that cannot be another one at another image size, or with other classes.

    Args:
        network: "generator" or "discriminator".
        there: the network that is read.
        here: the network that is written.

    Raises:
        UsageError: its kind, or an option that decides its weights, is another.
    """
    ours = hasattr(here, "parts")
    if type(there) is not type(here) and (ours or hasattr(there, "parts")):
        names = (type(there).__name__, type(here).__name__)
        raise UsageError(f"the {network} is a {names[0]} there and a {names[1]} here")
    if not ours:
        if len(there.weights) != len(here.weights):
            counts = f"{len(there.weights)} weights there and {len(here.weights)} here"
            raise UsageError(f"the {network} is another one: it has {counts}")
        return
    free = _FREE + (_WITH_SIZE if there.image_size != here.image_size else ())
    old, new = there.get_config(), here.get_config()
    for name in (name for name in new if name not in free and old.get(name) != new[name]):
        flag = _FLAGS.get(name, name).format(network[0])
        raise UsageError(
            f"the {network}'s {name} must be the same: it is {old.get(name)} there and {new[name]} here "
            f"(--{flag})"
        )


def _summary(names, taken):
    """Returns names of weights as text: parts, and where others of a part were taken, which weights of it."""
    whole, tails = {}, {}
    divided = {name.split("/")[0] for name in taken}
    for name in names:
        part, *path = name.split("/")
        if part in divided and path:
            tails.setdefault(part, dict.fromkeys([]))["/".join(path[-2:])] = None
        else:
            whole[part] = None
    groups = {}
    for part, found in tails.items():
        groups.setdefault(", ".join(found), []).append(part)
    return ", ".join([*whole, *(f"{found} of {', '.join(parts)}" for found, parts in groups.items())])


def _latents(labels):
    return [label for label in labels if label[0] == "latent"]


def _without(shape, axis):
    return shape[:axis] + shape[axis + 1 :]
