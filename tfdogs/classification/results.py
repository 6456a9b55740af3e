"""The points of a study together: means, intervals, a table, `results.json`."""

import dataclasses
import json
from typing import Optional

import tfdogs
from tfdogs.classification.intervals import Mean, t_interval, wilson
from tfdogs.classification.point import REAL, SYNTHETIC
from tfdogs.sampling.output import replacing

FILE_NAME = "results.json"
_LISTED = 8  # names at most


@dataclasses.dataclass(frozen=True)
class Row:
    """All points of one share of generated images.

    Attributes:
        fraction: the share, of the mixed classes' training images.
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
        num_tests: kind of test images -> how many there are; generated ones are of the mixed classes only.
        points: `tfdogs.classification.point.Point`s.
        fingerprint: the manifest's.
        trained_elsewhere: classes whose generated images come from a run on other data than these.
    """

    config: object
    classes: tuple
    per_class: int
    num_tests: dict
    points: tuple
    fingerprint: str
    trained_elsewhere: tuple = ()

    @property
    def mixed(self):
        """Names of the classes that generated images are mixed into, a tuple."""
        return self.config.mixed_classes(self.classes)

    @property
    def of_mixed(self):
        """What a share is of, such as " of cat"; empty where it is of all classes."""
        return of_some(self.mixed, self.classes)

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
        on = {REAL: "on real test images", SYNTHETIC: f"on synthetic test images{self.of_mixed}"}
        heads = ["synthetic", "seeds", *(on[kind] for kind in self.num_tests), "beside 0 %"]
        lines = [heads]
        for row in self.rows:
            numbers = [percent(row.accuracy[kind]) for kind in self.num_tests]
            beside = percent(row.difference, signed=True) if row.difference else ""
            share = f"{100 * row.fraction:.4g} %{self.of_mixed}"
            lines.append([share, str(len(row.seeds)), *numbers, beside])
        widths = [max(map(len, column)) for column in zip(*lines)]
        text = ["  ".join(cell.rjust(width) for cell, width in zip(line, widths)).rstrip() for line in lines]
        return "\n".join([*text, "", *self.notes()])

    def notes(self):
        """Returns sentences: what the intervals are, and what they leave out."""
        first = self.rows[0]
        low, high = (100 * end for end in first.binomial[REAL])
        notes = [
            *self._notes_on_some(),
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
        if self.trained_elsewhere:
            notes.append(
                f"The GAN of {listed(self.trained_elsewhere)} was trained on other data than the study's "
                "train split, and may have seen the real test images."
            )
        return notes

    def _notes_on_some(self):
        if not self.of_mixed:
            return []
        names = listed(self.mixed)
        return [
            f"Only images of {names} are generated, to train on (the share is of theirs) and to test on; all "
            "others are real.",
            "A network may learn what tells generated images from real ones instead of what tells the "
            f"classes apart: it is then right on generated test images of {names} and wrong on real ones. "
            f"How often another class is taken for {names}, too, only real test images show.",
        ]

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
            "synthetic_classes": list(self.mixed),
            "per_class": self.per_class,
            "num_tests": self.num_tests,
            "data": self.fingerprint,
            "trained_elsewhere": list(self.trained_elsewhere),
            "confidence": 0.95,
            "rows": rows,
            "points": [dataclasses.asdict(point) for point in self.points],
        }

    def save(self, path):
        """Writes `results.json`, aside and then renamed."""
        with replacing(path) as aside:
            aside.write_text(json.dumps(self.to_dict(), indent=2, allow_nan=False) + "\n", encoding="utf-8")


def listed(names):
    """Returns names as a phrase, such as "cat, dog and fox"; of many only how many classes they are."""
    names = list(names) if len(names) <= _LISTED else [f"{len(names)} classes"]
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))


def of_some(names, classes):
    """Returns such as " of cat" for some of the classes, and "" for all of them, or none."""
    return f" of {listed(names)}" if 0 < len(names) < len(classes) else ""


def percent(mean, *, signed=False):
    """Returns a `Mean` in percent, such as "98.12 ± 0.30 %"."""
    value = f"{100 * mean.value:{'+' if signed else ''}.2f}"
    return f"{value} %" if mean.half is None else f"{value} ± {100 * mean.half:.2f} %"
