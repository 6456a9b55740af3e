"""The part of a run that trains: `fit`, what happens on the way, and how it ends."""

import math
import sys
import time
from pathlib import Path

import tensorflow as tf

from tfdogs.errors import TfdogsError, of_disk, with_path
from tfdogs.progress import say
from tfdogs.training.callbacks.agreement import Agreement
from tfdogs.training.callbacks.checkpoint import Checkpoint
from tfdogs.training.callbacks.deferred import Deferred
from tfdogs.training.callbacks.divergence import Diverged, Divergence
from tfdogs.training.callbacks.ema_snapshots import EmaSnapshots
from tfdogs.training.callbacks.fresh_sampler import FreshSampler
from tfdogs.training.callbacks.metrics_log import MetricsLog
from tfdogs.training.callbacks.progress import Progress
from tfdogs.training.callbacks.sheets import Sheets
from tfdogs.training.callbacks.stop import Stop
from tfdogs.training.callbacks.whole_steps import WholeSteps
from tfdogs.training.workers import Workers


def fit(config, gan, feed, checkpoints, evaluation=None, workers=None):
    """Trains until `config.total_kimg`, or makes the evaluation that a run lacks which is already there.

    A run that early stopping or an alarm has ended is not gone on with.

    Args:
        config: `tfdogs.training.config.TrainConfig`.
        gan: a compiled `GAN`, in the state to go on from.
        feed: `tfdogs.data.feed.Feed`.
        checkpoints: `tfdogs.training.checkpoints.Checkpoints` of the GAN.
        evaluation: `tfdogs.training.evaluation.RunEvaluation`, or None; of several workers the chief's.
        workers: `tfdogs.training.workers.Workers`; default: this process alone.

    Raises:
        TfdogsError: divergence, a signal, an error in an evaluation, or an alarm with --on_alarm=stop; what
            was trained is saved.
    """
    workers = workers or Workers()
    total = round(config.total_kimg * 1000)
    start = _seen(gan)
    steps = math.ceil((total - start) / feed.batch_size)
    with workers.together():
        ended = evaluation is not None and (evaluation.over(start) or evaluation.alarms(start, start))
    (ended,) = workers.any(bool(ended))
    trains = steps > 0 and not ended
    stop = Stop(config.max_wall_seconds if workers.chief else 0.0)  # one clock counts
    fresh = []
    if workers.several:
        fresh = [FreshSampler(gan, [config.sheet_kimg, *([config.eval_kimg] if config.eval_kimg else [])])]
    error = None
    try:
        if trains:
            error = _train(config, gan, feed, steps, checkpoints, evaluation, stop, workers, fresh)
        else:
            with workers.together():
                if evaluation and not ended and evaluation.lacks(start):
                    _make_up(gan, evaluation.callback(stop, feed.label_counts), stop)
    finally:
        stop.restore()
    with workers.together():
        if error is not None:
            raise error
        _tell(config, _seen(gan), start, evaluation, stop, trains=trains, chief=workers.chief)


def _tell(config, seen, start, evaluation, stop, *, trains, chief):
    """Prints how training has ended, or raises it where it was not by itself."""
    if stop.signalled:
        raise TfdogsError(
            f"stopped by {stop.reason} at {seen / 1000:.3f} kimg and saved; the same command goes on"
        )
    facts = ["time is over" if stop.reason == "time" else "done" if trains else "done already"]
    facts[0] += f": {seen / 1000:.3f} kimg of {config.total_kimg:g}"
    facts[0] += f", saved in {config.model_dir}" if chief else ", saved by the chief"
    if evaluation:
        alarms = "; ".join(evaluation.alarms(start, seen))
        if alarms:
            raise TfdogsError(
                f"stopped at {seen / 1000:.3f} kimg and saved: {alarms}; with --on_alarm=warn it goes on"
            )
        facts.append(evaluation.over(seen))
        if evaluation.lacks(seen):
            command = f"python -m tfdogs.evaluate --model_dir={config.model_dir}"
            facts.append(f"its last generator is not scored yet: {command} does")
    print("; ".join(filter(None, facts)))


