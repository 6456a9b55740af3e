"""The configuration of `python -m pipeline.compile`."""

import dataclasses

from pipeline.run_config import RunConfig
from tfdogs.config import flag


@dataclasses.dataclass(frozen=True)
class CompileConfig(RunConfig):
    """A pipeline's flags, and what it runs in on a cluster.

    Raises:
        UsageError: a value that is not legal.
    """

    output: str = flag("Where the YAML goes: a new .yaml file.", default="pipeline.yaml")
    image: str = flag(
        "Container image of the steps, with tfdogs[pipeline] in it.", default="tfdogs-pipeline:latest"
    )
    pvc: str = flag(
        "PersistentVolumeClaim that every step mounts at --mount; empty: none, the folders are there.",
        default="",
    )
    mount: str = flag("Where the claim is mounted; --root and the like are in it.", default="/data")

    def __post_init__(self):
        super().__post_init__()
        if not self.output.endswith((".yaml", ".yml")):
            self.reject("output", "must end in .yaml")
        if not self.image.strip():
            self.reject("image", "must not be empty")
        if self.run or self.resume:
            self.reject("run", "is the cluster's to say: a run has the name of its Kubeflow job")

    def flags(self):
        """Returns the pipeline's own flags as words, those that are not at their defaults."""
        words = []
        for field in dataclasses.fields(RunConfig):
            value = getattr(self, field.name)
            if value != field.default:
                words.append(f"--{field.name}={str(value).lower() if field.type is bool else value}")
        return words
