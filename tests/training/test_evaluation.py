"""Training that scores itself, from configuration to files."""

import dataclasses
import functools
import json
import os
import signal
from pathlib import Path

import numpy as np
import pytest

from tfdogs.data.ingest import prepare
from tfdogs.data.prepare_config import PrepareConfig
from tfdogs.errors import TfdogsError, UsageError
from tfdogs.metrics import collapse, extractors, history
from tfdogs.metrics.evaluator import Evaluator
from tfdogs.metrics.extraction import extract
from tfdogs.metrics.image_sets.arrays import Arrays
from tfdogs.metrics.reference import Reference
from tfdogs.sampling.labels import DataLabels
from tfdogs.sampling.sampler import Sampler
from tfdogs.training import evaluation, run
from tfdogs.training.callbacks import metrics_log
from tfdogs.training.callbacks.collapse_alarm import CollapseAlarm
from tfdogs.training.callbacks.evaluate import Evaluate
from tfdogs.training.checkpoints import Checkpoints
from tfdogs.training.config import TrainConfig
from tfdogs.training.evaluation import RunEvaluation
from tfdogs.training.flags.evaluation import DECIDING

QUICK = {  # quickly traced and quickly scored
    "model": "mlp",
    "augment": "",
    "r1": 0.0,
    "g_channels": 1,
    "d_channels": 1,
    "eval_kimg": 0.008,
    "eval_images": 20,
    "eval_metrics": "fid,dog_score",
}


@pytest.fixture
def make_evaluated(make_config, make_extractor, monkeypatch, tmp_path_factory):
    """Returns a maker of small configurations with evaluations."""
    monkeypatch.setattr(extractors, "get", lambda name, **_: make_extractor())
    cache = str(tmp_path_factory.getbasetemp() / "features")  # the reals' features are made once
    return lambda **changes: make_config(**{**QUICK, "cache_dir": cache, **changes})


def lines(config):
    return metrics_log.read(Path(config.model_dir, Evaluate.FILE_NAME))


def weights(config):
    gan = run.build(config, run.load_card(Path(config.model_dir)))
    Checkpoints(Path(config.model_dir, "checkpoints"), gan).restore()
    networks = (gan.generator, gan.discriminator, gan.ema_generator)
    values = [weight.numpy() for network in networks for weight in network.weights]
    return values + [slot.numpy() for slot in (*gan.g_optimizer.variables, *gan.d_optimizer.variables)]


def without_seconds(found):
    return [{name: value for name, value in line.items() if name != "seconds"} for line in found]


def test_a_run_scores_itself_and_trains_as_without(make_evaluated, tmp_path, capsys):
    dcgan = {"model": "dcgan", "augment": "brightness"}
    config = make_evaluated(**dcgan, eval_metrics=TrainConfig.eval_metrics)
    run.train(config)
    found = lines(config)
    assert [line["kimg"] for line in found] == [0.0, 0.008, 0.016]
    for line in found:
        assert {"fid", "kid", "memorization_distance", "dog_score"} <= line["scores"].keys()
        assert line["scores"]["fid"]["title"] == "FID (Fields)" and line["scores"]["fid"]["error"] > 0
        assert line["num_fakes"] == 20 and line["stamp"]["extractor"] == "fields" and line["seconds"] > 0
        assert line["memorization"]["natural_distance"] > 0
        assert line["spread"]["fakes"]["num_images"] == 20 and line["spread"]["reals"]["breed_entropy"] > 0
        assert "at_end" not in line and line["alarms"] == []
    out = [text for text in capsys.readouterr().out.splitlines() if text.startswith("kimg ")]
    assert len(out) == 3 and out[0].startswith("kimg 0.0: FID (Fields) ") and " ± " in out[0]
    assert "dog score" in out[0].lower()
    bare = make_evaluated(**dcgan, eval_kimg=0.0, model_dir=str(tmp_path / "bare"))
    run.train(bare)
    for a, b in zip(weights(config), weights(bare)):
        np.testing.assert_array_equal(a, b)
    assert not Path(bare.model_dir, Evaluate.FILE_NAME).exists()


def read(config, name):
    return json.loads(Path(config.model_dir, name).read_text())