def _train(config, gan, feed, steps, checkpoints, evaluation, stop, workers, fresh):
    """Trains.

    Returns:
        The error with which one of several workers' evaluations has ended it, training being saved, or None.
    """
    start = _seen(gan)
    batches = workers.batches(feed, start_image=start, parts=config.d_steps)
    with workers.together():
        evaluate = evaluation.callback(stop, feed.label_counts) if evaluation else None

    def clock():
        """Seconds, of which evaluations take none."""
        return time.perf_counter() - (evaluate.seconds if evaluate else 0.0)

    deferred = [Deferred(evaluate)] if evaluate and workers.several else []
    with workers.folder(Path(config.model_dir)) as run_dir:
        sheets = Sheets(run_dir / "samples", config.sheet_kimg, columns=config.sheet_columns)
        whole = WholeSteps()
        callbacks = [
            whole,
            Divergence(),  # before whatever saves
            stop,
            Checkpoint(checkpoints, config.checkpoint_kimg),  # first: who sends a signal may not wait long
            *fresh,
            *([sheets] if workers.chief else []),
            *([EmaSnapshots(run_dir, config.ema_snapshot_kimg)] if config.ema_snapshot_kimg else []),
            *(deferred or ([evaluate] if evaluate else [])),
            *([Progress(round(config.total_kimg * 1000), clock=clock)] if workers.chief else []),
            MetricsLog(run_dir, config.log_kimg, clock=clock),  # after all that reads: it resets the metrics
            *([Agreement(workers, stop)] if workers.several else []),
        ]
        try:
            gan.fit(batches, steps_per_epoch=steps, verbose=0, callbacks=callbacks)
        except Diverged:
            raise
        except Exception as e:
            # What was trained since the last checkpoint is not to be lost. Other workers save nothing now.
            if workers.several or _seen(gan) == start:
                raise
            failure = _after_saving(e, gan, checkpoints, whole, evaluation=evaluate and evaluate.failed)
            if failure is e:
                raise
            raise failure from e
        return next((_failure(one.error, gan) for one in deferred if one.error is not None), None)


def _after_saving(error, gan, checkpoints, whole, *, evaluation):
    """Saves a checkpoint after an error, if that can be done; returns what to raise, see `_failure`."""
    saved = None
    if whole.now():
        try:
            saved = checkpoints.save()
        except (TfdogsError, OSError):
            saved = None  # the disk that has failed, say
    if saved and evaluation:
        return _failure(error, gan)
    if isinstance(error, TfdogsError) or of_disk(error):
        text = " ".join(str(error).split()) if isinstance(error, TfdogsError) else with_path(error)
        newest = saved or next(reversed(checkpoints.paths()), None)
        state = f"checkpoint saved: {saved}" if saved else f"newest checkpoint: {newest or 'none yet'}"
        kimg = _seen(gan) / 1000
        return TfdogsError(f"{text}; stopped at {kimg:.3f} kimg, {state}. Run the same command to resume")
    if saved:
        say(f"{saved}: checkpoint saved after an error", sys.stderr)
    return error


def _failure(error, gan):
    """Returns what to raise for an error in an evaluation: one line where the user can act on it."""
    if not isinstance(error, (TfdogsError, OSError, tf.errors.OpError)):
        return error
    text = " ".join(str(error).split()) if isinstance(error, TfdogsError) else with_path(error)
    kimg = _seen(gan) / 1000
    return TfdogsError(f"the evaluation at {kimg:.3f} kimg failed, training is saved: {text}")


def _make_up(gan, evaluate, stop):
    """Makes the evaluation that a kill or the time limit has taken from a run with nothing left to train."""
    evaluate.set_model(gan)
    stop.set_model(gan)
    stop.on_train_begin()
    evaluate.on_train_begin()
    evaluate.on_train_end()


def _seen(gan):
    return int(gan.images_seen.numpy())
