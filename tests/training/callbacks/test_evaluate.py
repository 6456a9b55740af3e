import json
import types

import numpy as np
import pytest
import tensorflow as tf

from tfdogs.metrics.evaluator import Evaluator
from tfdogs.metrics.extraction import extract
from tfdogs.metrics.image_sets.arrays import Arrays
from tfdogs.metrics.reference import Reference
from tfdogs.training.callbacks import metrics_log
from tfdogs.training.callbacks.evaluate import Evaluate


class Sampler:
    """Draws noise of a mean that tells how many images were seen."""

    generator, num_classes = tf.Module(), 0

    def __init__(self, model):
        self._model = model

    def images(self, seeds, *, labels=None, truncation=None):
        mean = 50 + int(self._model.images_seen.numpy()) % 100
        noise = [np.random.default_rng(seed).integers(0, 100, (8, 8, 3)) for seed in seeds]
        return (np.stack(noise) + mean).astype(np.uint8)


class Model:
    """Stands for a GAN."""

    def __init__(self, seen=0):
        self.images_seen = tf.Variable(seen, dtype=tf.int64)
        self.stop_training = False
        self.sampler = Sampler(self)


@pytest.fixture(scope="module")
def evaluator(make_extractor):
    images = np.random.default_rng(0).integers(0, 200, (40, 8, 8, 3), np.uint8)
    extractor = make_extractor()
    reference = Reference(extract(Arrays(images), extractor))
    return Evaluator(extractor, reference, metrics=["fid", "dog_score"], bootstrap=2, per_image=False)


def play(callback, model, batches, batch_size=10):
    """Plays `fit`."""
    callback.set_model(model)
    callback.on_train_begin()
    for batch in range(batches):
        model.images_seen.assign_add(batch_size)
        callback.on_train_batch_end(batch)
        if model.stop_training:
            break
    callback.on_train_end()


def make(evaluator, directory, **options):
    return Evaluate(evaluator, directory, 0.02, num_images=12, **options)


def kimgs(directory):
    return [line["kimg"] for line in metrics_log.read(directory / Evaluate.FILE_NAME)]


def test_evaluates_at_the_start_at_each_moment_and_at_the_end(evaluator, tmp_path, capsys):
    play(make(evaluator, tmp_path), Model(), 5)
    lines = metrics_log.read(tmp_path / Evaluate.FILE_NAME)
    assert [line["kimg"] for line in lines] == [0.0, 0.02, 0.04, 0.05]
    assert [line.get("at_end", False) for line in lines] == [False, False, False, True]
    assert len({line["scores"]["fid"]["value"] for line in lines}) == 4
    assert lines[0]["scores"]["fid"]["better"] == "lower"
    assert (lines[0]["num_fakes"], lines[0]["num_reals"]) == (12, 40)
    assert [text.split(":")[0] for text in capsys.readouterr().out.splitlines()] == [
        "kimg 0.0", "kimg 0.0", "kimg 0.0", "kimg 0.1",
    ]  # fmt: skip


def test_scores_are_in_tensorboard(evaluator, tmp_path):
    play(make(evaluator, tmp_path), Model(), 2)
    (path,) = (tmp_path / "tensorboard").glob("events*")
    events = [
        tf.compat.v1.Event.FromString(r) for r in tf.data.TFRecordDataset(str(path)).as_numpy_iterator()
    ]
    found = {(event.step, value.tag) for event in events for value in event.summary.value}
    assert {(0, "evaluation/fid"), (20, "evaluation/fid"), (20, "evaluation/dog_score")} <= found


def test_lines_beyond_the_checkpoint_and_cut_ones_are_dropped(evaluator, tmp_path):
    play(make(evaluator, tmp_path), Model(), 6)
    before = metrics_log.read(tmp_path / Evaluate.FILE_NAME)
    with (tmp_path / Evaluate.FILE_NAME).open("a") as file:
        file.write('{"kimg": 0.0')
    play(make(evaluator, tmp_path), Model(seen=30), 3)
    after = metrics_log.read(tmp_path / Evaluate.FILE_NAME)
    assert [line["scores"] for line in after] == [line["scores"] for line in before]


@pytest.mark.parametrize("seen", [2007, 2011, 1001])
def test_no_line_is_lost_to_rounding(seen, evaluator, tmp_path):
    rest = {"scores": {}, "alarms": [], "stamp": {}, "num_fakes": 1, "num_reals": 1}
    line = json.dumps({"kimg": seen / 1000, **rest}) + "\n"
    (tmp_path / Evaluate.FILE_NAME).write_text(line)
    callback = Evaluate(evaluator, tmp_path, 1.0)
    callback.set_model(Model(seen))
    callback.on_train_begin()
    assert (tmp_path / Evaluate.FILE_NAME).read_text() == line


