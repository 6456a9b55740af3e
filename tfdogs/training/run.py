"""A training run from configuration to result: build, resume, fit."""

import contextlib
import dataclasses
import json
from pathlib import Path

from tfdogs import augment
from tfdogs.aside import LOCK, alone_at, alone_in
from tfdogs.data.feed import Feed
from tfdogs.data.manifest import Manifest
from tfdogs.errors import UsageError
from tfdogs.models.gan import GAN
from tfdogs.sampling import aug_preview, grid, output
from tfdogs.training import init_source, memory, precision, preflight, settle, threads
from tfdogs.training.build import build
from tfdogs.training.callbacks.best_generator import load_best
from tfdogs.training.checkpoints import Checkpoints
from tfdogs.training.config import TrainConfig
from tfdogs.training.evaluation import RunEvaluation
from tfdogs.training.fit import fit
from tfdogs.training.load_networks import load_networks
from tfdogs.training.snapshots import Snapshots
from tfdogs.training.workers import Workers

_CONFIG = "config.json"
_DATA = "data.json"
# What a kill before the configuration leaves.
_FIRST = {LOCK, f"{LOCK}.owner", "samples", f".{_DATA}", _DATA, f".{_CONFIG}"}
# Where things lie, which may have other names on another machine.
_WHERE = (
    *("data_dir", "model_dir", "cache_dir", "inception_path", "eval_extractor", "aug_preview"),
    "init_from",  # what was read there is compared
)


@dataclasses.dataclass(frozen=True)
class DataCard:
    """What a run has to know of its data once the data_dir is out of reach; `RUN/data.json`.

    Attributes:
        image_size: in pixels.
        channels: 1 or 3.
        classes: class names, by label.
        num_images: images in the train split.
        fingerprint: the manifest's.
        label_counts: images in the train split by class; empty in runs that were begun before it was kept,
            and therefore not compared: it follows from the records, as the fingerprint does.
    """

    image_size: int
    channels: int
    classes: tuple
    num_images: int
    fingerprint: str
    label_counts: tuple = dataclasses.field(default=(), compare=False)


@dataclasses.dataclass(frozen=True)
class LoadedRun:
    """A run that was read back.

    Attributes:
        gan: the `GAN`, its newest checkpoint restored.
        config: its `TrainConfig`.
        classes: class names, by label; empty where the data had none.
        kimg: thousands of images seen.
        label_counts: images in the train split by class; empty where they are not known.
    """

    gan: GAN
    config: TrainConfig
    classes: tuple
    kimg: float
    label_counts: tuple = ()


def train(config):
    """Trains until `config.total_kimg`, going on with the run in `config.model_dir` if there is one.

    Where the environment variable TF_CONFIG names several workers this process is one of them, and all call
    this with the same configuration and a model_dir that they share. The chief, or else worker 0, writes it.

    Args:
        config: `TrainConfig`.

    Raises:
        UsageError: the data_dir is not ours, the run there was made with another configuration or other
            data, `config.init_from` is nothing to start from or has other networks, or `config.aug_preview`
            cannot be written or is there; nothing is changed then. TF_CONFIG is malformed, or the workers
            were not given the same.
        TfdogsError: another process trains the run; nothing is changed then. Corrupt data or checkpoint,
            divergence, a signal, an error in an evaluation, or an alarm with --on_alarm=stop; what was
            trained is saved. Another worker is gone. The memory does not suffice; the checkpoints stay.
    """
    begun = Path(config.model_dir, _CONFIG)
    config, kept = settle.with_former_defaults(config, begun)
    config = settle.with_updates(config, begun)
    threads.limit(config)  # before TensorFlow runs anything
    workers = Workers.of(config)
    if kept:
        workers.say(kept)
    with workers.reporting_losses(), memory.reporting(config), contextlib.ExitStack() as stack:
        _train(config, workers, stack)
        workers.any(False)  # none leaves before all are done


