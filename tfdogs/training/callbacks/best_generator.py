"""Keeps the generator that scored best."""

import contextlib
import json
import shutil
from pathlib import Path

import tensorflow as tf

from tfdogs.errors import TfdogsError, UsageError, reason
from tfdogs.metrics import history as histories
from tfdogs.training import disk

_FOLDER, _FACTS = histories.BEST


class BestGenerator:
    """Keeps the weights of the best generator so far in `DIRECTORY/best`: a listener of `Evaluate`.

    Kept are the weights that samples come from, the averaged generator's, and `best.json`: kimg, metric,
    value, error, better, num_fakes, num_reals, stamp, labels, and the weights' files with their sizes. A
    generator takes the place of the one there when it is better by more than the error, see
    `tfdogs.metrics.history.improves`, or when the two cannot be compared because metric, extractor, labels or
    numbers of images were changed. One with an alarm never does, as copies of the training images score well:
    the listeners that raise alarms have to be told before this one. New weights are complete and on disk
    before `best.json` names them, and the old ones go afterwards: whenever a kill comes, one of the two is
    there.

    A run that resumes from before its best keeps it. It is a generator that this run made, and training,
    being deterministic, makes the same one again; but not after a rollback, which lowers the learning rates,
    see `abandon`.

    Args:
        directory: the run's folder.
        metric: name of the score that is watched, such as "fid".

    Raises:
        UsageError: from `fit`, an evaluation has no such score.
        TfdogsError: from `fit`, `best.json` is damaged, or the disk failed.
    """

    def __init__(self, directory, metric):
        self._run = directory
        self._directory = Path(directory, _FOLDER)
        self.metric = metric

    def on_evaluation(self, kimg, evaluation, history, *, model, fakes):
        """Keeps the generator if it is the best until now.

        Returns:
            {"best": True} then, and where it is the kept one itself, made again after a resume; else None.
        """
        line = history[-1]
        score = line["scores"].get(self.metric)
        if score is None or not score["better"]:
            names = ", ".join(name for name, one in line["scores"].items() if one["better"])
            raise UsageError(f"--best_by must be one of {names}. Received: --best_by={self.metric}")
        if line["alarms"]:
            return None
        protocol = {**{name: line[name] for name in histories.PROTOCOL}, "labels": line.get("labels", "")}
        facts = {"kimg": kimg, "metric": self.metric, **score, **protocol}
        old = histories.kept(self._run)
        if (
            old is not None
            and old["metric"] == self.metric
            and histories.comparable(facts, old)
            and not histories.improves(facts, old)
        ):
            return {"best": True} if old["kimg"] == kimg and not old["abandoned"] else None
        try:
            self._keep(facts, model.sampler.generator, () if old is None else old["files"])
        except (OSError, tf.errors.OpError) as e:
            with contextlib.suppress(OSError):  # half of the weights would keep a full disk full
                self._remove_all_but((histories.kept(self._run) or {"files": ()})["files"])
            raise TfdogsError(f"cannot write {self._directory}: {reason(e)}") from e
        return {"best": True}

    def _keep(self, facts, generator, before):
        self._directory.mkdir(parents=True, exist_ok=True)
        self._remove_all_but(before)  # what a kill left half written
        prefix = f"kimg{facts['kimg']:010.3f}"
        if f"{prefix}.index" in before:  # scored again by another protocol, or made anew after a rollback
            prefix += "-again"
        tf.train.Checkpoint(generator=generator).write(str(self._directory / prefix))
        files = {path.name: path.stat().st_size for path in self._directory.glob(f"{prefix}.*")}
        for name in files:
            disk.flush(self._directory / name)
        _write(self._directory, {**facts, "prefix": prefix, "files": files})
        self._remove_all_but(files)

    def _remove_all_but(self, names):
        for path in self._directory.iterdir():
            if path.name in names or path.name == _FACTS:
                continue
            if path.is_dir():  # tf.train.Checkpoint's own, where a kill came while it wrote
                shutil.rmtree(path)
            else:
                path.unlink()


def abandon(directory, kimg):
    """Notes that training goes on in another way from a moment on, if the best generator is of a later one.

    It stays the best until another is better, but what is evaluated at its moment will be another generator.

    Args:
        directory: the run's folder.
        kimg: the moment, in thousands of images.

    Raises:
        TfdogsError: `best.json` is damaged, or the disk failed.
    """
    facts = histories.kept(directory)
    if facts is None or facts["abandoned"] or round(1000 * facts["kimg"]) <= round(1000 * kimg):
        return
    try:
        _write(Path(directory, _FOLDER), {**facts, "abandoned": True})
    except OSError as e:
        raise TfdogsError(f"cannot write {Path(directory, *histories.BEST)}: {reason(e)}") from e


def _write(folder, facts):
    hidden = folder / f".{_FACTS}"
    hidden.write_text(json.dumps(facts, indent=2) + "\n", "utf-8")
    disk.flush(hidden)
    hidden.replace(folder / _FACTS)
    disk.flush(folder)


def load_best(directory, generator):
    """Restores the weights that `BestGenerator` kept, also while the run is trained and may replace them.

    Args:
        directory: the run's folder.
        generator: the network that drew the run's samples, built as it was.

    Returns:
        What `tfdogs.metrics.history.kept` reads, a dict.

    Raises:
        UsageError: the run has kept none.
        TfdogsError: a file of it is damaged or missing, or belongs to another network; names it.
    """
    while True:
        facts = histories.kept(directory)
        if facts is None:
            raise UsageError(
                f"{directory} has kept no best generator; python -m tfdogs.train --eval_kimg=N keeps one"
            )
        try:
            _read(Path(directory, _FOLDER), facts, generator)
        except TfdogsError:
            if (histories.kept(directory) or facts)["files"] == facts["files"]:
                raise
        else:
            return facts


def _read(folder, facts, generator):
    for name, size in facts["files"].items():
        path = folder / name
        found = path.stat().st_size if path.is_file() else None
        if found != size:
            found = "no such file" if found is None else f"{found} bytes"
            raise TfdogsError(f"{path}: expected {size} bytes, found {found}")
    prefix = folder / facts["prefix"]
    try:
        tf.train.Checkpoint(generator=generator).read(str(prefix)).assert_consumed()
    except (AssertionError, ValueError, tf.errors.OpError) as e:
        raise TfdogsError(f"{prefix}.* cannot be restored ({' '.join(str(e).split())[:200]})") from e
