"""What an evaluation found: numbers, and what a report shows."""

import dataclasses
import re
from typing import Any, NamedTuple, Optional

import tfdogs
from tfdogs.metrics.dogs import BreedHistogram
from tfdogs.metrics.extractors.extractor import Stamp
from tfdogs.metrics.score import Score
from tfdogs.metrics.wording import number
from tfdogs.sampling.labels import UNIFORM

_PLAIN = ("fakes", "reals", "num_fakes", "num_reals", "seconds", "left_out")
_ARROWS = {"lower": "↓", "higher": "↑", "": " "}


class Nearest(NamedTuple):
    """Each fake's nearest real image, by MiFID's distance 1 - |cos|.

    Attributes:
        distances: float64 [N].
        indices: int64 [N], numbers of images in the reference's image set.

    A fake whose features sum to 0 has infinity and -1.
    """

    distances: Any
    indices: Any


@dataclasses.dataclass(frozen=True)
class Evaluation:
    """The scores of one set of fakes against one reference.

    Attributes:
        scores: `Score`s, in the order of `tfdogs.metrics.scores.NAMES`.
        stamp: `Stamp` of the extractor; every score is stamped with it.
        fakes: what the fakes are, for people.
        reals: what they were scored against, for people.
        num_fakes: number of fakes; a score that took fewer says so itself.
        num_reals: number of real images.
        seconds: time that scoring took.
        left_out: why a metric that was not asked for by name has no score: name -> reason.
        breeds: the fakes' `BreedHistogram`, or None.
        realism: float64 [N], each fake's realism, or None; not in the JSON.
        nearest: `Nearest`, or None; not in the JSON.
        alarms: what is wrong with the fakes as a whole, sentences; see `tfdogs.metrics.alarms`.
        labels: how a conditional generator's classes were drawn, a name of `tfdogs.sampling.labels`; "" for
            all other images.
        version: of tfdogs.
    """

    scores: tuple
    stamp: Stamp
    fakes: str
    reals: str
    num_fakes: int
    num_reals: int
    seconds: float = 0.0
    left_out: dict = dataclasses.field(default_factory=dict)
    breeds: Any = None
    realism: Any = None
    nearest: Optional[Nearest] = None
    alarms: tuple = ()
    labels: str = ""
    version: str = tfdogs.__version__

    def __getitem__(self, name):
        """Returns the `Score` of this name.

        Raises:
            KeyError: there is none.
        """
        for score in self.scores:
            if score.name == name:
                return score
        raise KeyError(name)

    def __contains__(self, name):
        """Says whether there is a score of this name."""
        return any(score.name == name for score in self.scores)

    def to_dict(self):
        """Returns what JSON can hold; every score says of itself what it takes to compare it."""
        stamp, breeds = self.stamp.to_dict(), self.breeds
        if breeds is not None:
            breeds = {**breeds._asdict(), "missing": list(breeds.missing)}
        return {
            "tfdogs": self.version,
            **{name: getattr(self, name) for name in _PLAIN},
            "stamp": stamp,
            "scores": {
                score.name: {
                    **dataclasses.asdict(score),
                    **stamp,
                    "labels": self.labels,
                    "tfdogs": self.version,
                }
                for score in self.scores
            },
            "labels": self.labels,
            "breeds": breeds,
            "alarms": list(self.alarms),
        }

    @classmethod
    def from_dict(cls, values):
        """Builds an evaluation from what `to_dict` returned; realism and nearest are None.

        Raises:
            KeyError, TypeError, ValueError: it is something else.
        """
        own = {field.name for field in dataclasses.fields(Score)}
        breeds = values["breeds"]
        if breeds is not None:
            breeds = BreedHistogram(**{**breeds, "missing": tuple(breeds["missing"])})
        return cls(
            scores=tuple(
                Score(**{name: value for name, value in score.items() if name in own})
                for score in values["scores"].values()
            ),
            stamp=Stamp(**values["stamp"]),
            breeds=breeds,
            version=values["tfdogs"],
            alarms=tuple(values.get("alarms", ())),  # files of 0.x had none
            labels=values["labels"] if "labels" in values else _old_labels(values["fakes"]),
            **{name: values[name] for name in _PLAIN},
        )

    def table(self):
        """Returns the scores as aligned lines, then what was compared by which extractor, then alarms."""
        rows = [("", " ", "value", "fakes", "reals", "")]
        for score in self.scores:
            value = number(score.value, score.error)
            counts = (f"{count:,}" if count else "" for count in (score.num_fakes, score.num_reals))
            rows.append((score.title, _ARROWS[score.better], value, *counts, score.note))
        widths = [max(map(len, column)) for column in zip(*rows)]
        aligns = (str.ljust, str.ljust, str.ljust, str.rjust, str.rjust, str.ljust)
        lines = [
            "  ".join(align(*cell) for align, *cell in zip(aligns, row, widths)).rstrip() for row in rows
        ]
        lines += ["", f"fakes: {self.fakes}", f"reals: {self.reals}", f"extractor: {describe(self.stamp)}"]
        lines += [f"left out: {name}: {reason}" for name, reason in self.left_out.items()]
        lines += [f"ALARM: {alarm}" for alarm in self.alarms]
        return "\n".join(lines)


def _old_labels(fakes):
    """Returns the labels of a file that does not tell: classes of what a run drew from seeds came in turn."""
    return UNIFORM if re.search(r", seeds \d+ to \d+", fakes) else ""


def describe(stamp):
    """Returns a `Stamp` in words: two numbers can be compared where these are equal."""
    return f"{stamp.label}, weights {stamp.weights}, resized to {stamp.input_size} px by {stamp.resizer}"
