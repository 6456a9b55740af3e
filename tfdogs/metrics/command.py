"""The evaluation that a command line asks for: images opened, features extracted, scores printed and kept."""

import contextlib
import dataclasses
import json
import sys
from pathlib import Path

from tfdogs.aside import alone_at, replacing
from tfdogs.errors import TfdogsError, UsageError, harmless
from tfdogs.metrics import alarms, extractors, history, marks, memorization, reference
from tfdogs.metrics.evaluator import Evaluator, lacking, refuse, unknown
from tfdogs.metrics.feature_cache import FeatureCache
from tfdogs.metrics.feature_set import FeatureSet
from tfdogs.metrics.image_sets import DataDir, Generated, open_images
from tfdogs.metrics.reference import Reference
from tfdogs.metrics.steps import slow
from tfdogs.sampling.facts import describe_best
from tfdogs.sampling.generation import load_run
from tfdogs.sampling.labels import DATA, UNIFORM, DataLabels
from tfdogs.training.data_card import find_data

SCORES, REPORT = "scores.json", "report.html"


def run(config, *, extractor=None):
    """Scores images, judges them for alarms, prints the table, and writes what was asked for.

    A file or folder is written whole or not at all.

    Args:
        config: `tfdogs.metrics.config.EvaluateConfig`.
        extractor: an `Extractor`; default: the one that `config.extractor` names.

    Returns:
        The `Evaluation`.

    Raises:
        UsageError: a path does not lead to images, a run or our statistics, the run's data was prepared anew,
            an output is there already, or a metric that was asked for cannot be computed.
        TfdogsError: an image cannot be read, a file is damaged, or the disk failed.
    """
    _check_outputs(config)
    with contextlib.ExitStack() as stack:
        for path in filter(None, (config.output, config.save_stats)):
            stack.enter_context(alone_at(path))
        _check_outputs(config)  # nobody else writes them from now on
        return _run(config, extractor)


def _run(config, extractor):
    for path in marks.parse(config.marks).values() if config.marks else ():
        if not Path(path).is_file():
            config.reject("marks", f"has no such file: {path}")
    if config.model_dir and not Path(config.model_dir, "config.json").is_file():
        config.reject("model_dir", "must be a run that python -m tfdogs.train has left, with its config.json")
    # What needs no TensorFlow comes first: a wrong path costs no five seconds.
    reals = _open_reals(config)
    known = bool(config.fakes) and reference.is_statistics(config.fakes)  # by their moments only
    fakes = None
    if not (config.model_dir or known):
        fakes = open_images(config.fakes, flag="fakes", split=config.fakes_split)
    if extractor is None:
        extractor = extractors.get(
            config.extractor, path=config.inception_path, input_range=config.extractor_range
        )
    refuse(config.metric_names, lambda name: lacking(name, extractor))  # before the reals are gone through
    if reals is None:
        real_side = Reference.load(config.reals, stamp=extractor.stamp)
    features = None
    if known:
        features = _statistics(config.fakes, extractor)
        refuse(config.metric_names, lambda name: unknown(name, features))
    elif fakes is None:
        fakes = _draws(config, reals)
    cache = FeatureCache(config.cache_dir)
    if reals is not None:
        real_side = Reference(cache.features(reals, extractor))
    evaluator = Evaluator(
        extractor,
        real_side,
        metrics=config.metric_names,
        seed=config.seed,
        bootstrap=config.bootstrap,
        per_image=config.form == "folder",
        verbose=True,
    )
    if features is None:
        features = cache.features(fakes, extractor, num_images=config.num_images, seed=config.seed)
    evaluation = evaluator.evaluate(features)
    if reals is not None and not known:
        heldout = _heldout(reals, cache, extractor)
        with slow("alarms"):
            found = alarms.find(
                evaluation, features, real_side.features, heldout=heldout, imagenet=extractor.imagenet
            )
        evaluation = dataclasses.replace(evaluation, alarms=found)
    told = [evaluation.table()]
    try:
        if config.save_stats:
            Path(config.save_stats).parent.mkdir(parents=True, exist_ok=True)
            real_side.save(config.save_stats)
            told.append(f"{config.save_stats}: statistics of the reals")
        if config.output:
            _write(config, evaluation, features.image_set, reals)
            what = f"{SCORES} and {REPORT}" if config.form == "folder" else "the same as JSON"
            told.append(f"{config.output}: {what}")
    finally:  # neither a full disk nor a reader that is gone costs the other's scores
        _print("\n".join(told))
    return evaluation


def _open_reals(config):
    """Returns the `ImageSet` of the real images, or None where they are statistics."""
    if config.reals:
        if reference.is_statistics(config.reals):
            return None
        return open_images(config.reals, flag="reals", split=config.split)
    reals = DataDir(_data_dir(config), split=config.split)
    if not config.data_dir:
        _check_same_data(config, reals.manifest)
    return reals


def _statistics(path, extractor):
    """Returns the `FeatureSet` of fakes that are statistics."""
    loaded = Reference.load(path, stamp=extractor.stamp)
    return FeatureSet.of_moments(loaded.moments, stamp=loaded.stamp, name=loaded.name)


