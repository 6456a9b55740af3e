import dataclasses
import json
import shutil
import types
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfdogs import cli, generate
from tfdogs.errors import TfdogsError, UsageError
from tfdogs.sampling.config import GenerateConfig
from tfdogs.training import disk, run
from tfdogs.training.callbacks import best_generator
from tfdogs.training.callbacks.best_generator import BestGenerator, abandon, load_best
from tfdogs.training.checkpoints import Checkpoints
from tfdogs.training.config import TrainConfig


def network(units=2):
    return keras.Sequential([keras.Input((3,)), keras.layers.Dense(units)])


class Run:
    """Plays evaluations of a generator whose weights are all the value that is to be scored."""

    def __init__(self, directory, metric="fid"):
        self.directory = directory
        self.generator = network()
        self.best = BestGenerator(directory, metric)

    def score(self, kimg, value, error=1.0, *, weight=None, better="lower", **facts):
        for variable in self.generator.weights:
            variable.assign(tf.fill(variable.shape, float(kimg if weight is None else weight)))
        scores = {self.best.metric: {"title": "T", "value": value, "error": error, "better": better}}
        protocol = {"num_fakes": 20, "num_reals": 60, "stamp": {"extractor": "a"}}
        line = {"kimg": kimg, "scores": scores, "alarms": [], **protocol, **facts}
        model = types.SimpleNamespace(sampler=types.SimpleNamespace(generator=self.generator))
        return self.best.on_evaluation(kimg, None, [line], model=model, fakes=None)

    def kept(self):
        """Returns the kept generator's kimg, which its weights have to show."""
        generator = network()
        facts = load_best(self.directory, generator)
        assert all((weight.numpy() == facts["kimg"]).all() for weight in generator.weights)
        return facts["kimg"]


def test_keeps_what_is_better_by_more_than_the_error(tmp_path):
    play = Run(tmp_path)
    assert play.score(0.0, 50.0) == {"best": True} and play.kept() == 0
    assert play.score(10.0, 48.6) is None and play.kept() == 0  # 1.4 is under sqrt(1 + 1)
    assert play.score(20.0, 48.5) == {"best": True} and play.kept() == 20
    assert play.score(30.0, 60.0) is None
    assert play.score(40.0, 48.4, None) is None and play.score(50.0, 47.4, None) == {"best": True}
    assert play.kept() == 50
    names = sorted(path.name for path in (tmp_path / "best").iterdir())
    assert names == ["best.json", "kimg000050.000.data-00000-of-00001", "kimg000050.000.index"]


def test_other_labels_are_another_measure(tmp_path):
    play = Run(tmp_path)
    assert play.score(0.0, 50.0) == {"best": True}  # as of an earlier version, which did not tell
    assert play.score(10.0, 60.0, labels="uniform") is None and play.kept() == 0
    assert play.score(20.0, 70.0, labels="data") == {"best": True} and play.kept() == 20
    assert play.score(30.0, 80.0, labels="data") is None


def test_higher_can_be_better(tmp_path):
    play = Run(tmp_path, "dog_score")
    play.score(0.0, 0.3, 0.01, better="higher")
    assert play.score(1.0, 0.2, 0.01, better="higher") is None
    assert play.score(2.0, 0.4, 0.01, better="higher") and play.kept() == 2


def test_a_resumed_run_knows_its_best(tmp_path):
    Run(tmp_path).score(30.0, 40.0)
    resumed = Run(tmp_path)
    assert resumed.score(20.0, 50.0) is None and resumed.kept() == 30  # resumed from before it
    before = (tmp_path / "best" / "best.json").stat().st_mtime_ns
    assert resumed.score(30.0, 40.0) == {"best": True} and resumed.kept() == 30  # it is the one
    assert (tmp_path / "best" / "best.json").stat().st_mtime_ns == before
    assert resumed.score(40.0, 30.0) and resumed.kept() == 40


