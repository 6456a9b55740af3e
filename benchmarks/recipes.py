"""One Markdown table out of trained runs: what each is, how long it took, and its scores.

A run's speed and time are its own records of the training, without evaluations, in RUN/metrics.jsonl; its
scores are those of `python -m tfdogs.evaluate --model_dir=RUN --output=RUN/scores.json`. Nothing is trained
or scored here.

    python benchmarks/recipes.py runs/*
"""

import argparse
import json
import statistics
from pathlib import Path

COLUMNS = ("run", "model", "px", "kimg", "minutes", "img/s", "FID", "dog score", "d", "images scored")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("runs", nargs="+", type=Path, metavar="RUN", help="model_dir of tfdogs.train")
    rows = [row(path) for path in parser.parse_args().runs]
    for cells in (COLUMNS, ["---"] * len(COLUMNS), *rows):
        print(f"| {' | '.join(cells)} |")


def row(run):
    """Returns the cells of a run's row.

    Raises:
        SystemExit: the run has no metrics.jsonl or scores.json.
    """
    try:
        config, card, evaluation = (
            json.loads((run / name).read_text(encoding="utf-8"))
            for name in ("config.json", "data.json", "scores.json")
        )
        lines = (run / "metrics.jsonl").read_text(encoding="utf-8").splitlines()
    except OSError as e:
        raise SystemExit(f"recipes.py: {run} is not a run that was trained and scored: {e}") from e
    logs = [record for record in map(json.loads, lines) if "seconds" in record]
    scores = evaluation["scores"]
    speed = statistics.median(record["images_per_second"] for record in logs)
    return [
        run.name,
        config["model"] + (", conditional" if config["conditional"] else ""),
        str(card["image_size"]),
        f"{logs[-1]['kimg']:,.1f}",
        f"{logs[-1]['seconds'] / 60:.1f}",
        f"{speed:.0f}",
        shown(scores.get("fid"), 1),
        shown(scores.get("dog_score"), 3),
        shown(scores.get("memorization_distance"), 3),
        f"{evaluation['num_fakes']:,}",
    ]


def shown(score, digits):
    """Returns a score with its error, where it has one."""
    if score is None:
        return ""
    error = "" if score["error"] is None else f" ± {score['error']:.{digits}f}"
    return f"{score['value']:.{digits}f}{error}"


if __name__ == "__main__":
    main()
