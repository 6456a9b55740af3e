"""Small JSON files that artifacts of the release gate consist of."""

import json
from pathlib import Path

from pipeline.core import fingerprints

EVALUATION, BLESSING, PUSHED = "evaluation.json", "blessing.json", "pushed.json"


def write(folder, name, values):
    """Writes a document into an artifact's folder."""
    text = json.dumps(values, indent=2, allow_nan=False) + "\n"
    Path(folder, name).write_text(text, encoding="utf-8")


def read(folder, name):
    """Reads a document of an artifact's folder."""
    return json.loads(Path(folder, name).read_text(encoding="utf-8"))


def evaluation_fingerprint(folder):
    """Returns the digest of an evaluation's checks; seconds and paths do not count."""
    return fingerprints.of_text(json.dumps(read(folder, EVALUATION)["checks"]))
