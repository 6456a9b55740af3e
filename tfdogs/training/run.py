"""A training run from configuration to result: build, resume, fit."""

import contextlib
import dataclasses
import time
from pathlib import Path
from typing import Optional

import tensorflow as tf

from tfdogs import augment
from tfdogs.aside import alone_at, alone_in, write_text
from tfdogs.data.feed import Feed
from tfdogs.data.manifest import Manifest
from tfdogs.errors import UsageError
from tfdogs.models.gan import GAN
from tfdogs.sampling import aug_preview, grid, output
from tfdogs.training import data_card, init_source, memory, precision, preflight, same_run, settle, threads
from tfdogs.training.build import build
from tfdogs.training.callbacks.best_generator import load_best
from tfdogs.training.callbacks.decoration import Decoration
from tfdogs.training.callbacks.divergence import Diverged
from tfdogs.training.checkpoints import Checkpoints
from tfdogs.training.config import TrainConfig
from tfdogs.training.data_card import DataCard, load_card
from tfdogs.training.evaluation import RunEvaluation
from tfdogs.training.fit import fit
from tfdogs.training.load_networks import load_networks
from tfdogs.training.rollbacks import Rollbacks, kimg_of
from tfdogs.training.snapshots import Snapshots
from tfdogs.training.workers import Workers

# Where things lie, which may have other names on another machine.
_WHERE = (
    *("data_dir", "model_dir", "cache_dir", "inception_path", "eval_extractor", "aug_preview"),
    "init_from",  # what was read there is compared
)


