"""One Markdown table out of trained runs: what each is, how long it took, and its scores.

A run's speed and time are its own records of the training, without evaluations, in RUN/metrics.jsonl; its
scores are those of `python -m tfdogs.evaluate --model_dir=RUN --output=RUN/scores.json`, or else of its own
last evaluation, in RUN/evaluations.jsonl, and then all is of that moment. Nothing is trained or scored here.
Scores of another moment than the end, or by different extractors, make no table.

    python benchmarks/recipes.py runs/*
    python benchmarks/recipes.py --kimg=50 --diff runs/base runs/*  # a search: each as it was at 50 kimg
    python benchmarks/recipes.py --sheets=docs/images runs/*        # with the sheets of samples beside it
"""

import argparse
import dataclasses
import functools
import json
import math
import re
import statistics
from pathlib import Path

from PIL import Image

from tfdogs.training.config import TrainConfig

COLUMNS = ("run", "model", "px", "kimg", "minutes", "img/s", "{fid}", "dog score", "d", "images scored")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("runs", nargs="+", type=Path, metavar="RUN", help="model_dir of tfdogs.train")
    parser.add_argument("--kimg", type=float, help="take each run's own evaluation at this kimg")
    parser.add_argument("--diff", action="store_true", help="add what each run has other than the first")
    parser.add_argument(
        "--sheets", type=Path, metavar="FOLDER", help="keep each run's last sheet in FOLDER, and link it"
    )
    asked = parser.parse_args()
    found = [scored(path, asked.kimg) for path in asked.runs]
    rows = [row(path, *scores) for path, scores in zip(asked.runs, found)]
    head = [name.format(fid=f"FID ({extractor(found)})") for name in COLUMNS]
    table = [head, ["---"] * len(head), *rows]
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


def row(run, path, evaluation):
    """Returns the cells of a run's row, at the moment of the evaluation that was found in `path`.

    Raises:
        SystemExit: a file of the run is missing, damaged or foreign; names it.
    """
    moment = cells(path, lambda _: scored_at(evaluation))
    until = math.inf if path.name == "scores.json" else moment
    trained = cells(run / "metrics.jsonl", functools.partial(of_metrics, kimg=until))
    if until == math.inf and not math.isclose(moment, trained[0], rel_tol=1e-5, abs_tol=1e-3):
        facts = f"is of {moment:g} kimg, and {run} was trained to {trained[0]:g}: score it again"
        raise SystemExit(f"recipes.py: {path} {facts}")
    return [
        run.name,
        *cells(run / "config.json", of_config),
        *cells(run / "data.json", of_data),
        *(f"{trained[0]:,.1f}", f"{trained[1] / 60:.1f}", f"{trained[2]:.0f}"),
        *cells(path, lambda _: of_evaluation(evaluation)),
    ]


def scored(run, kimg=None):
    """Returns the file that scores a run at `kimg`, or in the end, and the evaluation; raises as `row`."""
    if kimg is None and ((run / "scores.json").exists() or not (run / "evaluations.jsonl").exists()):
        return run / "scores.json", cells(run / "scores.json", json.loads)
    path = run / "evaluations.jsonl"
    return path, cells(path, functools.partial(of_evaluations, kimg=kimg))


def extractor(found):
    """Returns the name of the extractor of all the (path, evaluation) of `scored`.

    Raises:
        SystemExit: there are several, with their weights and resizers.
    """
    stamps = [cells(path, lambda _, scores=scores: dict(scores["stamp"])) for path, scores in found]
    for stamp, (path, _) in zip(stamps, found):
        if stamp != stamps[0]:
            raise SystemExit(
                f"recipes.py: {path} was scored by {stamp}, {found[0][0]} by {stamps[0]}: they don't compare"
            )
    return stamps[0]["label"]


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


def of_metrics(text, kimg):
    """Returns (kimg, seconds, images a second) up to `kimg`, of a metrics.jsonl."""
    logs = [record for record in map(json.loads, text.splitlines()) if "seconds" in record]
    logs = [record for record in logs if record["kimg"] <= kimg + 1e-3]
    if not logs:
        raise ValueError("it has no record of the training")
    speed = statistics.median(record["images_per_second"] for record in logs)
    return logs[-1]["kimg"], logs[-1]["seconds"], speed


def of_evaluations(text, kimg=None):
    """Returns the line at `kimg`, or the last, of an evaluations.jsonl."""
    lines = [json.loads(line) for line in text.splitlines()]
    return [line for line in lines if kimg is None or kimg <= line["kimg"] < kimg + 1][-1]


def scored_at(evaluation):
    """Returns the kimg of an evaluation: its own, or what a scores.json says of its fakes."""
    if "kimg" in evaluation:
        return evaluation["kimg"]
    moment = re.search(r" at ([\d.e+]+) kimg", evaluation["fakes"])
    if not moment:
        raise ValueError(f"its fakes are of no run: {evaluation['fakes']}")
    return float(moment[1])


def of_evaluation(evaluation):
    """Returns the cells of the scores of one evaluation."""
    scores = evaluation["scores"]
    distance = scores.get("memorization_distance")
    if "memorization" in evaluation:
        distance = {"value": evaluation["memorization"]["distance"], "error": None}
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