def _train(config, workers, stack):
    """Trains; the run's folder is this command's alone until `stack`, an ExitStack, is closed."""
    run_dir = Path(config.model_dir)
    with workers.together():
        if config.aug_preview and workers.chief:
            output.check(config.aug_preview, folder=False, overwrite=None, flag="aug_preview")
        if config.batch_size % workers.replicas:
            config.reject("batch_size", f"must be a multiple of the {workers.replicas} devices")
        config = settle.with_labels(config, run_dir / _CONFIG)
        card = _card(Manifest.load(config.data_dir))
    # All take part, whatever each was told: where one left it out the others would wait for ever.
    (slow,) = workers.any(not precision.fast_bfloat16())
    with workers.together():
        config = settle.with_precision(config, run_dir / _CONFIG, slow, workers)
        config = config.resolve(card.image_size)  # what is written down names the networks
        _check_same_run(config, card, run_dir)  # before the data is read, which takes its time
        init_source.check(config)
        if workers.chief and not (config.dry_run or config.aug_preview):  # which write nothing there
            stack.enter_context(alone_in(run_dir, "samples", "alarms", Snapshots.FOLDER))
            _check_same_run(config, card, run_dir)  # nobody else begins it from now on
        evaluation = RunEvaluation(config) if config.eval_kimg and workers.chief else None
        feed = Feed(
            config.data_dir,
            batch_size=config.batch_size * config.d_steps,
            seed=config.seed,
            flip=config.flip,
            balance_classes=config.balance_classes,
        )
        card = dataclasses.replace(card, label_counts=feed.label_counts)
        if config.conditional and card.classes and feed.num_unlabelled:
            config.reject(
                "conditional", f"needs a class for every image, and {feed.num_unlabelled} have none"
            )
    _check_same_everywhere(config, card, workers)
    with workers.scope():
        gan = build(config, card, synchronized=workers.several)
    if workers.several:
        gan.distribute_reduction_method = "first"  # the metrics are of all workers already
    if augment.parse(config.augment)[0] == "auto":
        workers.say(augment.default_policy(card.num_images)[1])
    if config.aug_preview:
        with workers.together():
            if workers.chief:
                _preview(config, gan, feed)
        return
    checkpoints = Checkpoints(run_dir / "checkpoints", gan, keep=config.keep_checkpoints, workers=workers)
    with workers.together():
        if workers.chief and not config.dry_run:
            checkpoints.sweep()
        restored = checkpoints.restore()
    if workers.differing({"checkpoint": restored and restored.name}):
        raise UsageError(
            "the workers do not see the same checkpoints: --model_dir must be one folder that all share"
        )
    with workers.together():
        memory.check(gan, config, workers.processes)
    if config.init_from and restored is None:
        _start_from(config, gan, card, workers)
    if config.dry_run:
        preflight.report(config, gan, feed, workers)
        return
    with workers.together():
        if workers.chief:
            _write_start(config, card, run_dir, feed)
    workers.say(f"data: {feed.describe()}")
    if restored is not None:
        workers.say(f"going on from {restored}")
    elif config.init_from:
        checkpoints.save()  # --init_from is not read again, whatever becomes of what is there
    fit(config, gan, feed, checkpoints, evaluation, workers)


def load(model_dir, best=False):
    """Reads a run back from its newest checkpoint.

    Args:
        model_dir: the folder that `tfdogs.train` left.
        best: whether samples come from the generator that scored best, and `kimg` is that one's; all else
            is the newest checkpoint's.

    Returns:
        `LoadedRun`.

    Raises:
        UsageError: `model_dir` is not a run, has no checkpoint yet, or `best` and it has kept none.
        TfdogsError: the checkpoint, or the best generator, is damaged.
    """
    run_dir = Path(model_dir)
    config = TrainConfig.load(run_dir / _CONFIG)
    card = load_card(run_dir)
    gan = build(config, card)
    if Checkpoints(run_dir / "checkpoints", gan).restore() is None:
        raise UsageError(f"{run_dir} has no checkpoint yet")
    kimg = int(gan.images_seen.numpy()) / 1000
    if best:
        kimg = load_best(run_dir, gan.sampler.generator)["kimg"]
    return LoadedRun(gan, config, card.classes, kimg, card.label_counts)