def _data_dir(config):
    """Returns the path that the real images' data_dir has, if they are in one."""
    given = config.reals or config.data_dir
    return given or find_data(config.model_dir, _run_config(config).data_dir)


def _check_same_data(config, manifest):
    """Refuses a run whose data_dir was prepared anew since."""
    try:
        card = json.loads(Path(config.model_dir, "data.json").read_text(encoding="utf-8"))
        trained_on = card["fingerprint"]
    except (OSError, ValueError, TypeError, KeyError) as e:
        raise UsageError(
            f"{config.model_dir} is not a run of tfdogs.train: data.json is missing or foreign ({e})"
        ) from e
    if trained_on != manifest.fingerprint:
        data_dir = _data_dir(config)
        raise UsageError(
            f"{data_dir} was prepared anew, and is not what {config.model_dir} was trained on; to score "
            f"against it all the same, give --data_dir={data_dir}"
        )


def _heldout(reals, cache, extractor):
    """Returns features of images that the generator has not seen, the data_dir's eval split; or None."""
    heldout = reals.heldout(memorization.FEWEST) if isinstance(reals, DataDir) else None
    return None if heldout is None else cache.features(heldout, extractor).pool


def _run_config(config):
    from tfdogs.training.config import TrainConfig

    return TrainConfig.load(Path(config.model_dir, "config.json"))


def _draws(config, reals):
    """Returns the images of a run, an `ImageSet`."""
    loaded = load_run(config)
    if config.labels == UNIFORM and not loaded.gan.num_classes:
        config.reject("labels", f"goes with a conditional run, and {config.model_dir} is not one")
    name = f"{config.model_dir} at {loaded.kimg:g} kimg"
    if config.best:
        name += f", {describe_best(loaded.best)}"
    if config.ema_length:
        name += f", average of {config.ema_length:g}"
    return Generated(
        loaded.gan.sampler,
        config.num_images,
        seed=config.seed,
        truncation=config.truncation or None,
        labels=_labels(config, loaded, reals) if loaded.gan.num_classes else None,
        name=name,
    )


def _labels(config, loaded, reals):
    """Returns the `DataLabels` of a conditional run; None where classes come in turn, and says why."""
    if config.labels != DATA:
        return None
    counts = loaded.label_counts or _count_labels(config, reals, loaded)
    if any(counts):
        return DataLabels(counts)
    _print(
        f"classes are drawn in turn: {config.model_dir} was begun before runs kept how often their data has "
        "each, and the data is not at hand; give --data_dir"
    )
    return None


def _count_labels(config, reals, loaded):
    """Returns the training images by class of a run that does not know them, or () where nobody does."""
    for data in (reals, loaded.config.data_dir):
        with contextlib.suppress(UsageError, TfdogsError):  # the run's data may be gone
            found = DataDir(find_data(config.model_dir, data)) if data is not reals else data
            if isinstance(found, DataDir) and tuple(found.manifest.classes) == tuple(loaded.classes):
                return found.label_counts()
    return ()


def _check_outputs(config):
    """Refuses outputs that are there already, or that cannot be made."""
    for name, folder in (("output", config.form == "folder"), ("save_stats", False)):
        given = getattr(config, name)
        if not given:
            continue
        path = Path(given)
        ancestor = next(parent for parent in path.absolute().parents if parent.exists())
        if not ancestor.is_dir():
            config.reject(name, f"cannot be made: {ancestor} is a file")
        if not path.exists() and not path.is_symlink():
            continue
        if path.is_dir() != folder:
            config.reject(name, f"is a {'file' if folder else 'folder'} already; choose another")
        inside = {entry.name for entry in path.iterdir()} if folder else {path.name}
        if inside and not config.overwrite:
            config.reject(name, "is there already; choose another, or --overwrite it")
        if folder and not inside <= {SCORES, REPORT}:
            foreign = min(inside - {SCORES, REPORT})
            config.reject(name, f"holds {foreign}, and --overwrite replaces only folders of tfdogs.evaluate")


def _write(config, evaluation, fakes, reals):
    """Writes the JSON file, or the folder with JSON and report."""
    text = json.dumps(evaluation.to_dict(), indent=2, allow_nan=False) + "\n"
    if config.form == "json":
        with replacing(config.output) as path:
            path.write_text(text, encoding="utf-8")
        return
    from tfdogs.metrics.report import write_report

    with replacing(config.output, folder=True) as folder:
        (folder / SCORES).write_text(text, encoding="utf-8")
        shown = {"fakes": fakes, "reals": reals, "history": _history(config)}
        with harmless(f"{config.output}/{REPORT}"):  # the scores took much longer
            write_report(evaluation, folder / REPORT, **shown, marks=_marks(config, evaluation))


def _marks(config, evaluation):
    return marks.load(marks.parse(config.marks), evaluation) if config.marks else None


def _history(config):
    """Returns the lines of the run's own evaluations, or None."""
    if not config.model_dir:
        return None
    lines = history.read(Path(config.model_dir, history.FILE_NAME))
    return history.with_best(lines, history.kept(config.model_dir)) or None


def _print(text):
    encoding = sys.stdout.encoding or "utf-8"  # one without arrows is no reason to fail now
    print(text.encode(encoding, "replace").decode(encoding))
