"""Runs as far as the board and the card read them: configuration, data card, evaluations."""

import json

import pytest

from tfdogs.training.config import TrainConfig

STAMP = {"extractor": "net", "label": "Net", "weights": "0" * 16, "resizer": "bilinear", "input_size": 8}


def _line(kimg, fid, **changes):
    score = {"title": "FID (Net)", "value": fid, "error": 0.5, "better": "lower"}
    dogs = {"title": "Dog score (Net)", "value": 1 / (1 + fid), "error": None, "better": "higher"}
    scores = {"fid": score, "dog_score": dogs}
    counts = {"num_fakes": 20, "num_reals": 50}
    return {"kimg": kimg, "scores": scores, "alarms": [], "stamp": STAMP, **counts, **changes}


@pytest.fixture
def line():
    """Returns a maker of one line of evaluations.jsonl, from kimg, FID and what is to be otherwise."""
    return _line


@pytest.fixture
def make_run(tmp_path):
    """Returns a maker of a run's folder, from a name, lines of evaluations and the data's fingerprint."""

    def make_run(name, lines=(), fingerprint="f" * 64, data="dogs64", **flags):
        path = tmp_path / name
        path.mkdir()
        (path / "config.json").write_text(
            TrainConfig(data_dir=f"/far/{data}", model_dir=str(path), **flags).dump()
        )
        (path / "data.json").write_text(json.dumps({"fingerprint": fingerprint}))
        if lines:
            (path / "evaluations.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
        return path

    return make_run
