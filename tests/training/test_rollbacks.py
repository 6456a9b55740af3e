"""A run that diverges goes back to its last good state, with half the learning rates."""

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from tfdogs.errors import TfdogsError
from tfdogs.metrics import extractors, history
from tfdogs.training import run
from tfdogs.training.callbacks.divergence import Divergence
from tfdogs.training.checkpoints import Checkpoints
from tfdogs.training.rollbacks import Rollbacks, kimg_of


@pytest.fixture
def diverge(monkeypatch):
    """Returns a function that makes training diverge the next times that it has seen so many images."""
    moments, check = [], Divergence.on_train_batch_end

    def on_train_batch_end(self, batch, logs=None):
        if moments and int(self.model.images_seen.numpy()) == moments[0]:
            moments.pop(0)
            logs = {"d_loss": tf.constant(float("nan"))}
        check(self, batch, logs)

    monkeypatch.setattr(Divergence, "on_train_batch_end", on_train_batch_end)
    return moments.extend


def weights(config):
    """What the run has learned, and its learning rates."""
    gan = run.load(config.model_dir).gan
    rates = [optimizer.learning_rate.numpy() for optimizer in (gan.g_optimizer, gan.d_optimizer)]
    return [weight.numpy() for weight in (*gan.generator.weights, *gan.discriminator.weights)], rates


def lines(config):
    text = Path(config.model_dir, "rollbacks.jsonl").read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines()]


def test_before_the_first_checkpoint_it_begins_anew_with_half(make_config, tmp_path, diverge, capsys):
    config = make_config(model="mlp", r1=0.0, checkpoint_kimg=500.0, g_lr=1e-3, d_lr=2e-3)
    diverge([12])
    run.train(config)
    told = "training has diverged at kimg 0.012: d_loss not finite: rollback 1 of 3, to the weights of the "
    assert told + "beginning, from now on with --g_lr=0.0005 and --d_lr=0.001" in capsys.readouterr().out
    assert lines(config) == [
        {"kimg": 0.012, "reason": "d_loss not finite", "back_to": 0.0, "g_lr": 0.0005, "d_lr": 0.001}
    ]
    half = dataclasses.replace(config, model_dir=str(tmp_path / "half"), g_lr=5e-4, d_lr=1e-3)
    run.train(half)
    for ours, theirs in zip(weights(config)[0], weights(half)[0]):
        np.testing.assert_array_equal(ours, theirs)


def test_it_goes_back_to_the_checkpoint_and_a_resumed_run_keeps_its_rates(make_config, diverge):
    config = make_config(model="mlp", r1=0.0, checkpoint_kimg=0.008, g_lr=1e-3, d_lr=2e-3)
    diverge([12, 12])
    run.train(config)
    assert [(line["back_to"], line["g_lr"]) for line in lines(config)] == [(0.008, 5e-4), (0.008, 2.5e-4)]
    np.testing.assert_allclose(weights(config)[1], [2.5e-4, 5e-4])
    run.train(dataclasses.replace(config, total_kimg=0.024))
    np.testing.assert_allclose(weights(config)[1], [2.5e-4, 5e-4])
    text = Path(config.model_dir, "metrics.jsonl").read_text(encoding="utf-8")
    kimg = [json.loads(line)["kimg"] for line in text.splitlines()]
    assert kimg == [0.008, 0.016, 0.024]


def test_after_three_it_gives_up_with_a_report(make_config, diverge):
    config = make_config(model="mlp", r1=0.0, checkpoint_kimg=0.008)
    diverge([12] * 4)
    with pytest.raises(TfdogsError) as caught:
        run.train(config)
    report = str(caught.value)
    assert report.startswith("training has diverged at kimg 0.012: d_loss not finite. 3 rollbacks did not")
    assert report.count("at 0.012 kimg back to 0.008") == 3 and "with another --model_dir" in report
    assert len(lines(config)) == 3 and run.load(config.model_dir).kimg == 0.008


STARTS = [
    (0.008, "checkpoint .*kimg000000.008", "with another --model_dir"),
    (500.0, "the beginning", "once .* is deleted"),  # which takes nothing with it
]


@pytest.mark.parametrize(("kimg", "start", "place"), STARTS)
def test_it_can_stop_instead(make_config, diverge, kimg, start, place):
    config = make_config(model="mlp", r1=0.0, checkpoint_kimg=kimg, on_divergence="stop")
    diverge([12])
    with pytest.raises(
        TfdogsError, match=f"on_divergence=rollback to go back to .*{start} and half .*{place}$"
    ):
        run.train(config)
    assert not Path(config.model_dir, "rollbacks.jsonl").exists()


def test_scheduled_rates_are_lowered_too(make_config, diverge):
    config = make_config(model="mlp", r1=0.0, schedule_kimg=1.0, lr_end=0.5, g_lr=1e-3)
    diverge([12])
    run.train(config)
    lowered = Rollbacks(config.model_dir, 0.016).lowered(config)
    assert (lowered.g_lr, lowered.d_lr) == (5e-4, config.d_lr / 2)
    assert lines(config)[0]["g_lr"] == 5e-4


