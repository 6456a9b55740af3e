"""The points of a study together: means, intervals, a table, `results.json`."""

import dataclasses
import json
from typing import Optional

import tfdogs
from tfdogs.classification.intervals import Mean, t_interval, wilson
from tfdogs.classification.point import REAL, SYNTHETIC
from tfdogs.sampling.output import replacing

FILE_NAME = "results.json"


@dataclasses.dataclass(frozen=True)
class Row:
    """All points of one share of generated images.

    Attributes:
        fraction: the share.
        seeds: of its points.
        accuracy: kind of test images -> `Mean` over the seeds.
        binomial: kind -> Wilson's interval of the mean accuracy for the number of test images alone.
        difference: the accuracy on real images minus that of the networks of share 0 and the same seed, a
            `Mean`; None without such networks, and for share 0 itself.
    """

    fraction: float
    seeds: tuple
    accuracy: dict
    binomial: dict
    difference: Optional[Mean]


@dataclasses.dataclass(frozen=True)
class Results:
    """What a study found.

    Attributes:
        config: `tfdogs.classification.config.ClassifyConfig`.
        classes: class names, by label.
        per_class: images of every class that a network was trained on.
        num_tests: kind of test images -> how many there are.
        points: `tfdogs.classification.point.Point`s.
        fingerprint: the manifest's.
    """

    config: object
    classes: tuple
    per_class: int
    num_tests: dict
    points: tuple
    fingerprint: str

    @property
    def rows(self):
        """A `Row` for every share, ascending."""
        return tuple(self._row(share) for share in sorted({point.fraction for point in self.points}))

    def of(self, fraction):
        """Returns the points of a share, by seed."""
        return {point.seed: point for point in self.points if point.fraction == fraction}

    def _row(self, fraction):
        points, reals = self.of(fraction), self.of(0.0)
        means = {
            kind: t_interval(point.accuracy[kind] for point in points.values()) for kind in self.num_tests
        }
        shared = [seed for seed in points if seed in reals] if fraction else []
        return Row(
            fraction=fraction,
            seeds=tuple(points),
            accuracy=means,
            binomial={kind: wilson(means[kind].value, count) for kind, count in self.num_tests.items()},
            difference=t_interval(points[seed].accuracy[REAL] - reals[seed].accuracy[REAL] for seed in shared)
            if shared
            else None,
        )

    def table(self):
        """Returns the rows as aligned lines, and below them what the numbers are."""
        heads = ["synthetic", "seeds", *(f"on {kind} test images" for kind in self.num_tests), "beside 0 %"]
        lines = [heads]
        for row in self.rows:
            numbers = [percent(row.accuracy[kind]) for kind in self.num_tests]
            beside = percent(row.difference, signed=True) if row.difference else ""
            lines.append([f"{100 * row.fraction:.4g} %", str(len(row.seeds)), *numbers, beside])
        widths = [max(map(len, column)) for column in zip(*lines)]
        text = ["  ".join(cell.rjust(width) for cell, width in zip(line, widths)).rstrip() for line in lines]
        return "\n".join([*text, "", *self.notes()])

    def notes(self):
        """Returns sentences: what the intervals are, and what they leave out."""
        first = self.rows[0]
        low, high = (100 * end for end in first.binomial[REAL])
        notes = [
            f"Trained on {self.per_class:,} images a class ({', '.join(self.classes)}), tested after the "
            f"last of {self.config.epochs} epochs.",
            "±: half of the 95 % Student t interval over the seeds (weights, order, choice of images); "
            "beside 0 %: of the differences on real test images, seed by seed.",
            f"Not in it: that there are only {self.num_tests[REAL]:,} real test images. For "
            f"{100 * first.accuracy[REAL].value:.2f} % of them the 95 % Wilson interval is {low:.2f} to "
            f"{high:.2f} %.",
        ]
        if SYNTHETIC in self.num_tests:
            notes.append("Nor how another GAN, or the same trained once more, would have drawn.")
        return notes

    def to_dict(self):
        """Returns what `results.json` holds."""
        rows = []
        for row in self.rows:
            values = dataclasses.asdict(row)
            values["accuracy"] = {kind: mean._asdict() for kind, mean in row.accuracy.items()}
            values["difference"] = row.difference and row.difference._asdict()
            rows.append(values)
        return {
            "tfdogs": tfdogs.__version__,
            "config": self.config.to_dict(),
            "classes": list(self.classes),
            "per_class": self.per_class,
            "num_tests": self.num_tests,
            "data": self.fingerprint,
            "confidence": 0.95,
            "rows": rows,
            "points": [dataclasses.asdict(point) for point in self.points],
        }

    def save(self, path):
        """Writes `results.json`, aside and then renamed."""
        with replacing(path) as aside:
            aside.write_text(json.dumps(self.to_dict(), indent=2, allow_nan=False) + "\n", encoding="utf-8")


def percent(mean, *, signed=False):
    """Returns a `Mean` in percent, such as "98.12 ± 0.30 %"."""
    value = f"{100 * mean.value:{'+' if signed else ''}.2f}"
    return f"{value} %" if mean.half is None else f"{value} ± {100 * mean.half:.2f} %"