def test_one_that_training_went_back_from_stays_until_another_is_better(tmp_path):
    play = Run(tmp_path)
    play.score(30.0, 40.0)
    abandon(tmp_path, 30.0)  # it went back to that very moment
    assert play.score(30.0, 40.0) == {"best": True}
    abandon(tmp_path, 20.0)
    assert play.score(30.0, 39.0) is None and play.kept() == 30  # another one of that moment
    assert load_best(tmp_path, network())["abandoned"]
    assert play.score(30.0, 20.0, weight=30.0) == {"best": True} and play.kept() == 30
    facts = load_best(tmp_path, network())
    assert not facts["abandoned"] and facts["value"] == 20.0
    assert len(list((tmp_path / "best").iterdir())) == 3
    abandon(tmp_path / "without", 3.0)
    assert not (tmp_path / "without").exists()


@pytest.mark.parametrize("facts", [{"stamp": {"extractor": "b"}}, {"num_fakes": 21}, {"num_reals": 61}])
def test_another_protocol_begins_anew_even_at_the_same_moment(tmp_path, facts):
    Run(tmp_path).score(5.0, 40.0)
    again = Run(tmp_path)
    assert again.score(5.0, 400.0, **facts) and again.kept() == 5
    assert Run(tmp_path, "kid").score(5.0, 0.5) and again.kept() == 5
    assert len(list((tmp_path / "best").iterdir())) == 3


def test_one_with_an_alarm_is_not_kept(tmp_path):
    play = Run(tmp_path)
    assert play.score(1.0, 5.0, alarms=["it copies"]) is None and not (tmp_path / "best").exists()
    assert play.score(2.0, 50.0)
    assert play.score(3.0, 5.0, alarms=["it copies"]) is None and play.kept() == 2


def test_weights_are_on_disk_before_they_are_named(tmp_path, monkeypatch):
    flushed, facts = [], tmp_path / "best" / "best.json"
    monkeypatch.setattr(disk, "flush", lambda path: flushed.append((path.name, facts.exists())))
    Run(tmp_path).score(1.0, 50.0)
    assert sorted(flushed[:2]) == [
        ("kimg000001.000.data-00000-of-00001", False),
        ("kimg000001.000.index", False),
    ]
    assert flushed[2:] == [(".best.json", False), ("best", True)]


def test_what_a_kill_left_is_cleared_away(tmp_path):
    play = Run(tmp_path)
    play.score(1.0, 50.0)
    (tmp_path / "best" / "kimg000002.000_temp").mkdir()
    (tmp_path / "best" / "kimg000002.000_temp" / "part-x").write_bytes(b"half")
    for name in ("kimg000002.000.data-00000-of-00001", ".best.json", "kimg000009.000.index"):
        (tmp_path / "best" / name).write_bytes(b"half")
    assert play.kept() == 1
    assert play.score(2.0, 40.0) and play.kept() == 2
    assert len(list((tmp_path / "best").iterdir())) == 3


def test_a_failed_write_leaves_the_one_before(tmp_path, monkeypatch):
    play = Run(tmp_path)
    play.score(1.0, 50.0)

    before = sorted((tmp_path / "best").iterdir())

    def fail(self, path):
        Path(f"{path}.data-00000-of-00001").write_bytes(b"half of what the disk should hold")
        raise tf.errors.ResourceExhaustedError(None, None, "No space left on device")

    monkeypatch.setattr(tf.train.Checkpoint, "write", fail)
    with pytest.raises(TfdogsError, match=r"cannot write .*best: .*No space left"):
        play.score(2.0, 10.0)
    assert play.kept() == 1 and sorted((tmp_path / "best").iterdir()) == before


def test_a_score_that_is_not_there(tmp_path):
    with pytest.raises(UsageError, match=r"--best_by must be one of fid\. Received: --best_by=kid"):
        best = BestGenerator(tmp_path, "kid")
        best.on_evaluation(0.0, None, [{"scores": {"fid": {"better": "lower"}}}], model=None, fakes=None)