def test_rollbacks_of_a_later_state_are_of_another_training(tmp_path, make_config):
    text = "".join(json.dumps({"kimg": k + 1, "back_to": k}) + "\n" for k in (0.0, 8.0))
    (tmp_path / "rollbacks.jsonl").write_text(text)
    config = make_config()
    factors = [Rollbacks(tmp_path, newest).lowered(config).g_lr / config.g_lr for newest in (0.0, 7.0, 8.0)]
    assert factors == [0.5, 0.5, 0.25]
    assert kimg_of(None) == 0 and kimg_of("runs/kimg000012.345") == 12.345


def test_they_do_not_count_again_once_that_training_has_come_as_far(make_config):
    config = make_config(model="mlp", r1=0.0, checkpoint_kimg=0.008)
    path = Path(config.model_dir, "rollbacks.jsonl")
    run.train(config)
    path.write_text("".join(json.dumps({"kimg": 9.0, "back_to": k}) + "\n" for k in (0.008, 0.02)))
    run.train(dataclasses.replace(config, total_kimg=0.024))
    assert [line["back_to"] for line in lines(config)] == [0.008]


@pytest.fixture
def make_scored(make_config, make_extractor, monkeypatch, tmp_path):
    """Returns a maker of configurations that score; the best is the latest generator before a rollback."""
    monkeypatch.setattr(extractors, "get", lambda name, **_: make_extractor())
    rolled_back = tmp_path / "run/rollbacks.jsonl"
    monkeypatch.setattr(history, "improves", lambda new, old: not rolled_back.exists())
    scored = {"eval_kimg": 0.008, "eval_images": 20, "eval_metrics": "fid", "cache_dir": str(tmp_path / "c")}
    return lambda **changes: make_config(**{"model": "mlp", "r1": 0.0, **scored, **changes})


def test_the_best_generator_of_the_abandoned_stretch_stays_but_is_not_the_later_one(make_scored, diverge):
    config = make_scored(checkpoint_kimg=500.0, log_kimg=0.004, total_kimg=0.024)
    diverge([20])
    run.train(config)
    told = history.read(Path(config.model_dir, "evaluations.jsonl"))
    assert [line["kimg"] for line in told] == [0.0, 0.008, 0.016, 0.024]
    assert [line["kimg"] for line in told if line.get("best")] == [0.0]  # as was true then
    text = Path(config.model_dir, "metrics.jsonl").read_text(encoding="utf-8")
    logged = [json.loads(line)["kimg"] for line in text.splitlines()]
    assert logged == [0.004, 0.008, 0.012, 0.016, 0.02, 0.024]
    best = run.load(config.model_dir, best=True).best
    assert best["kimg"] == 0.016 and best["abandoned"]
    (line,) = history.of_generator(told, 0.016, best)
    assert line["scores"]["fid"]["value"] == best["value"] != told[2]["scores"]["fid"]["value"]
    assert history.of_generator(told, 0.016)[-1] == told[2]
    assert not any(line["best"] for line in history.with_best(told, best))


def test_a_best_generator_from_before_the_checkpoint_is_the_runs(make_scored, diverge):
    config = make_scored(checkpoint_kimg=0.008)
    diverge([12])
    run.train(config)
    best = history.kept(config.model_dir)
    assert best["kimg"] == 0.008 and not best["abandoned"]
    told = history.read(Path(config.model_dir, "evaluations.jsonl"))
    assert history.of_generator(told, 0.008, best) == told[:2] and history.with_best(told, best) == told


def test_sheets_of_the_abandoned_stretch_are_removed(make_config, diverge):
    config = make_config(model="mlp", r1=0.0, checkpoint_kimg=500.0)
    run.train(dataclasses.replace(config, total_kimg=0.004))
    sheets = Path(config.model_dir, "samples")
    for name in ("fakes000026.png", "fakes000026 mine.png"):
        (sheets / name).write_bytes(b"")
    diverge([8])
    run.train(config)
    names = {path.name for path in sheets.iterdir()}
    assert names == {"reals.png", "fakes000000.png", "fakes000026 mine.png"}


def test_a_damaged_file_is_named(tmp_path):
    (tmp_path / "rollbacks.jsonl").write_text("{")
    with pytest.raises(TfdogsError, match=r"rollbacks\.jsonl is damaged .* remove it"):
        Rollbacks(tmp_path)


def test_a_rollback_restores_what_a_checkpoint_holds_but_the_rates(make_config, diverge):
    """The rate is a variable of the optimizer and so in the checkpoint."""
    config = make_config(model="mlp", r1=0.0, checkpoint_kimg=0.008, g_lr=1e-3)
    run.train(config)
    gan = run.build(config, run.load_card(config.model_dir))
    gan.g_optimizer.learning_rate.assign(7.0)
    Checkpoints(Path(config.model_dir, "checkpoints"), gan).restore()
    assert float(gan.g_optimizer.learning_rate) == pytest.approx(1e-3)
