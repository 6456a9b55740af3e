"""The configuration of `python -m pipeline.rollback`."""

import dataclasses

from tfdogs.config import Config, flag


@dataclasses.dataclass(frozen=True)
class RollbackConfig(Config):
    """Which version to go back to, and where.

    Raises:
        UsageError: a value out of range.
    """

    push_dir: str = flag("Folder that is served, as Pusher fills it.")
    version: int = flag(
        "Number of the version to go back to; 0: the newest that holds another model than the served one.",
        default=0,
        lower=0,
    )