@dataclasses.dataclass(frozen=True)
class LoadedRun:
    """A run that was read back.

    Attributes:
        gan: the `GAN`, its newest checkpoint restored.
        config: its `TrainConfig`.
        classes: class names, by label; empty where the data had none.
        kimg: thousands of images seen.
        label_counts: images in the train split by class; empty where they are not known.
        best: of the best generator, what `tfdogs.metrics.history.kept` reads; else None.
    """

    gan: GAN
    config: TrainConfig
    classes: tuple
    kimg: float
    label_counts: tuple = ()
    best: Optional[dict] = None


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
        TfdogsError: another process trains the run; nothing is changed then. Corrupt data or checkpoint, a
            signal, a full disk, an error in an evaluation, or an alarm with --on_alarm=stop; what was trained
            is saved. Divergence that rollbacks did not end; the checkpoints stay. Another worker is gone. The
            memory does not suffice; the checkpoints stay.
    """
    config, kept = settle.as_begun(config, Path(config.model_dir, same_run.CONFIG))
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
        card = DataCard.of(Manifest.load(config.data_dir)).placed(config.data_dir, run_dir)
    # All take part, whatever each was told: where one left it out the others would wait for ever.
    (slow,) = workers.any(not precision.fast_bfloat16())
    with workers.together():
        config = settle.with_precision(config, run_dir / same_run.CONFIG, slow, workers)
        config = config.resolve(card.image_size)  # what is written down names the networks
        same_run.check(config, card, run_dir)  # before the data is read, which takes its time
        init_source.check(config)
        if workers.chief and not (config.dry_run or config.aug_preview):  # which write nothing there
            stack.enter_context(alone_in(run_dir, "samples", "alarms", Snapshots.FOLDER))
            same_run.check(config, card, run_dir)  # nobody else begins it from now on
        evaluation = RunEvaluation(config) if config.eval_kimg and workers.chief else None
        feed = _feed(config)
        card = dataclasses.replace(card, label_counts=feed.label_counts)
        if config.conditional and card.classes and feed.num_unlabelled:
            config.reject(
                "conditional", f"needs a class for every image, and {feed.num_unlabelled} have none"
            )
    _check_same_everywhere(config, card, workers)
    if augment.parse(config.augment)[0] == "auto":
        workers.say(augment.default_policy(card.num_images)[1])
    if config.aug_preview:
        with workers.together():
            if workers.chief:
                _preview(config, card, feed)
        return
    gan, checkpoints, restored, rollbacks = _build(config, card, workers)
    with workers.together():
        memory.check(gan, config, workers.processes)
    if config.init_from and restored is None:
        _start_from(config, gan, card, workers)
    if config.dry_run:
        preflight.report(config, gan, feed, workers)
        return
    with workers.together():
        if workers.chief:
            checkpoints.sweep()
            rollbacks.drop_foreign()
            _write_start(config, card, run_dir, feed)
    workers.say(f"data: {feed.describe()}")
    if restored is not None:
        workers.say(f"going on from {restored}")
    elif config.init_from:
        checkpoints.save()  # --init_from is not read again, whatever becomes of what is there
    began = time.monotonic()
    while True:
        try:
            fit(_in_time(config, began), gan, feed, checkpoints, evaluation, workers)
            return
        except Diverged as e:
            with workers.together():
                newest = next(reversed(checkpoints.paths()), None)
                workers.say(rollbacks.add(e, config, newest, writes=workers.chief))
        del gan, checkpoints  # before there is another one of each
        gan, checkpoints, _, rollbacks = _build(config, card, workers)


def _feed(config):
    return Feed(
        config.data_dir,
        batch_size=config.batch_size * config.d_steps,
        seed=config.seed,
        flip=config.flip,
        balance_classes=config.balance_classes,
    )


def _build(config, card, workers):
    """Returns the GAN in the state to go on from, its `Checkpoints`, that state's folder, the `Rollbacks`.

    The learning rates are those that earlier rollbacks have left; without a checkpoint the state is that of
    the beginning, which follows from the seed, and the folder None.
    """
    run_dir = Path(config.model_dir)
    keep = {"keep": config.keep_checkpoints, "workers": workers}
    with workers.together():
        newest = next(reversed(Checkpoints.found(run_dir / "checkpoints")), None)
        rollbacks = Rollbacks(run_dir, kimg_of(newest))
        lowered = rollbacks.lowered(config)
    with workers.scope():
        gan = build(lowered, card, synchronized=workers.several)
    if workers.several:
        gan.distribute_reduction_method = "first"  # the metrics are of all workers already
    checkpoints = Checkpoints(run_dir / "checkpoints", gan, **keep)
    with workers.together(), _keeping_rates(gan):
        restored = checkpoints.restore()
    if workers.differing({"checkpoint": restored and restored.name}):
        raise UsageError(
            "the workers do not see the same checkpoints: --model_dir must be one folder that all share"
        )
    return gan, checkpoints, restored, rollbacks


@contextlib.contextmanager
def _keeping_rates(gan):
    """Keeps the learning rates that a checkpoint would bring back: rollbacks lower them."""
    optimizers = [getattr(one, "inner_optimizer", one) for one in (gan.g_optimizer, gan.d_optimizer)]
    rates = [one.learning_rate for one in optimizers]  # tensors where they are scheduled
    rates = [(rate, rate.numpy()) for rate in rates if isinstance(rate, tf.Variable)]
    yield
    for rate, value in rates:
        rate.assign(value)


def _in_time(config, began):
    """Returns the configuration with what is left of `max_wall_seconds`."""
    if not config.max_wall_seconds:
        return config
    left = max(config.max_wall_seconds - (time.monotonic() - began), 1e-3)
    return dataclasses.replace(config, max_wall_seconds=left)


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
    config = TrainConfig.load(run_dir / same_run.CONFIG)
    card = load_card(run_dir)
    gan = build(config, card)
    if Checkpoints(run_dir / "checkpoints", gan).restore() is None:
        raise UsageError(f"{run_dir} has no checkpoint yet")
    facts = load_best(run_dir, gan.sampler.generator) if best else None
    kimg = facts["kimg"] if best else int(gan.images_seen.numpy()) / 1000
    return LoadedRun(gan, config, card.classes, kimg, card.label_counts, facts)


def _preview(config, card, feed):
    """Writes `config.aug_preview`: what the discriminator would see of some real images."""
    augmentation = build(config, card).augment
    if augmentation is None:
        config.reject("aug_preview", f"needs an augmentation, and --augment={config.augment} is none here")
    reals, _ = feed.first(config.sheet_columns)
    sheet = aug_preview.draw(reals, augmentation, seed=config.seed)
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
    if not (samples / "reals.png").is_file():
        reals, _ = feed.first(config.sheet_columns**2)
        with Decoration(samples / "reals.png")():
            samples.mkdir(parents=True, exist_ok=True)
            grid.save_png(grid.tile(reals, columns=config.sheet_columns), samples / "reals.png")
    # The configuration comes last: a folder that has one has all the rest.
    for name, text in (
        (data_card.FILE_NAME, card.dump()),
        (same_run.CONFIG, config.dump()),
    ):
        write_text(run_dir / name, text)
