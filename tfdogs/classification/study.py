"""The whole study: GANs if wanted, generated images, networks, results."""

import itertools
import json
from pathlib import Path

import keras

from tfdogs.aside import LOCK, alone_in
from tfdogs.classification import gans, plan, pools, report, trial
from tfdogs.classification.config import ClassifyConfig
from tfdogs.classification.mixture import mix
from tfdogs.classification.point import REAL, SYNTHETIC, Point
from tfdogs.classification.reals import Reals, labelled
from tfdogs.classification.results import FILE_NAME, Results, of_some
from tfdogs.errors import UsageError, harmless
from tfdogs.progress import Progress, say
from tfdogs.sampling.output import replacing

_CONFIG, _DATA = "config.json", "data.json"


def run(config):
    """Makes a study, or goes on with the one in `config.output_dir`.

    Args:
        config: `tfdogs.classification.config.ClassifyConfig`.

    Returns:
        `tfdogs.classification.results.Results`, None for a dry run.

    Raises:
        UsageError: the data or the fakes cannot be used, or the study there is another one.
        TfdogsError: data, a run or a file of the study is damaged, training diverged, or the disk failed.
            What was done is kept.
    """
    reals = Reals.read(config)
    _check_names(config, reals.classes)
    _check_same_study(config, reals)
    if config.dry_run:
        return _run(config, reals)
    with alone_in(config.output_dir, "fakes", "data", "points"):
        _check_same_study(config, reals)  # nobody else writes there from now on
        return _run(config, reals)


def _run(config, reals):
    planned = list(itertools.product(config.fractions, range(config.seeds)))
    done = [point for point in (Point.load(config.output_dir, *pair) for pair in planned) if point]
    todo = [pair for pair in planned if pair not in {(point.fraction, point.seed) for point in done}]
    _check_sources(config, reals)
    if config.dry_run:
        plan.report(config, reals, todo, len(done))
        return None
    elsewhere = _trained_elsewhere(config, reals)
    _write_start(config, reals, elsewhere)
    fakes = _gather(config, reals)
    learned, tests = _split(reals, fakes)
    done += _train(config, reals, learned, tests, todo)
    results = Results(
        config=config,
        classes=reals.classes,
        per_class=reals.per_class,
        num_tests={kind: len(labels) for kind, (_, labels) in tests.items()},
        points=tuple(sorted(done, key=lambda point: (point.fraction, point.seed))),
        fingerprint=reals.manifest.fingerprint,
        trained_elsewhere=elsewhere,
    )
    output = Path(config.output_dir)
    results.save(output / FILE_NAME)
    with harmless(output / report.FILE_NAME):
        report.write(results, output / report.FILE_NAME, reals=reals.train, fakes=learned)
    print(f"\n{results.table()}\n\n{output / FILE_NAME}, {output / report.FILE_NAME}")
    return results


def _gather(config, reals):
    """Returns label -> generated images, as many as training and test can take."""
    sources = _sources(config, reals.classes)
    if config.gan_flagfile:
        gans.train(config, reals.classes, done=lambda name: name not in sources or sources[name][1].is_file())
    for name, (path, pool) in sources.items():
        size = {"count": _needed(reals, name), "shape": reals.image_shape}
        pools.gather(path, pool, name, **size, truncation=config.truncation)
    return {reals.classes.index(name): pools.load(pool) for name, (_, pool) in sources.items()}


def _sources(config, classes):
    """Returns, by name of a mixed class, where its generated images come from and where they are kept."""
    return {
        name: (
            gans.run_dir(config, name) if config.gan_flagfile else config.fake_paths[name],
            pools.pool_path(config.output_dir, name),
        )
        for name in config.mixed_classes(classes)
    }


def _needed(reals, name):
    """Returns how many generated images of a class training and test can take."""
    return reals.per_class + len(reals.test[reals.classes.index(name)])


def _split(reals, fakes):
    """Returns label -> generated images to learn from, and all tests: kind -> (images, labels)."""
    tests = {REAL: reals.tests}
    if fakes:
        tests[SYNTHETIC] = labelled([images[reals.per_class :] for images in fakes.values()], list(fakes))
    return {label: images[: reals.per_class] for label, images in fakes.items()}, tests


