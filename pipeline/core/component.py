"""The base of all components: a typed contract and an executor."""

import abc
from types import SimpleNamespace
from typing import ClassVar

from pipeline.core.contract import Channel, Input, Output, Parameter
from tfdogs.errors import UsageError


class Component(abc.ABC):
    """A node of a pipeline.

    A subclass declares `Input`s, `Output`s and `Parameter`s as class attributes and writes `execute`, which
    gets all of them by name. An instance is a node: it binds inputs to channels and parameters to values.

        trainer = Trainer(examples=transform.outputs.examples, flags="--total_kimg=50")

    Args:
        name: of the node; default: the class's.
        **bindings: a `Channel` for every input that is not optional, a value for every parameter that has
            no default.

    Attributes:
        name: of the node.
        channels: `Channel` by input.
        parameters: value by parameter.
        outputs: `Channel` by output, as attributes.

    Raises:
        UsageError: a binding is missing, unknown, or of another type.
    """

    code = ()  # packages and modules, besides the component's own, whose source decides what it makes
    libraries: ClassVar[tuple] = ()  # distributions whose versions decide it too, as "tensorflow"
    resumable = False  # whether the executor goes on with what a killed one left in its folders

    def __init__(self, *, name=None, **bindings):
        self.name = name or type(self).__name__
        unknown = sorted(set(bindings) - set(self.declared(Input)) - set(self.declared(Parameter)))
        if unknown:
            legal = ", ".join([*self.declared(Input), *self.declared(Parameter)])
            raise UsageError(f"{self.name} takes {legal}. Received: {unknown[0]}")
        self.channels = {
            key: self._channel(key, spec, bindings) for key, spec in self.declared(Input).items()
        }
        self.channels = {key: channel for key, channel in self.channels.items() if channel}
        self.parameters = {
            key: self._value(key, spec, bindings) for key, spec in self.declared(Parameter).items()
        }
        made = {key: Channel(spec.type, node=self, key=key) for key, spec in self.declared(Output).items()}
        self.outputs = SimpleNamespace(**made)

    @classmethod
    def declared(cls, kind):
        """Returns the class's `Input`s, `Output`s or `Parameter`s by name, in order of declaration."""
        found = {}
        for base in reversed(cls.__mro__):
            found.update({key: spec for key, spec in vars(base).items() if isinstance(spec, kind)})
        return found

    @classmethod
    @abc.abstractmethod
    def execute(cls, **bound):
        """Makes the outputs.

        Args:
            **bound: `Artifact` (or None, where optional) for each input, an empty folder's `Path` for each
                output, a value for each parameter.

        Returns:
            None, or properties by output: `{"model": {"kimg": 50.0}}`, numbers and strings for the store.

        Raises:
            TfdogsError: it could not be done; the run fails and nothing is published.

        Outputs that say that the pipeline must not go on are published, with the reason as their property
        `pipeline.core.contract.REFUSAL`.
        """

    @classmethod
    def outside(cls, parameters):
        """Returns a digest of what the executor reads that is no artifact, such as pictures; "" for nothing.

        Args:
            parameters: value by parameter.
        """
        return ""

    @classmethod
    def holds(cls, parameters, inputs, outputs):
        """Says whether cached outputs are still true of the world outside the store.

        Args:
            parameters: value by parameter.
            inputs: `Artifact` or None by input.
            outputs: `Artifact` by output, as an execution with the same fingerprint made them.

        Returns:
            False where the component has to be executed again.
        """
        return True

    def _channel(self, key, spec, bindings):
        channel = bindings.get(key)
        if channel is None:
            if spec.optional:
                return None
            raise UsageError(f"{self.name} needs an input {key} of type {spec.type.name}")
        if not isinstance(channel, Channel) or channel.type != spec.type:
            received = channel.type.name if isinstance(channel, Channel) else type(channel).__name__
            raise UsageError(f"{self.name}: input {key} must be {spec.type.name}. Received: {received}")
        return channel

    def _value(self, key, spec, bindings):
        if key not in bindings:
            if spec.required:
                raise UsageError(f"{self.name} needs a parameter {key} of type {spec.type.__name__}")
            return spec.default
        value = bindings[key]
        if spec.type is float and type(value) is int:
            value = float(value)
        if type(value) is not spec.type:
            received = f"{value!r}, {type(value).__name__}"
            raise UsageError(
                f"{self.name}: parameter {key} must be {spec.type.__name__}. Received: {received}"
            )
        return value