def test_a_conditional_run_draws_classes_as_the_data_has_them(make_evaluated, monkeypatch):
    drawn, images = [], Sampler.images

    def watched(self, seeds, *, labels=None, truncation=None):
        drawn.append(labels and labels(np.asarray(seeds)).tolist())
        return images(self, seeds, labels=labels, truncation=truncation)

    monkeypatch.setattr(Sampler, "images", watched)
    config = make_evaluated(conditional=True, total_kimg=0.008)
    run.train(config)
    counts = run.Feed(config.data_dir).label_counts
    assert [line["labels"] for line in lines(config)] == ["data"] * 2
    assert drawn.count(DataLabels(counts)(range(20)).tolist()) == 2
    assert read(config, "config.json")["eval_labels"] == read(config, "best/best.json")["labels"] == "data"
    assert read(config, "data.json")["label_counts"] == list(counts)
    assert run.load(config.model_dir).label_counts == counts
    in_turn = dataclasses.replace(config, model_dir=f"{config.model_dir}2", eval_labels="uniform")
    run.train(in_turn)
    assert [line["labels"] for line in lines(in_turn)] == ["uniform"] * 2 and drawn[-1] is None
    fid = [one["scores"]["fid"]["value"] for one in (lines(config)[0], lines(in_turn)[0])]
    assert fid[0] != fid[1]


def without(config, name, *left_out):
    """Takes from a file what earlier versions did not write."""
    path = Path(config.model_dir, name)
    texts = path.read_text().splitlines() if path.suffix == ".jsonl" else [path.read_text()]
    kept = [{k: v for k, v in json.loads(text).items() if k not in left_out} for text in texts]
    path.write_text("".join(json.dumps(values) + "\n" for values in kept))


def test_a_conditional_run_that_was_begun_before_goes_on_in_turn(make_evaluated):
    config = make_evaluated(conditional=True, total_kimg=0.008, eval_labels="uniform")
    run.train(config)
    for name in ("config.json", "data.json", "evaluations.jsonl", "best/best.json"):
        without(config, name, "eval_labels", "label_counts", "labels")
    assert run.load(config.model_dir).config.eval_labels == "uniform"
    for kimg in (0.016, 0.024):
        run.train(dataclasses.replace(config, total_kimg=kimg, eval_labels=""))
    found = lines(config)
    assert [line.get("labels") for line in found] == [None, None, "uniform", "uniform"]
    assert all(history.comparable(line, found[0]) for line in found)
    assert read(config, "config.json")["eval_labels"] == "uniform"
    assert sum(read(config, "data.json")["label_counts"]) == read(config, "data.json")["num_images"]
    run.train(dataclasses.replace(config, total_kimg=0.032, eval_labels="data"))
    assert lines(config)[-1]["labels"] == "data" and lines(config)[-1]["best"]
    assert not history.comparable(lines(config)[-1], found[-1])


def test_signals_in_evaluations_and_resumes_change_nothing(make_evaluated, monkeypatch, tmp_path, capsys):
    whole = make_evaluated(model_dir=str(tmp_path / "whole"), total_kimg=0.02)
    run.train(whole)
    config = make_evaluated(model_dir=str(tmp_path / "stopped"), total_kimg=0.02)
    draw = Evaluate._draw
    signals = [8, 20]  # in the course of training, and when there is nothing left to train

    def interrupted(self):
        if self.images_seen in signals:
            signals.remove(self.images_seen)
            os.kill(os.getpid(), signal.SIGTERM)
        return draw(self)

    monkeypatch.setattr(Evaluate, "_draw", interrupted)
    with pytest.raises(TfdogsError, match=r"SIGTERM at 0\.008 kimg and saved"):
        run.train(config)
    assert [line["kimg"] for line in lines(config)] == [0.0]
    with pytest.raises(TfdogsError, match=r"SIGTERM at 0\.020 kimg and saved"):
        run.train(config)
    assert [line["kimg"] for line in lines(config)] == [0.0, 0.008, 0.016]
    capsys.readouterr()
    run.train(config)
    assert "done already: 0.020 kimg of 0.02" in capsys.readouterr().out
    assert lines(config)[-1]["kimg"] == 0.02 and lines(config)[-1]["at_end"] is True
    assert without_seconds(lines(config)) == without_seconds(lines(whole))
    for a, b in zip(weights(config), weights(whole)):
        np.testing.assert_array_equal(a, b)


