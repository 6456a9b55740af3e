"""The scores of a run's card: of its own evaluations, or of a file that `tfdogs.evaluate` wrote."""

import json
import math
from pathlib import Path
from typing import NamedTuple, Optional

from tfdogs.errors import TfdogsError, UsageError
from tfdogs.metrics import history
from tfdogs.metrics.evaluation import Evaluation
from tfdogs.metrics.extractors.extractor import Stamp
from tfdogs.metrics.score import Score

# A run's line says how many images a whole evaluation had; these scores look at no real ones.
_OF_FAKES = ("inception_score", "dog_score", "breeds_entropy", "breeds_missing", "effective_dimension")


class Scored(NamedTuple):
    """An evaluation and where it is from.

    Attributes:
        evaluation: `tfdogs.metrics.evaluation.Evaluation`; of a run's line, `fakes` and `reals` are empty.
        kimg: thousands of images that the run had seen; None where that is not known.
    """

    evaluation: Evaluation
    kimg: Optional[float] = None


def of_file(path):
    """Reads what `tfdogs.evaluate --output` left.

    Args:
        path: value of --scores: its `.json`, or the folder with its `scores.json`.

    Raises:
        UsageError: there is no such file, or it is something else.
    """
    file = Path(path, "scores.json") if Path(path).is_dir() else Path(path)
    try:
        return _legible(Scored(Evaluation.from_dict(json.loads(file.read_text(encoding="utf-8")))))
    except OSError as e:
        raise UsageError(f"--scores: cannot read it: {e.strerror}. Received: --scores={path}") from e
    except (ValueError, KeyError, TypeError, AttributeError) as e:
        raise UsageError(
            f"--scores must be a scores.json of tfdogs.evaluate ({e!r}). Received: --scores={path}"
        ) from e


def of_run(lines, kimg, best=None):
    """Returns the run's own latest evaluation until `kimg`, or None.

    Args:
        lines: the run's evaluations, see `tfdogs.metrics.history.read`.
        kimg: thousands of images that the generator which draws has seen.
        best: what `tfdogs.metrics.history.kept` gives, where it is the run's best one.
    """
    lines = history.of_generator(lines, kimg, best)
    return of_line(lines[-1]) if lines else None


def of_line(line):
    """Returns one line of a run's evaluations as a `Scored`; scores that are not finite are left out.

    Raises:
        TfdogsError: it is foreign.
    """
    counts = {name: line[name] for name in ("num_fakes", "num_reals")}
    try:
        scores = tuple(
            Score(
                name,
                **{fact: score[fact] for fact in history.OF_A_SCORE},
                **{**counts, "num_reals": 0 if name in _OF_FAKES else counts["num_reals"]},
            )
            for name, score in line["scores"].items()
            if _finite(score["value"]) and (score["error"] is None or _finite(score["error"]))
        )
        stamp, alarms = Stamp(**line["stamp"]), tuple(line["alarms"])
        labels = line.get("labels", "")
        evaluation = Evaluation(scores, stamp, "", "", **counts, alarms=alarms, labels=labels)
        return _legible(Scored(evaluation, line["kimg"]))
    except (ValueError, TypeError) as e:
        raise TfdogsError(f"{history.FILE_NAME}: the line of kimg {line['kimg']} is foreign ({e!r})") from e


def _finite(value):
    return value is not None and math.isfinite(value)


def _legible(scored):
    """Returns `scored`; what cannot be put into words fails here and not on the page."""
    scored.evaluation.table()
    return scored