def _preview(config, gan, feed):
    """Writes `config.aug_preview`: what the discriminator would see of some real images."""
    if gan.augment is None:
        config.reject("aug_preview", f"needs an augmentation, and --augment={config.augment} is none here")
    reals, _ = feed.first(config.sheet_columns)
    sheet = aug_preview.draw(reals, gan.augment, seed=config.seed)
    with alone_at(config.aug_preview), output.replacing(config.aug_preview) as path:
        path.write_bytes(grid.encode_png(sheet))
    print(f"{config.aug_preview}: {len(reals)} images, --augment={config.augment}")


def _start_from(config, gan, card, workers):
    with workers.together():
        report = load_networks(gan, config.init_from, classes=card.classes)
    # Not the name: each worker may find the same networks elsewhere.
    if workers.differing({"networks": report.fingerprint}):
        raise UsageError("the workers do not find the same networks in --init_from")
    workers.say(report)


def _card(manifest):
    return DataCard(
        image_size=manifest.image_size,
        channels=manifest.channels,
        classes=tuple(manifest.classes),
        num_images=manifest.num_images("train"),
        fingerprint=manifest.fingerprint,
    )


def load_card(run_dir):
    """Reads a run's `DataCard`.

    Raises:
        UsageError: `run_dir` is not a run.
    """
    try:
        values = json.loads(Path(run_dir, _DATA).read_text(encoding="utf-8"))
        lists = {"classes": tuple(values["classes"]), "label_counts": tuple(values.get("label_counts", ()))}
        return DataCard(**{**values, **lists})
    except (OSError, ValueError, TypeError, KeyError) as e:
        raise UsageError(
            f"{run_dir} is not a run of tfdogs.train: {_DATA} is missing or foreign ({e})"
        ) from e


def _check_same_run(config, card, run_dir):
    if not (run_dir / _CONFIG).is_file():
        if run_dir.exists() and not (run_dir.is_dir() and {p.name for p in run_dir.iterdir()} <= _FIRST):
            raise UsageError(f"{run_dir} exists and is not a run of tfdogs.train; choose another --model_dir")
        return
    changes = TrainConfig.load(run_dir / _CONFIG).diff(config)
    before = load_card(run_dir)
    if before != card:
        changes.append(f"data: {before.fingerprint[:12]} -> {card.fingerprint[:12]}")
    if changes:
        raise UsageError(
            f"{run_dir} was begun with another configuration; go on with its own, or choose another "
            "--model_dir. Changed:\n  " + "\n  ".join(changes)
        )


def _check_same_everywhere(config, card, workers):
    """Workers that do not do the same would wait for each other for ever, or train something else each."""
    values = {f"--{name}": value for name, value in config.to_dict().items() if name not in _WHERE}
    values["--init_from"] = bool(config.init_from)  # where it lies may differ, but all or none start from it
    different = workers.differing({**values, "the data": card.fingerprint})
    if different:
        raise UsageError(
            f"all workers must be started with the same flags, on the same data. Not the same are: "
            f"{', '.join(different)}"
        )


def _write_start(config, card, run_dir, feed):
    samples = run_dir / "samples"
    samples.mkdir(parents=True, exist_ok=True)
    if not (samples / "reals.png").is_file():
        reals, _ = feed.first(config.sheet_columns**2)
        grid.save_png(grid.tile(reals, columns=config.sheet_columns), samples / "reals.png")
    # The configuration comes last: a folder that has one has all the rest.
    for name, text in (
        (_DATA, json.dumps(dataclasses.asdict(card), indent=2) + "\n"),
        (_CONFIG, config.dump()),
    ):
        hidden = run_dir / f".{name}"
        hidden.write_text(text, encoding="utf-8")
        hidden.replace(run_dir / name)
