"""The part of a run that trains: `fit`, what happens on the way, and how it ends."""

import math
import time
from pathlib import Path

import tensorflow as tf

from tfdogs.errors import TfdogsError
from tfdogs.training.callbacks.checkpoint import Checkpoint
from tfdogs.training.callbacks.divergence import Divergence
from tfdogs.training.callbacks.ema_snapshots import EmaSnapshots
from tfdogs.training.callbacks.metrics_log import MetricsLog
from tfdogs.training.callbacks.progress import Progress
from tfdogs.training.callbacks.sheets import Sheets
from tfdogs.training.callbacks.stop import Stop


def fit(config, gan, feed, checkpoints, evaluation=None):
    """Trains until `config.total_kimg`, or makes the evaluation that a run lacks which is already there.

    A run that early stopping or an alarm has ended is not gone on with.

    Args:
        config: `tfdogs.training.config.TrainConfig`.
        gan: a compiled `GAN`, in the state to go on from.
        feed: `tfdogs.data.feed.Feed`.
        checkpoints: `tfdogs.training.checkpoints.Checkpoints` of the GAN.
        evaluation: `tfdogs.training.evaluation.RunEvaluation`, or None.

    Raises:
        TfdogsError: divergence, a signal, an error in an evaluation, or an alarm with --on_alarm=stop; what
            was trained is saved.
    """
    total = round(config.total_kimg * 1000)
    start = _seen(gan)
    steps = math.ceil((total - start) / feed.batch_size)
    ended = evaluation is not None and (evaluation.over(start) or evaluation.alarms(start, start))
    trains = steps > 0 and not ended
    stop = Stop(config.max_wall_seconds)
    try:
        if trains:
            _train(config, gan, feed.batches(start_image=start), steps, checkpoints, evaluation, stop)
        elif evaluation and not ended and evaluation.lacks(start):
            _make_up(gan, evaluation.callback(stop), stop)
    finally:
        stop.restore()
    seen = _seen(gan)
    if stop.signalled:
        raise TfdogsError(
            f"stopped by {stop.reason} at {seen / 1000:.3f} kimg and saved; the same command goes on"
        )
    facts = ["time is over" if stop.reason == "time" else "done" if trains else "done already"]
    facts[0] += f": {seen / 1000:.3f} kimg of {config.total_kimg:g}, saved in {config.model_dir}"
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


def _train(config, gan, batches, steps, checkpoints, evaluation, stop):
    run_dir, start = Path(config.model_dir), _seen(gan)
    evaluate = evaluation.callback(stop) if evaluation else None

    def clock():
        """Seconds, of which evaluations take none."""
        return time.perf_counter() - (evaluate.seconds if evaluate else 0.0)

    callbacks = [
        Divergence(),  # before whatever saves
        stop,
        Checkpoint(checkpoints, config.checkpoint_kimg),  # first: who sends a signal may not wait long
        Sheets(run_dir / "samples", config.sheet_kimg, columns=config.sheet_columns),
        *([EmaSnapshots(run_dir, config.ema_snapshot_kimg)] if config.ema_snapshot_kimg else []),
        *([evaluate] if evaluate else []),
        Progress(round(config.total_kimg * 1000), clock=clock),
        MetricsLog(run_dir, config.log_kimg, clock=clock),  # last: it resets the metrics
    ]
    try:
        gan.fit(batches, steps_per_epoch=steps, verbose=0, callbacks=callbacks)
    except Exception as e:
        # Training itself is sound: what it has done since the last checkpoint is not to be lost.
        if not (evaluate and evaluate.failed and _seen(gan) > start):
            raise
        checkpoints.save()
        if not isinstance(e, (TfdogsError, OSError, tf.errors.OpError)):
            raise
        text = " ".join(str(e).split())
        raise TfdogsError(
            f"the evaluation at {_seen(gan) / 1000:.3f} kimg failed, training is saved: {text}"
        ) from e


def _make_up(gan, evaluate, stop):
    """Makes the evaluation that a kill or the time limit has taken from a run with nothing left to train."""
    evaluate.set_model(gan)
    stop.set_model(gan)
    stop.on_train_begin()
    evaluate.on_train_begin()
    evaluate.on_train_end()


def _seen(gan):
    return int(gan.images_seen.numpy())