def _train(config, reals, learned, tests, todo):
    """Yields the points to train as they are trained and kept."""
    steps = trial.steps_per_epoch(config, len(reals.classes) * reals.per_class)
    if not todo:
        return
    of = of_some([reals.classes[label] for label in learned], reals.classes)
    with Progress("classify", len(todo) * config.epochs * steps * config.batch_size) as progress:
        for fraction, seed in todo:
            images, labels = mix(reals.train, learned, fraction, count=reals.per_class, seed=seed)
            counts = keras.callbacks.LambdaCallback(
                on_batch_end=lambda batch, logs: progress(config.batch_size)
            )
            point = trial.train(
                config, images, labels, tests, fraction=fraction, seed=seed, callbacks=[counts]
            )
            point.save(config.output_dir)
            told = ", ".join(f"{kind} {100 * share:.2f} %" for kind, share in point.accuracy.items())
            share = f"{100 * fraction:.4g} %{of} synthetic"
            say(f"{share}, seed {seed}: {told} ({point.seconds:.0f} s)")
            yield point


def _check_names(config, classes):
    mixed = config.mixed_classes(classes)
    if config.fakes and set(config.fake_paths) != set(mixed):
        which = "--synthetic_classes, and no other" if config.synthetic_classes else "the data_dir's classes"
        config.reject("fakes", f"must name each of {which}: {', '.join(mixed)}")
    if config.gan_flagfile:
        gans.recipe(config, classes[0])  # a bad flagfile is told before any work


def _check_sources(config, reals):
    """Refuses runs, images and recipes that cannot be used, before the study is bound to them."""
    sources = _sources(config, reals.classes)
    missing = {name: path for name, (path, pool) in sources.items() if not pool.is_file()}
    if config.fakes:
        for name, path in missing.items():
            pools.check(path, name, count=_needed(reals, name), shape=reals.image_shape)
    elif missing:
        gans.check(config, reals, next(iter(missing)))  # the classes' GANs are built alike


def _trained_elsewhere(config, reals):
    """Returns the classes whose fakes come from a run on other data; a study that goes on remembers them."""
    path = Path(config.output_dir, _DATA)
    if path.is_file():
        return tuple(json.loads(path.read_text(encoding="utf-8")).get("trained_elsewhere", ()))
    sources = _sources(config, reals.classes) if config.fakes else {}
    fingerprint = reals.manifest.fingerprint
    return tuple(n for n, (run, _) in sources.items() if pools.is_trained_elsewhere(run, fingerprint))


def _check_same_study(config, reals):
    output = Path(config.output_dir)
    if not (output / _CONFIG).is_file():
        # What a kill before the configuration leaves, whole or aside, is no stranger.
        strange = [path for path in output.glob("*") if _DATA not in path.name and LOCK not in path.name]
        if strange or (output.exists() and not output.is_dir()):
            raise UsageError(
                f"{output} exists and is no study of tfdogs.classify; choose another --output_dir"
            )
        return
    changes = ClassifyConfig.load(output / _CONFIG).diff(config)
    try:
        before = json.loads((output / _DATA).read_text(encoding="utf-8"))["fingerprint"]
    except (OSError, ValueError, KeyError, TypeError) as e:
        raise UsageError(
            f"{output} is no study of tfdogs.classify: {_DATA} is missing or foreign ({e})"
        ) from e
    if before != reals.manifest.fingerprint:
        changes.append(f"data: {before[:12]} -> {reals.manifest.fingerprint[:12]}")
    if changes:
        raise UsageError(
            f"{output} was begun with another configuration; go on with its own, or choose another "
            "--output_dir. Changed:\n  " + "\n  ".join(changes)
        )


def _write_start(config, reals, elsewhere):
    output = Path(config.output_dir)
    facts = {"fingerprint": reals.manifest.fingerprint, "classes": reals.classes}
    data = json.dumps({**facts, "trained_elsewhere": elsewhere}) + "\n"
    # The configuration comes last: a folder that has one has the rest.
    for name, text in ((_DATA, data), (_CONFIG, config.dump())):
        with replacing(output / name) as path:
            path.write_text(text, encoding="utf-8")