def test_an_error_in_an_evaluation_loses_no_training(make_evaluated, monkeypatch, capsys):
    config = make_evaluated(checkpoint_kimg=1.0, max_wall_seconds=0.001)
    run.train(config)
    assert [line["kimg"] for line in lines(config)] == [0.0]  # none when time is over, and it says so
    out = capsys.readouterr().out
    assert "time is over: 0.004 kimg" in out and "its last generator is not scored yet: python -m" in out
    draw = Evaluate._draw

    def failing(self):
        if self.images_seen == 8:
            raise OSError(28, "No space left on device")
        return draw(self)

    monkeypatch.setattr(Evaluate, "_draw", failing)
    config = dataclasses.replace(config, max_wall_seconds=0.0)
    with pytest.raises(TfdogsError, match=r"evaluation at 0\.008 kimg failed, training is saved: .*No space"):
        run.train(config)
    assert run.load(config.model_dir).kimg == 0.008


def test_early_stop_ends_the_run_for_good(make_evaluated, capsys):
    frozen = {"g_lr": 0.0, "d_lr": 0.0}  # what cannot learn does not improve
    config = make_evaluated(total_kimg=1.0, eval_kimg=0.004, early_stop=2, checkpoint_kimg=1.0, **frozen)
    run.train(config)
    assert [line["kimg"] for line in lines(config)] == [0.0, 0.004, 0.008]
    out = capsys.readouterr().out
    assert "done: 0.008 kimg of 1, saved in" in out and "fid has not improved since kimg 0," in out
    assert run.load(config.model_dir).kimg == 0.008
    run.train(config)
    assert "done already" in capsys.readouterr().out and len(lines(config)) == 3
    newest = Path(config.model_dir, "checkpoints", "kimg000000.008")
    newest.rename(newest.with_name(".lost"))  # as if killed before it: the last line is beyond what there is
    assert RunEvaluation(config).over(8) and not RunEvaluation(config).over(7)
    run.train(config)
    assert run.load(config.model_dir).kimg == 0.008 and len(lines(config)) == 3


def test_an_alarm_stops_the_run_where_it_shall(make_evaluated, monkeypatch):
    monkeypatch.setattr(collapse, "judge", lambda *_: ("it is all the same",))
    early = functools.partial(CollapseAlarm, after_kimg=0.004)
    monkeypatch.setattr(evaluation, "CollapseAlarm", early)
    config = make_evaluated(eval_kimg=0.004, on_alarm="stop")
    with pytest.raises(
        TfdogsError, match=r"stopped at 0\.004 kimg and saved: .*collapsed: it is all the same"
    ):
        run.train(config)
    assert run.load(config.model_dir).kimg == 0.004
    before = lines(config)
    assert len(before[1]["alarms"]) == 1 and not before[0]["alarms"]
    with pytest.raises(TfdogsError, match=r"stopped at 0\.004 kimg"):
        run.train(config)
    assert lines(config) == before  # at once
    Path(config.model_dir, Evaluate.FILE_NAME).write_text(json.dumps(before[0]) + "\n")
    with pytest.raises(TfdogsError, match=r"stopped at 0\.004 kimg"):  # a kill, and the alarm is made up for
        run.train(dataclasses.replace(config, total_kimg=0.004))
    assert without_seconds(lines(config)) == without_seconds(before)


def test_a_copying_generator_is_found_out_and_not_kept(make_evaluated, make_extractor, monkeypatch):
    monkeypatch.setattr(extractors, "get", lambda name, **_: make_extractor(imagenet=False))
    config = make_evaluated(eval_metrics=TrainConfig.eval_metrics)
    reals = np.concatenate([images.numpy() for images, _ in run.Feed(config.data_dir).ordered()])
    monkeypatch.setattr(Sampler, "images", lambda self, seeds, **_: reals[np.asarray(seeds) % len(reals)])
    run.train(config)
    for line in lines(config):
        assert line["memorization"]["distance"] < 1e-6
        (alarm,) = line["alarms"]
        assert "copies training images" in alarm and "best" not in line
        # Without ImageNet's classes the default metrics are those that need none.
        assert "dog_score" not in line["scores"] and "fid" in line["scores"]
        assert line["spread"]["fakes"]["breed_entropy"] is None
    names = sorted(path.name for path in Path(config.model_dir, "alarms").iterdir())
    assert names == [f"memorization_kimg000000.{kimg}.png" for kimg in ("000", "008", "016")]
    assert not Path(config.model_dir, "best").exists()


