import io
import json
import os
import signal
import sys
import types

import keras
import pytest
import tensorflow as tf

from tfdogs.errors import TfdogsError
from tfdogs.training.callbacks import metrics_log
from tfdogs.training.callbacks.decoration import Decoration
from tfdogs.training.callbacks.divergence import Divergence
from tfdogs.training.callbacks.every_kimg import EveryKimg
from tfdogs.training.callbacks.metrics_log import MetricsLog
from tfdogs.training.callbacks.progress import Progress
from tfdogs.training.callbacks.stop import Stop


class Model(types.SimpleNamespace):
    """Stands for a GAN: it sees `batch` images a batch."""

    def __init__(self, seen=0, metrics=()):
        images_seen = tf.Variable(seen, dtype=tf.int64)
        super().__init__(images_seen=images_seen, metrics=metrics, stop_training=False, resets=0)

    def reset_metrics(self):
        self.resets += 1


def play(callback, model, batches, *, batch_size=64, logs=None):
    callback.set_model(model)
    callback.on_train_begin()
    for batch in range(batches):
        model.images_seen.assign_add(batch_size)
        callback.on_train_batch_end(batch, dict(logs or {}))
        if model.stop_training:
            break
    callback.on_train_end()


class Noted(EveryKimg):
    def __init__(self, kimg, **kwargs):
        super().__init__(kimg, **kwargs)
        self.moments = []

    def act(self, images_seen, logs):
        self.moments.append(images_seen)


def test_every_kimg_acts_when_a_multiple_is_passed():
    noted = Noted(0.1)
    play(noted, Model(), 5)
    assert noted.moments == [128, 256, 320]


def test_every_kimg_acts_once_however_many_multiples_a_batch_passes():
    noted = Noted(0.01)
    play(noted, Model(), 2)
    assert noted.moments == [64, 128]


def test_every_kimg_after_a_resume_acts_at_the_same_moments():
    whole, halves = Noted(0.1), [Noted(0.1), Noted(0.1)]
    play(whole, Model(), 8)
    play(halves[0], Model(), 3)
    play(halves[1], Model(3 * 64), 5)
    assert whole.moments == halves[0].moments + halves[1].moments


def test_every_kimg_at_start_and_at_end():
    noted = Noted(0.1, at_start=True, at_end=True)
    play(noted, Model(), 3)
    assert noted.moments == [0, 128, 192]
    resumed = Noted(0.1, at_start=True, at_end=True)
    play(resumed, Model(192), 0)
    assert resumed.moments == []


@pytest.mark.parametrize("kimg", [0, -1, float("nan")])
def test_every_kimg_refuses(kimg):
    with pytest.raises(ValueError, match="Received: kimg="):
        Noted(kimg)


def test_divergence():
    play(Divergence(), Model(), 2, logs={"d_loss": 1.0})
    with pytest.raises(TfdogsError, match=r"kimg 0\.064: g_loss not finite"):
        play(Divergence(), Model(), 1, logs={"d_loss": 1.0, "g_loss": float("nan")})


def test_metrics_log_writes_lines_and_resets(tmp_path):
    model = Model()
    play(MetricsLog(tmp_path, 0.128), model, 5, logs={"d_loss": tf.constant(0.5)})
    lines = metrics_log.read(tmp_path / "metrics.jsonl")
    assert [line["kimg"] for line in lines] == [0.128, 0.256, 0.32]
    assert all(line["d_loss"] == 0.5 for line in lines)
    seconds = [line["seconds"] for line in lines]
    assert seconds == sorted(seconds) and model.resets == 3


def test_a_metric_that_saw_nothing_is_left_out(tmp_path):
    due, idle, other = keras.metrics.Mean("r1"), keras.metrics.Mean("r2"), types.SimpleNamespace(name="other")
    due.update_state(3.0)
    idle.update_state(3.0, sample_weight=0.0)
    logs = {"r1": due.result(), "r2": idle.result(), "other": 1.0, "d_loss": 0.5}
    play(MetricsLog(tmp_path, 0.064), Model(metrics=[due, idle, other]), 1, logs=logs)
    (line,) = metrics_log.read(tmp_path / "metrics.jsonl")
    assert line["r1"] == 3.0 and line["d_loss"] == 0.5 and line["other"] == 1.0 and "r2" not in line


def test_metrics_log_drops_what_lies_beyond_the_checkpoint(tmp_path):
    text = "".join(json.dumps({"kimg": k, "seconds": 10 * k}) + "\n" for k in (0.064, 0.128, 0.192))
    (tmp_path / "metrics.jsonl").write_text(text + '{"kimg": 0.2')  # a kill cut the last line short
    play(MetricsLog(tmp_path, 0.064), Model(128), 1)
    lines = metrics_log.read(tmp_path / "metrics.jsonl")
    assert [line["kimg"] for line in lines] == [0.064, 0.128, 0.192]
    assert lines[-1]["seconds"] >= 1.28  # time goes on from the line before


