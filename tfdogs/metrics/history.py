"""Evaluations one after the other: which is the best, and which differences are more than noise.

A history is a list of dicts, the lines of a run's `evaluations.jsonl`, oldest first; see
`tfdogs.training.callbacks.evaluate`.
"""

import json
import math
from pathlib import Path

from tfdogs.errors import TfdogsError
from tfdogs.sampling.labels import UNIFORM

FILE_NAME = "evaluations.jsonl"
BEST = ("best", "best.json")  # the folder of a run's best generator, and what tells of it there
PROTOCOL = ("num_fakes", "num_reals", "stamp")  # what tells which lines are comparable, with the labels
OF_A_SCORE = ("title", "value", "error", "better")
_FIELDS = ("kimg", "scores", "alarms", *PROTOCOL)


def read(path):
    """Reads a run's evaluations.

    Args:
        path: its `evaluations.jsonl`; a run without one has no evaluations.

    Returns:
        List of dicts; a last line that a kill cut short is left out.

    Raises:
        TfdogsError: another line is broken or foreign.
    """
    path = Path(path)
    texts = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
    lines = []
    for place, text in enumerate(texts, 1):
        try:
            lines.append(_checked(json.loads(text)))
        except (ValueError, KeyError, TypeError, AttributeError) as e:
            if place < len(texts):
                raise TfdogsError(f"{path}: line {place} is not an evaluation ({e!r})") from e
    return lines


def _checked(line):
    if not set(_FIELDS) <= line.keys():
        raise KeyError(", ".join(sorted(set(_FIELDS) - line.keys())))
    for name, score in line["scores"].items():
        if not set(OF_A_SCORE) <= score.keys():
            raise KeyError(name)
    return line


def kept(run_dir):
    """Reads what a run tells of the best generator that it keeps.

    Returns:
        What `best.json` holds, a dict, see `tfdogs.training.callbacks.best_generator`; None where there is
        none. Its `abandoned` says whether training has gone back to before it: what the run's evaluations say
        of that moment, if anything, is of another generator.

    Raises:
        TfdogsError: it is damaged.
    """
    path = Path(run_dir, *BEST)
    try:
        facts = json.loads(path.read_text(encoding="utf-8"))
        for name in ("kimg", "metric", "value", "error", "better", "prefix", "files", *PROTOCOL):
            facts[name]
        return {"abandoned": False, **facts}
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as e:
        raise TfdogsError(f"{path} is damaged ({e}); remove the folder to keep a best generator anew") from e


def of_generator(history, kimg, best=None):
    """Returns the lines that lead to a generator; the last is its latest evaluation.

    Args:
        history: the run's lines.
        kimg: thousands of images that the generator has seen.
        best: what `kept` gives, where it is the best one; default None. Of one whose stretch was abandoned
            the score that made it the best is all that is known.
    """
    if best is None or not best["abandoned"]:
        return until(round(kimg * 1000), history)
    score = {name: best.get(name, best["metric"]) for name in OF_A_SCORE}
    protocol = {name: best[name] for name in PROTOCOL}
    return [{"kimg": kimg, "scores": {best["metric"]: score}, "alarms": [], **protocol, **_labels(best)}]


def with_best(history, best):
    """Returns the lines for a chart, none of them marked as the best where that one is of none of them.

    Args:
        history: the run's lines.
        best: what `kept` gives.
    """
    if best is None or not best["abandoned"]:
        return history
    return [{**line, "best": False} for line in history]


def _labels(line):
    return {"labels": line["labels"]} if "labels" in line else {}


def until(images_seen, history):
    """Returns the lines of the evaluations that were made until so many images were seen."""
    return [line for line in history if round(line["kimg"] * 1000) <= images_seen]


def since(images_seen, history):
    """Returns the lines of the evaluations that were made when so many images were seen, and later."""
    return [line for line in history if round(line["kimg"] * 1000) >= images_seen]


def improves(new, old):
    """Tells whether a score is better by more than its noise.

    That is by more than one standard error of the difference of two independent estimates,
    sqrt(e_new^2 + e_old^2); an error of None counts as 0. A value that is not finite is never better, and
    whatever is finite is better than that.

    Args:
        new: dict with value, error and better ("lower" or "higher").
        old: the same of an earlier evaluation.
    """
    if not _finite(new):
        return False
    if not _finite(old):
        return True
    gain = old["value"] - new["value"] if new["better"] == "lower" else new["value"] - old["value"]
    return gain > math.hypot(new["error"] or 0.0, old["error"] or 0.0)


def comparable(line, other):
    """Tells whether two evaluations of one run mean the same.

    That is by one extractor, with the same numbers of images, and classes drawn in the same way. A line that
    does not tell the latter is of an earlier version, where classes came in turn, or of a run without any.
    """
    ours, theirs = ([*map(one.get, PROTOCOL), one.get("labels") or UNIFORM] for one in (line, other))
    return ours == theirs


def best(history, metric):
    """Returns the place of the best line by `metric`, or None where no line has it.

    The first line is the best until one `improves` on it. Lines that are not comparable with the last one
    are left out, and so are those with an alarm: a copy of the training images scores well.
    """
    found = None
    for place, line in enumerate(history):
        if metric not in line["scores"] or line["alarms"] or not comparable(line, history[-1]):
            continue
        if found is None or improves(line["scores"][metric], history[found]["scores"][metric]):
            found = place
    return found


def _finite(score):
    return score["value"] is not None and math.isfinite(score["value"])