@pytest.mark.parametrize("changes", [{}, {"eval_metrics": TrainConfig.eval_metrics, "best_by": "dog_score"}])
def test_metrics_that_need_imagenet_are_left_out_of_the_default_only(
    make_evaluated, make_extractor, monkeypatch, changes
):
    monkeypatch.setattr(extractors, "get", lambda name, **_: make_extractor(imagenet=False))
    config = make_evaluated(**changes)
    with pytest.raises(UsageError, match="dog_score needs the classes of ImageNet"):
        run.train(config)
    assert not Path(config.model_dir).exists()


def test_one_training_image_is_too_few(make_evaluated, tmp_path):
    data = str(tmp_path / "one")
    prepare(PrepareConfig(images="paper_dogs:1", image_size=28, output_dir=data, workers=1))
    config = make_evaluated(data_dir=data)
    with pytest.raises(UsageError, match="--eval_kimg needs at least two training images"):
        run.train(config)
    assert not Path(config.model_dir).exists()


def test_an_extractor_that_is_not_there_is_told_before_anything_is_written(make_config):
    config = make_config(eval_kimg=1.0, eval_extractor="nowhere/net.keras")
    assert TrainConfig(**config.to_dict()) == config  # as `load` does, where the file need not be any more
    with pytest.raises(UsageError, match=r"--eval_extractor must be .* --eval_extractor=nowhere/net\.keras"):
        run.train(config)
    assert not Path(config.model_dir).exists()


@pytest.mark.parametrize(
    "changes, message",
    [
        ({"early_stop": 3, "eval_kimg": 0.0}, "--early_stop needs evaluations: give --eval_kimg"),
        ({"on_alarm": "stop", "eval_kimg": 0.0}, "--on_alarm needs evaluations: give --eval_kimg"),
        ({"eval_metrics": "fid,beauty"}, "--eval_metrics must be made of fid,.*beauty"),
        ({"eval_metrics": " , "}, "--eval_metrics must be made of fid,"),
        ({"best_by": "kid", "eval_metrics": "fid"}, "--best_by needs kid among"),
        ({"best_by": "recall"}, "--best_by must be one of fid, kid, dog_score. Received"),
        ({"inception_path": "x"}, "--inception_path goes with --eval_extractor=inception_v3"),
        ({"extractor_range": "0_1"}, "--extractor_range goes with an --eval_extractor that is a path"),
        ({"extractor_range": "0_2", "eval_extractor": "x"}, "--extractor_range must be one of .*, 0_255"),
        ({"on_alarm": "panic"}, "--on_alarm must be one of warn, stop"),
        ({"eval_images": 1}, "--eval_images must be at least 10"),
    ],
)
def test_illegal_flags(make_config, changes, message):
    with pytest.raises(UsageError, match=message):
        make_config(**{"eval_kimg": 1.0, **changes})


def test_evaluation_is_run_control(make_config):
    evaluated = make_config(
        eval_kimg=1.0, eval_images=99, eval_metrics="kid", best_by="kid", early_stop=3, on_alarm="stop",
        cache_dir="elsewhere", eval_extractor="inception_v3", inception_path="p",
    )  # fmt: skip
    assert make_config().diff(evaluated) == []


def test_every_deciding_score_has_an_error(make_extractor):
    extractor = make_extractor()
    reals, fakes = np.random.default_rng(0).integers(0, 256, (2, 1001, 8, 8, 3), np.uint8)
    reference = Reference(extract(Arrays(reals), extractor))
    found = Evaluator(extractor, reference, metrics=DECIDING).evaluate(Arrays(fakes[:20]))
    for name in DECIDING:
        assert found[name].error > 0 and found[name].better
