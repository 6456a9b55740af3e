"""An artifact: a folder that is known to the metadata store."""

import dataclasses
from pathlib import Path


@dataclasses.dataclass(frozen=True)
class Artifact:
    """A folder with content that no one changes any more.

    Attributes:
        type_name: name of its `ArtifactType`.
        path: its folder.
        fingerprint: hex digest of what counts of its content.
        properties: numbers and strings that its component told of it.
        id: its number in the store.
    """

    type_name: str
    path: Path
    fingerprint: str
    properties: dict = dataclasses.field(default_factory=dict)
    id: int = 0
