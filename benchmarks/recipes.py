"""One Markdown table out of trained runs: what each is, how long it took, and its scores.

A run's speed and time are its own records of the training, without evaluations, in RUN/metrics.jsonl; its
scores are those of `python -m tfdogs.evaluate --model_dir=RUN --output=RUN/scores.json`, or else of its own
last evaluation, in RUN/evaluations.jsonl. Nothing is trained or scored here.

    python benchmarks/recipes.py runs/*
    python benchmarks/recipes.py --kimg=50 --diff runs/base runs/*  # a search: each as it was at 50 kimg
    python benchmarks/recipes.py --sheets=docs/images runs/*        # with the sheets of samples beside it
"""

import argparse
import dataclasses
import functools
import json
import statistics
from pathlib import Path

from PIL import Image

from tfdogs.training.config import TrainConfig

COLUMNS = ("run", "model", "px", "kimg", "minutes", "img/s", "FID", "dog score", "d", "images scored")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("runs", nargs="+", type=Path, metavar="RUN", help="model_dir of tfdogs.train")
    parser.add_argument("--kimg", type=float, help="take each run's own evaluation at this kimg")
    parser.add_argument("--diff", action="store_true", help="add what each run has other than the first")
    parser.add_argument(
        "--sheets", type=Path, metavar="FOLDER", help="keep each run's last sheet in FOLDER, and link it"
    )
    asked = parser.parse_args()
    table = [COLUMNS, ["---"] * len(COLUMNS), *(row(path, asked.kimg) for path in asked.runs)]
    if asked.diff:
        told = [cells(path / "config.json", json.loads) for path in asked.runs]
        last = ["flags", "---", *(difference(told[0], config) for config in told)]
        table = [[*line, cell] for line, cell in zip(table, last)]
    if asked.sheets:
        last = ["sheet", "---", *(keep_sheet(path, asked.sheets) for path in asked.runs)]
        table = [[*line, cell] for line, cell in zip(table, last)]
    for line in table:
        print(f"| {' | '.join(line)} |")


def keep_sheet(run, folder):
    """Leaves the last sheet of a run as FOLDER/recipe_RUN.jpg; returns a link from beside the folder.

    Raises:
        SystemExit: the run has no sheet, or it cannot be read or kept; says which.
    """
    sheets = sorted((run / "samples").glob("fakes*.png"))
    if not sheets:
        raise SystemExit(f"recipes.py: {run / 'samples'} has no sheet of samples, fakes*.png")
    path = folder / f"recipe_{run.name}.jpg"
    try:
        with Image.open(sheets[-1]) as image:
            image.convert("RGB").save(path, quality=92)
    except OSError as e:
        raise SystemExit(f"recipes.py: cannot keep {sheets[-1]} as {path}: {e}") from e
    return f"[sheet]({folder.name}/{path.name})"


def difference(config, other):
    """Returns the flags of `other` that change what is trained, where they are not those of `config`."""
    fields = [f.name for f in dataclasses.fields(TrainConfig) if not f.metadata.get("run_control")]
    return " ".join(f"--{n}={other[n]}" for n in fields if n in other and config.get(n) != other[n])


def row(run, kimg=None):
    """Returns the cells of a run's row, as it was at `kimg`, or in the end.

    Raises:
        SystemExit: a file of the run is missing, damaged or foreign; names it.
    """
    return [
        run.name,
        *cells(run / "config.json", of_config),
        *cells(run / "data.json", of_data),
        *cells(run / "metrics.jsonl", functools.partial(of_metrics, kimg=kimg)),
        *scores(run, kimg),
    ]


def scores(run, kimg):
    """Returns the cells of a run's scores; raises as `row`."""
    if kimg is not None:
        return cells(run / "evaluations.jsonl", functools.partial(of_evaluations, kimg=kimg))
    if (run / "scores.json").exists() or not (run / "evaluations.jsonl").exists():
        return cells(run / "scores.json", of_scores)
    return cells(run / "evaluations.jsonl", of_evaluations)


def cells(path, of_text):
    """Returns the cells that `of_text` makes of a file's text.

    Raises:
        SystemExit: the file is missing, or is not what training and scoring leave.
    """
    try:
        return of_text(path.read_text(encoding="utf-8"))
    except OSError as e:
        raise SystemExit(f"recipes.py: {path.parent} is not a run that was trained and scored: {e}") from e
    except KeyError as e:
        raise SystemExit(f"recipes.py: {path} is damaged or foreign: it has no {e}") from e
    except (ValueError, TypeError, AttributeError, IndexError) as e:
        raise SystemExit(f"recipes.py: {path} is damaged or foreign: {e}") from e


def of_config(text):
    """Returns the cell of the model, of a config.json."""
    config = json.loads(text)
    return [config["model"] + (", conditional" if config["conditional"] else "")]


def of_data(text):
    """Returns the cell of the side of images, of a data.json."""
    return [f"{json.loads(text)['image_size']:d}"]


def of_metrics(text, kimg=None):
    """Returns the cells of kimg, minutes and speed up to there, of a metrics.jsonl."""
    logs = [record for record in map(json.loads, text.splitlines()) if "seconds" in record]
    logs = [record for record in logs if kimg is None or record["kimg"] < kimg + 1]
    if not logs:
        raise ValueError("it has no record of the training")
    speed = statistics.median(record["images_per_second"] for record in logs)
    return [f"{logs[-1]['kimg']:,.1f}", f"{logs[-1]['seconds'] / 60:.1f}", f"{speed:.0f}"]


def of_scores(text):
    """Returns the cells of the scores, of a scores.json."""
    evaluation = json.loads(text)
    return of_evaluation(evaluation, evaluation["scores"].get("memorization_distance"))


def of_evaluations(text, kimg=None):
    """Returns the cells of the scores, of the line at `kimg`, or the last, of an evaluations.jsonl."""
    lines = [json.loads(line) for line in text.splitlines()]
    evaluation = [line for line in lines if kimg is None or kimg <= line["kimg"] < kimg + 1][-1]
    return of_evaluation(evaluation, {"value": evaluation["memorization"]["distance"], "error": None})


def of_evaluation(evaluation, distance):
    """Returns the cells of the scores, of one evaluation and its memorization distance."""
    scores = evaluation["scores"]
    return [
        shown(scores.get("fid"), 1),
        shown(scores.get("dog_score"), 3),
        shown(distance, 3),
        f"{evaluation['num_fakes']:,d}",
    ]


def shown(score, digits):
    """Returns a score with its error, where it has one."""
    if score is None:
        return ""
    error = "" if score["error"] is None else f" ± {score['error']:.{digits}f}"
    return f"{score['value']:.{digits}f}{error}"


if __name__ == "__main__":
    main()
