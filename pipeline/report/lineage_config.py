"""The configuration of `python -m pipeline.lineage`."""

import dataclasses
from pathlib import Path

from tfdogs.config import Config, flag

FORMS = (".dot", ".html", ".svg")


@dataclasses.dataclass(frozen=True)
class LineageConfig(Config):
    """Whose ancestry to tell, and where to draw it.

    Raises:
        UsageError: a value that is not legal.
    """

    POSITIONAL = "artifact"

    artifact: str = flag(
        "Number of an artifact, its folder, a type such as Model (the newest of all), or a version's folder "
        "in a pipeline's --push_dir; empty: all artifacts are listed.",
        default="",
    )
    root: str = flag(
        "Folder of the pipeline's artifacts, where its metadata is too, unless --metadata says more.",
        default="",
    )
    metadata: str = flag("ML Metadata's store, as of pipeline.run; empty: ROOT/metadata.sqlite.", default="")
    full: bool = flag("Tell long parameters whole.", default=False)
    output: str = flag(
        "Draw it, to a new .svg, .html (with the tree) or .dot; the first two by Graphviz.", default=""
    )

    def __post_init__(self):
        super().__post_init__()
        if not self.root and not self.metadata:
            self.reject("root", "must be given, or --metadata")
        if self.output and Path(self.output).suffix.lower() not in FORMS:
            self.reject("output", f"must end in {', '.join(FORMS)}")
        if self.output and not self.artifact:
            self.reject("output", "goes with --artifact only")
