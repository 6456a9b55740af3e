"""One Markdown table out of trained runs: what each is, how long it took, and its scores.

A run's speed and time are its own records of the training, without evaluations, in RUN/metrics.jsonl; its
scores are those of `python -m tfdogs.evaluate --model_dir=RUN --output=RUN/scores.json`, or else of its own
last evaluation, in RUN/evaluations.jsonl. Nothing is trained or scored here.

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
        SystemExit: a file of the run is missing, damaged or foreign; names it.
    """
    return [
        run.name,
        *cells(run / "config.json", of_config),
        *cells(run / "data.json", of_data),
        *cells(run / "metrics.jsonl", of_metrics),
        *scores(run),
    ]


def scores(run):
    """Returns the cells of a run's scores; raises as `row`."""
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


def of_metrics(text):
    """Returns the cells of kimg, minutes and speed, of a metrics.jsonl."""
    logs = [record for record in map(json.loads, text.splitlines()) if "seconds" in record]
    if not logs:
        raise ValueError("it has no record of the training")
    speed = statistics.median(record["images_per_second"] for record in logs)
    return [f"{logs[-1]['kimg']:,.1f}", f"{logs[-1]['seconds'] / 60:.1f}", f"{speed:.0f}"]


def of_scores(text):
    """Returns the cells of the scores, of a scores.json."""
    evaluation = json.loads(text)
    return of_evaluation(evaluation, evaluation["scores"].get("memorization_distance"))


def of_evaluations(text):
    """Returns the cells of the scores, of the last line of an evaluations.jsonl."""
    evaluation = json.loads(text.splitlines()[-1])
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
