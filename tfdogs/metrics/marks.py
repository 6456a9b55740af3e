"""Earlier evaluations as lines to compare with: what real dogs or cats score, drawn beside a run's curves."""

import json
from pathlib import Path

from tfdogs.errors import UsageError
from tfdogs.metrics.evaluation import Evaluation, describe
from tfdogs.sampling.labels import DATA, UNIFORM


def parse(text):
    """Splits "cats=cats.json,real dogs=dogs.json" into a dict from the name to the path.

    Raises:
        ValueError: it is made in another way, or a name comes twice.
    """
    found = {}
    for part in text.split(","):
        name, equals, path = (piece.strip() for piece in part.partition("="))
        if not (name and equals and path) or name in found:
            raise ValueError(f"must be NAME=FILE.json, parted by commas, every name once. Received: {text}")
        found[name] = path
    return found


def load(paths, evaluation):
    """Reads the scores of earlier evaluations, which must have been made as this one was.

    Args:
        paths: dict from a name for people to the JSON file that `tfdogs.evaluate --output` left.
        evaluation: the `Evaluation` that they are to be compared with.

    Returns:
        Dict from the name to a dict from the score's name to its value.

    Raises:
        UsageError: a file is missing, is no such JSON, or is of another extractor, of other numbers of
            images, or with classes in turn where this one has the data's, or the other way round.
    """
    marks = {}
    for name, path in paths.items():
        try:
            other = Evaluation.from_dict(json.loads(Path(path).read_text(encoding="utf-8")))
        except OSError as e:
            raise UsageError(f"--marks: cannot read {path}: {e.strerror}") from e
        except (ValueError, KeyError, TypeError, AttributeError) as e:
            raise UsageError(f"--marks: {path} is no scores.json of tfdogs.evaluate ({e})") from e
        labels = {evaluation.labels, other.labels} == {DATA, UNIFORM}  # pictures go with both
        ours, theirs = _protocol(evaluation, labels), _protocol(other, labels)
        if ours != theirs:
            raise UsageError(f"--marks: {path} cannot be compared: it is of {theirs}, this is of {ours}")
        marks[name] = {score.name: score.value for score in other.scores}
    return marks


def _protocol(evaluation, labels):
    fakes = f"{evaluation.num_fakes:,} fakes"
    if labels:
        fakes += " of classes as in the data" if evaluation.labels == DATA else " of classes in turn"
    return f"{fakes}, {evaluation.num_reals:,} reals, {describe(evaluation.stamp)}"
