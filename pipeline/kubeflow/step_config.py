"""The configuration of `python -m pipeline.step`."""

import dataclasses

from pipeline.run_config import RunConfig
from tfdogs.config import flag


@dataclasses.dataclass(frozen=True)
class StepConfig(RunConfig):
    """A pipeline's flags, and which node of it to run.

    Raises:
        UsageError: a value that is not legal.
    """

    node: str = flag("Node of the pipeline, such as Trainer.", default="")

    def __post_init__(self):
        super().__post_init__()
        for name in ("node", "run"):
            if not getattr(self, name):
                self.reject(name, "must be given")
        if self.resume:
            self.reject("resume", "goes with pipeline.run only: a step that is run again finds what is there")