def test_a_missed_evaluation_is_made_up_for(evaluator, tmp_path):
    play(make(evaluator, tmp_path), Model(), 2)
    (tmp_path / Evaluate.FILE_NAME).write_text("")
    play(make(evaluator, tmp_path), Model(seen=30), 1)
    assert kimgs(tmp_path) == [0.03, 0.04]
    play(make(evaluator, tmp_path), Model(seen=50), 1)
    assert kimgs(tmp_path) == [0.03, 0.04, 0.06]


def test_an_interrupted_evaluation_leaves_no_line_and_ends_fit(evaluator, tmp_path):
    model = Model()
    play(make(evaluator, tmp_path, interrupted=lambda: model.images_seen >= 20), model, 9)
    assert int(model.images_seen) == 20 and kimgs(tmp_path) == [0.0]
    play(make(evaluator, tmp_path), Model(seen=20), 1)
    assert kimgs(tmp_path) == [0.0, 0.02, 0.03]


def test_no_evaluation_at_the_end_in_haste_and_it_is_made_up_for(evaluator, tmp_path):
    play(make(evaluator, tmp_path, hasty=lambda: True), Model(), 3)
    assert kimgs(tmp_path) == [0.0, 0.02]
    play(make(evaluator, tmp_path), Model(seen=30), 0)
    assert kimgs(tmp_path) == [0.0, 0.02, 0.03]
    assert metrics_log.read(tmp_path / Evaluate.FILE_NAME)[-1]["at_end"] is True
    play(make(evaluator, tmp_path), Model(seen=30), 0)
    assert kimgs(tmp_path) == [0.0, 0.02, 0.03]
    play(make(evaluator, tmp_path), Model(seen=30), 3)
    assert kimgs(tmp_path) == [0.0, 0.02, 0.03, 0.04, 0.06]


def test_says_how_long_it_took_and_whether_it_failed(evaluator, tmp_path):
    callback = make(evaluator, tmp_path)
    play(callback, Model(), 2)
    lines = metrics_log.read(tmp_path / Evaluate.FILE_NAME)
    assert callback.seconds > sum(line["seconds"] for line in lines) - 0.002 > 0 and not callback.failed

    def fail(*_, **__):
        raise ValueError("no idea")

    callback = make(evaluator, tmp_path, then=[types.SimpleNamespace(on_evaluation=fail)])
    with pytest.raises(ValueError, match="no idea"):
        play(callback, Model(seen=30), 1)
    assert callback.failed


def test_listeners_are_told_in_order_and_have_their_say(evaluator, tmp_path, capsys):
    told = []

    class Listener:
        def __init__(self, says):
            self.says = says

        def on_evaluation(self, kimg, evaluation, history, *, model, fakes):
            told.append((self.says, kimg, evaluation["fid"].value, [line["kimg"] for line in history]))
            assert history[-1]["scores"]["fid"]["value"] == evaluation["fid"].value
            before = says[: says.index(self.says)]
            assert history[-1]["alarms"] == [one["alarm"] for one in before if one]
            assert fakes.pool.shape == (12, 48) and fakes.probabilities.shape == (12, 1000)
            np.testing.assert_array_equal(fakes.image_set.image(3), model.sampler.images([3])[0])
            return self.says

    says = [None, {"alarm": "fire", "smoke": 1}, {"alarm": "water"}]
    play(make(evaluator, tmp_path, then=map(Listener, says)), Model(), 2)
    assert [(what, kimg, history) for what, kimg, _, history in told] == [
        *((what, 0.0, [0.0]) for what in says),
        *((what, 0.02, [0.0, 0.02]) for what in says),
    ]
    line = metrics_log.read(tmp_path / Evaluate.FILE_NAME)[-1]
    assert line["alarms"] == ["fire", "water"] and line["smoke"] == 1 and "alarm" not in line
    assert capsys.readouterr().out.count("ALARM: fire\n") == 2


def test_an_extractor_without_classes(make_extractor, tmp_path):
    extractor = make_extractor(imagenet=False)
    images = np.random.default_rng(0).integers(0, 200, (40, 8, 8, 3), np.uint8)
    evaluator = Evaluator(extractor, Reference(extract(Arrays(images), extractor)), metrics=["fid"])
    seen = []
    listener = types.SimpleNamespace(on_evaluation=lambda *_, fakes, **__: seen.append(fakes.probabilities))
    play(make(evaluator, tmp_path, then=[listener]), Model(), 1)
    assert seen == [None, None]
