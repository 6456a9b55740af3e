"""What a component declares: inputs, outputs and parameters, each with a type."""

import dataclasses
from typing import Any, Callable, Optional

REFUSAL = "refusal"  # property of an artifact that says why nothing may come after it

_NOTHING = object()


@dataclasses.dataclass(frozen=True)
class ArtifactType:
    """A kind of artifact.

    Attributes:
        name: its type in the metadata store; TFX's where TFX has it.
        fingerprint: function from an artifact's folder to a hex digest of what counts of its content. Two
            artifacts with equal ones are the same to every component that reads them.
    """

    name: str
    fingerprint: Callable


@dataclasses.dataclass(frozen=True)
class Input:
    """An artifact that a component reads.

    Attributes:
        type: `ArtifactType`.
        optional: whether it may be left unbound, or have nothing to offer: the executor then gets None.
        counts: whether another artifact there makes another result; False: any cached result will do.
    """

    type: ArtifactType
    optional: bool = False
    counts: bool = True


@dataclasses.dataclass(frozen=True)
class Output:
    """An artifact that a component makes: a folder that its executor fills."""

    type: ArtifactType


@dataclasses.dataclass(frozen=True)
class Parameter:
    """A value that decides what a component makes.

    Attributes:
        type: bool, int, float or str.
        default: what it is where the pipeline says nothing; without one it must be given.
        counts: whether another value makes another result; False for how the work is done: workers, runners.
    """

    type: type
    default: Any = _NOTHING
    counts: bool = True

    @property
    def required(self):
        """Whether a pipeline has to give it."""
        return self.default is _NOTHING


@dataclasses.dataclass(frozen=True)
class Channel:
    """The edge of a pipeline: an output of a node, or what a query finds in the store.

    Attributes:
        type: `ArtifactType`.
        node: `Component` that makes it; None for a query.
        key: name of the node's output.
        query: function (store, pipeline name, inputs by name) -> `Artifact` or None.
    """

    type: ArtifactType
    node: Any = None
    key: str = ""
    query: Optional[Callable] = None
