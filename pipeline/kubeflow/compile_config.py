"""The configuration of `python -m pipeline.compile`."""

import dataclasses
from pathlib import Path

from pipeline.metadata.address import has_password, is_server, without_password
from pipeline.run_config import RunConfig
from tfdogs.config import flag
from tfdogs.errors import UsageError


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
    secret: str = flag(
        "Kubernetes secret whose key `password` is the password of --metadata; empty: it needs none.",
        default="",
    )

    def __post_init__(self):
        super().__post_init__()
        if not self.output.endswith((".yaml", ".yml")):
            self.reject("output", "must end in .yaml")
        if not self.image.strip():
            self.reject("image", "must not be empty")
        if self.run or self.resume:
            self.reject("run", "is the cluster's to say: a run has the id of its Kubeflow job")
        if has_password(self.metadata):
            raise UsageError(
                "--metadata must have no password, which all who read the YAML would see: put it into a "
                "Kubernetes secret, under the key `password`, and give --secret=NAME. "
                f"Received: --metadata={without_password(self.metadata)}"
            )
        if self.secret and not is_server(self.metadata):
            self.reject("secret", "goes with a --metadata that is a server's")
        for name, path in self._paths().items():
            if path and not Path(path).is_absolute():
                self.reject(name, "must be an absolute path: steps run in folders of their own")

    def flags(self):
        """Returns the pipeline's own flags as words, those that are not at their defaults."""
        words = []
        for field in dataclasses.fields(RunConfig):
            value = getattr(self, field.name)
            if value != field.default:
                words.append(f"--{field.name}={str(value).lower() if field.type is bool else value}")
        return words

    def _paths(self):
        """Returns the paths that the steps read and write, by flag."""
        form, _, rest = self.images.partition(":")
        images = {"idx": rest, "tfds": "", "paper_dogs": ""}.get(form, self.images) if rest else self.images
        return {
            "images": images,
            "root": self.root,
            "push_dir": self.push_dir,
            "annotations": self.annotations,
            "schema": self.schema,
            "metadata": "" if is_server(self.metadata) else self.metadata,
        }