@pytest.mark.parametrize("damage", ["truncated", "flipped", "missing", "json", "fields", "network"])
def test_a_damaged_one_is_named(tmp_path, damage):
    Run(tmp_path).score(1.0, 50.0)
    data = tmp_path / "best" / "kimg000001.000.data-00000-of-00001"
    facts, content, named = tmp_path / "best" / "best.json", data.read_bytes(), data.name
    generator = network(units=5 if damage == "network" else 2)
    if damage == "truncated":
        data.write_bytes(content[:-1])
    elif damage == "flipped":
        data.write_bytes(bytes(byte ^ 255 for byte in content))
        named = "kimg000001.000"
    elif damage == "missing":
        data.unlink()
    elif damage == "network":
        named = "kimg000001.000"
    else:
        facts.write_text("{" if damage == "json" else "{}")
        named = "best.json"
    with pytest.raises(TfdogsError) as error:
        load_best(tmp_path, generator)
    assert named in str(error.value) and "\n" not in str(error.value)


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    """(model_dir, images): a run at kimg 1.5, and what its best generator, of kimg 0.5, draws."""
    path = tmp_path_factory.mktemp("run")
    config = TrainConfig(
        data_dir="data", model_dir=str(path), model="mlp", g_channels=1, d_channels=1, latent_dim=4
    )
    card = run.DataCard(image_size=8, channels=3, classes=(), num_images=1, fingerprint="")
    gan = run.build(config, card)
    line = {"kimg": 0.5, "alarms": [], "num_fakes": 1, "num_reals": 1, "stamp": {}}
    line["scores"] = {"fid": {"title": "FID", "value": 1.0, "error": None, "better": "lower"}}
    BestGenerator(path, "fid").on_evaluation(0.5, None, [line], model=gan, fakes=None)
    images = gan.generate(3)
    for weight in gan.ema_generator.weights:
        weight.assign(2.0 * weight)
    gan.images_seen.assign(1500)
    Checkpoints(path / "checkpoints", gan).save()
    (path / "config.json").write_text(config.dump())
    (path / "data.json").write_text(json.dumps(dataclasses.asdict(card)))
    return path, images


def test_load_gives_the_best_back(drawn):
    path, images = drawn
    newest, best = run.load(path), run.load(path, best=True)
    assert (newest.kimg, best.kimg) == (1.5, 0.5)
    np.testing.assert_array_equal(best.gan.generate(3), images)
    assert not np.array_equal(newest.gan.generate(3), images)


def test_generate_draws_with_the_best(drawn, tmp_path, capsys):
    from PIL import Image

    path, images = drawn
    for name, status in (("dogs", 0), ("page.html", 0)):
        argv = [
            "generate.py",
            f"--model_dir={path}",
            f"--output={tmp_path / name}",
            "--num_images=3",
            "--best",
        ]
        with pytest.raises(SystemExit) as done:
            cli.main(GenerateConfig, generate.run, summary="", argv=argv)
        assert done.value.code == status, capsys.readouterr().err
    assert "at 0.5 kimg" in capsys.readouterr().out
    for index, image in enumerate(images):
        with Image.open(tmp_path / f"dogs/image_{index:05d}.png") as file:
            np.testing.assert_array_equal(np.asarray(file), image)
    page = (tmp_path / "page.html").read_text()
    assert "--num_images=3 --best</code>" in page and "the best of the run" in page


def test_one_that_its_run_replaces_while_it_is_read_gives_way_to_the_next(drawn, tmp_path, monkeypatch):
    path, images = drawn
    shutil.copytree(path, tmp_path / "run")
    read, replaced = best_generator._read, []

    def read_while_it_is_trained(folder, facts, generator):
        if not replaced:
            replaced.append(facts)
            prefix, files = f"{facts['prefix']}-again", {}
            for name, size in facts["files"].items():
                files[name.replace(facts["prefix"], prefix)] = size
                (folder / name).rename(folder / name.replace(facts["prefix"], prefix))
            after = {**json.loads((folder / "best.json").read_text()), "prefix": prefix, "files": files}
            (folder / "best.json").write_text(json.dumps(after))
        read(folder, facts, generator)

    monkeypatch.setattr(best_generator, "_read", read_while_it_is_trained)
    np.testing.assert_array_equal(run.load(tmp_path / "run", best=True).gan.generate(3), images)
    assert len(replaced) == 1


def test_load_without_a_best(drawn, tmp_path):
    shutil.copytree(drawn[0], tmp_path / "run")
    shutil.rmtree(tmp_path / "run" / "best")
    with pytest.raises(UsageError, match=r"has kept no best generator; .*--eval_kimg"):
        run.load(tmp_path / "run", best=True)
