"""What a check found."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Verdict:
    """What a check found.

    Attributes:
        name: of the check, one word.
        passed: whether all is well.
        figure: what was measured, one line, with the limit where it failed.
        details: what is wrong, a few lines: the first offenders, each "NAME (what)", or limits passed.
        numbers: the figures as numbers, for JSON.
    """

    name: str
    passed: bool
    figure: str
    details: tuple = ()
    numbers: dict = dataclasses.field(default_factory=dict)