def test_metrics_log_keeps_the_line_of_the_checkpoint_itself(tmp_path):
    assert 128.448 * 1000 > 128448  # rounding
    (tmp_path / "metrics.jsonl").write_text(json.dumps({"kimg": 128.448, "seconds": 9.0}) + "\n")
    play(MetricsLog(tmp_path, 1.0), Model(128448), 0)
    assert [line["kimg"] for line in metrics_log.read(tmp_path / "metrics.jsonl")] == [128.448]


def test_metrics_reach_tensorboard(tmp_path):
    play(MetricsLog(tmp_path, 0.064), Model(), 2, logs={"d_loss": 0.25})
    (events,) = (tmp_path / "tensorboard").iterdir()
    scalars = {}
    for event in tf.compat.v1.train.summary_iterator(str(events)):
        for value in event.summary.value:
            scalars.setdefault(value.tag, []).append((event.step, float(tf.make_ndarray(value.tensor))))
    assert scalars["d_loss"] == [(64, 0.25), (128, 0.25)]
    assert {"kimg", "images_per_second", "seconds"} <= scalars.keys()


def test_time_that_the_clock_leaves_out_does_not_count(tmp_path):
    ticks = iter(range(0, 1000, 2))  # seconds
    play(MetricsLog(tmp_path, 0.064, clock=lambda: next(ticks)), Model(), 2)
    lines = metrics_log.read(tmp_path / "metrics.jsonl")
    assert [(line["seconds"], line["images_per_second"]) for line in lines] == [(2.0, 32.0), (4.0, 32.0)]
    out, ticks = io.StringIO(), iter(range(0, 1000, 2))
    play(Progress(320, seconds=0.0, file=out, clock=lambda: next(ticks)), Model(), 1)
    assert out.getvalue() == "0.1/0.3 kimg, 32 img/s, ETA 00:08\n"


def test_progress_in_plain_lines():
    out = io.StringIO()
    play(Progress(1000, seconds=0.0, file=out), Model(), 2, logs={"d_real": 0.5, "d_fake": 0.25})
    lines = out.getvalue().splitlines()
    assert len(lines) == 2
    assert (
        lines[0].startswith("0.1/1.0 kimg") and "d_real 0.50, d_fake 0.25" in lines[0] and "ETA" in lines[0]
    )


def test_a_log_on_a_full_disk_does_not_end_training(monkeypatch):
    full = io.StringIO()
    full.write = lambda text: (_ for _ in ()).throw(OSError(28, "No space left on device"))
    play(Progress(1000, seconds=0.0, file=full), Model(), 2)
    monkeypatch.setattr(sys, "stderr", full)
    with Decoration("sheets")():
        raise OSError(28, "No space left on device")


def test_progress_as_a_bar():
    out = io.StringIO()
    out.isatty = lambda: True
    play(Progress(1000, file=out), Model(), 2)
    assert "kimg" in out.getvalue() and "\r" in out.getvalue()


def test_stop_on_a_signal_and_gives_the_handlers_back():
    before = [signal.getsignal(number) for number in Stop.SIGNALS]
    stop, model = Stop(), Model()
    stop.set_model(model)
    stop.on_train_begin()
    os.kill(os.getpid(), signal.SIGTERM)
    stop.on_train_batch_end(0)
    assert model.stop_training and stop.reason == "SIGTERM"
    assert [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)] == before[:2]
    assert signal.getsignal(signal.SIGHUP) == signal.SIG_IGN
    stop.restore()
    assert stop.signalled and [signal.getsignal(number) for number in Stop.SIGNALS] == before


@pytest.mark.parametrize("first", [signal.SIGHUP, signal.SIGTERM])
def test_a_terminal_that_closes_ends_fit_and_its_second_signal_cuts_nothing(first):
    """The system sends SIGHUP, and so does the shell; systemd sends it after SIGTERM."""
    before, stop, model = signal.getsignal(signal.SIGHUP), Stop(), Model()
    stop.set_model(model)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    try:
        stop.on_train_begin()
        for number in (first, signal.SIGHUP):
            os.kill(os.getpid(), number)
            stop.on_train_batch_end(0)
        assert model.stop_training and stop.reason == first.name and stop.signalled
        stop.restore()
        assert signal.getsignal(signal.SIGHUP) == signal.SIG_DFL
    finally:
        signal.signal(signal.SIGHUP, before)


def test_a_terminal_that_closes_is_ignored_under_nohup():
    before, stop = signal.signal(signal.SIGHUP, signal.SIG_IGN), Stop()
    try:
        stop.on_train_begin()
        os.kill(os.getpid(), signal.SIGHUP)
        stop.restore()
        assert stop.reason is None and signal.getsignal(signal.SIGHUP) == signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)


def test_stop_keeps_the_signals_until_all_is_saved():
    stop = Stop()
    before = [signal.getsignal(number) for number in Stop.SIGNALS]
    play(stop, Model(), 1)
    assert [signal.getsignal(number) for number in Stop.SIGNALS] != before
    stop.restore()
    assert [signal.getsignal(number) for number in Stop.SIGNALS] == before


def test_stop_when_time_is_over_or_has_no_limit():
    for seconds, reason in ((1e-9, "time"), (0.0, None), (1e6, None)):
        stop, model = Stop(seconds), Model()
        play(stop, model, 1)
        stop.restore()
        assert stop.reason == reason and not stop.signalled and model.stop_training == (reason is not None)
