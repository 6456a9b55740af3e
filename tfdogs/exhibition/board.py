"""The board: runs by their best score, as far as it can be compared."""

import json
from pathlib import Path
from typing import NamedTuple, Optional

from tfdogs.errors import UsageError
from tfdogs.exhibition.scored import Scored, of_line
from tfdogs.metrics import history
from tfdogs.metrics.evaluation import describe
from tfdogs.sampling.facts import last_part
from tfdogs.sampling.labels import UNIFORM
from tfdogs.training.config import TrainConfig


class Contender(NamedTuple):
    """A run and its best evaluation.

    Attributes:
        name: of its folder.
        model: name of its networks.
        data: name of its data_dir.
        fingerprint: of its data.
        scored: `tfdogs.exhibition.scored.Scored`, or None.
        reason: why `scored` is None, or "".
    """

    name: str
    model: str
    data: str
    fingerprint: str
    scored: Optional[Scored]
    reason: str


class Board(NamedTuple):
    """Who leads.

    Attributes:
        metric: name of the score.
        ranked: `Contender`s, the best first; all have the score, by one extractor, of as many images, with
            classes in turn or not, beside the same data.
        others: (`Contender`, reason) of those that cannot be compared with them.
        own: the `Contender` whose gallery it is, or None.
    """

    metric: str
    ranked: tuple
    others: tuple
    own: Optional[Contender]


def read(run_dir, metric):
    """Reads a run as a `Contender`; its best evaluation is that of `tfdogs.metrics.history.best`.

    Args:
        run_dir: the folder, one of --runs.
        metric: name of the score.

    Raises:
        UsageError: it is no run.
        TfdogsError: its evaluations are damaged.
    """
    run_dir = Path(run_dir)
    if not (run_dir / "config.json").is_file():
        raise UsageError(
            f"--runs must be runs that python -m tfdogs.train has left, and {run_dir} has no config.json"
        )
    config = TrainConfig.load(run_dir / "config.json")
    try:
        fingerprint = json.loads((run_dir / "data.json").read_text(encoding="utf-8"))["fingerprint"]
    except (OSError, ValueError, TypeError, KeyError) as e:
        raise UsageError(
            f"{run_dir} is not a run of tfdogs.train: data.json is missing or foreign ({e})"
        ) from e
    lines = history.read(run_dir / history.FILE_NAME)
    place = history.best(lines, metric)
    # A line of an earlier version does not tell: classes came in turn.
    untold = {"labels": UNIFORM if config.conditional else ""}
    scored = None if place is None else of_line({**untold, **lines[place]})
    if scored is not None and metric not in scored.evaluation:
        scored = None  # the number there is not finite
    reason = "" if scored else _lacking(lines, metric)
    return Contender(
        last_part(run_dir), config.model, last_part(config.data_dir), fingerprint, scored, reason
    )


def rank(contenders, metric, *, own=None):
    """Ranks what can be compared.

    Args:
        contenders: list of `Contender`s.
        metric: name of the score.
        own: the one of them whose gallery it is, with which others are compared; None, or one without a
            score: they are compared with the first that has one.

    Returns:
        `Board`.
    """
    first = next((one for one in (own, *contenders) if one is not None and one.scored), None)
    ranked, others = [], []
    for one in contenders:
        reason = one.reason or _difference(one, first)
        if reason:
            others.append((one, reason))
        else:
            ranked.append(one)

    def key(one):
        score = one.scored.evaluation[metric]
        return score.value if score.better == "lower" else -score.value

    return Board(metric, tuple(sorted(ranked, key=key)), tuple(others), own)


def _lacking(lines, metric):
    if not lines:
        return "it has not scored itself: tfdogs.train --eval_kimg does"
    having = [line for line in lines if metric in line["scores"] and history.comparable(line, lines[-1])]
    if not having:
        return f"its evaluations have no {metric}"
    if all(line["alarms"] for line in having):
        return "all its evaluations raised an alarm"
    return f"its {metric} is not a finite number"


def _difference(one, other):
    """Returns what makes two contenders' scores mean different things, or ""."""
    ours, theirs = one.scored.evaluation, other.scored.evaluation
    if ours.stamp != theirs.stamp:
        return f"scored by another extractor: {describe(ours.stamp)}"
    if (ours.num_fakes, ours.num_reals) != (theirs.num_fakes, theirs.num_reals):
        return f"scored with other numbers of images: {ours.num_fakes:,} beside {ours.num_reals:,} real ones"
    # What an unconditional run draws is as it has learned it from the data: never in turn.
    if (ours.labels == UNIFORM) != (theirs.labels == UNIFORM):
        how = "in turn" if ours.labels == UNIFORM else "as in the data, not in turn"
        return f"scored with other labels: classes {how}"
    if one.fingerprint != other.fingerprint:
        return f"scored beside other data: {one.data}, fingerprint {one.fingerprint[:8]}"
    return ""
