import dataclasses
import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from tfdogs import aside
from tfdogs.classification import gans, study, trial
from tfdogs.classification.point import Point
from tfdogs.classification.reals import Reals
from tfdogs.data.manifest import Manifest
from tfdogs.errors import TfdogsError, UsageError

pytestmark = pytest.mark.usefixtures("light")


@pytest.fixture
def trained(monkeypatch):
    """Trains nothing, and notes which (fraction, seed) it would, on what and beside which tests."""

    def train(config, images, labels, tests, *, fraction, seed, callbacks=()):
        train.seen.append((fraction, seed))
        train.images, train.tests = images, tests
        accuracy = dict.fromkeys(tests, 0.5 + seed / 10)
        curve = tuple(
            {"epoch": epoch, "images": 0, "loss": 1.0, "train": 0.5, **accuracy} for epoch in (0.0, 1.0, 2.0)
        )
        return Point(fraction, seed, accuracy, {kind: [0.5, 0.5] for kind in tests}, curve, 1.0)

    train.seen = []
    monkeypatch.setattr(trial, "train", train)
    return train


def test_a_study(make_config, tmp_path, capsys):
    results = study.run(make_config(seeds=1))
    out = capsys.readouterr().out
    assert "0 % synthetic, seed 0: real " in out and "on synthetic test images" in out
    names = {path.name for path in (tmp_path / "study").iterdir()}
    assert names == {"config.json", "data.json", "fakes", "points", "report.html", "results.json"}
    found = json.loads((tmp_path / "study" / "results.json").read_text())
    assert [row["fraction"] for row in found["rows"]] == [0.0, 1.0] and len(found["points"]) == 2
    assert results.num_tests["real"] == results.num_tests["synthetic"]
    assert {len(point.curve) for point in results.points} == {4}


def test_train_and_test_images_are_never_the_same(make_config, trained):
    study.run(make_config(synthetic_fraction="0.5", seeds=1))
    learned = {image.tobytes() for image in trained.images}
    assert len(learned) == 20
    for images, _ in trained.tests.values():
        assert not learned & {image.tobytes() for image in images}


def test_what_is_done_is_not_done_again(make_config, trained, tmp_path):
    study.run(make_config(synthetic_fraction="1", seeds=1))
    results = study.run(make_config(synthetic_fraction="0,1", seeds=2))
    assert trained.seen == [(1.0, 0), (0.0, 0), (0.0, 1), (1.0, 1)]
    assert [(point.fraction, point.seed) for point in results.points] == [(0, 0), (0, 1), (1, 0), (1, 1)]
    (tmp_path / "study" / "points" / "1-seed0.json").unlink()
    assert study.run(make_config(synthetic_fraction="0,1", seeds=2)).points == results.points
    assert trained.seen[4:] == [(1.0, 0)]


def test_a_killed_study_goes_on(make_config, trained, monkeypatch, tmp_path):
    save, saved = Point.save, []

    def die(point, output_dir):
        if saved:
            raise KeyboardInterrupt
        saved.append(point)
        save(point, output_dir)

    with monkeypatch.context() as patch:
        patch.setattr(Point, "save", die)
        with pytest.raises(KeyboardInterrupt):
            study.run(make_config())
    assert not (tmp_path / "study" / "results.json").exists()
    del trained.seen[:]
    assert len(study.run(make_config()).points) == 4
    assert trained.seen == [(0.0, 1), (1.0, 0), (1.0, 1)]


def test_without_fakes(make_config, trained, tmp_path):
    results = study.run(make_config(fakes="", synthetic_fraction="0", seeds=1))
    assert set(results.num_tests) == {"real"} and set(results.points[0].accuracy) == {"real"}
    assert not (tmp_path / "study" / "fakes").exists() and trained.seen == [(0.0, 0)]


def test_another_study_is_refused(make_config, trained, tmp_path):
    config = make_config(synthetic_fraction="1", seeds=1)
    study.run(config)
    assert trained.seen == [(1.0, 0)]
    before = (tmp_path / "study" / "config.json").read_text()
    with pytest.raises(UsageError, match=r"another configuration; .*\n  --epochs: 2 -> 3"):
        study.run(make_config(synthetic_fraction="1", seeds=1, epochs=3))
    assert (tmp_path / "study" / "config.json").read_text() == before
    (tmp_path / "study" / "data.json").write_text('{"fingerprint": "0"}')
    with pytest.raises(UsageError, match=r"Changed:\n  data: 0 -> "):
        study.run(config)
    (tmp_path / "study" / "data.json").write_text("[]")
    with pytest.raises(UsageError, match=r"no study of tfdogs.classify: data.json is missing or foreign"):
        study.run(config)


def test_a_foreign_folder_is_refused(make_config, tmp_path):
    (tmp_path / "study").mkdir()
    (tmp_path / "study" / "thesis.tex").touch()
    with pytest.raises(UsageError, match=r"exists and is no study of tfdogs.classify; choose another"):
        study.run(make_config())
    assert [path.name for path in (tmp_path / "study").iterdir()] == ["thesis.tex"]


@pytest.mark.parametrize("names", ["a=x", "a=x,b=y,c=z", "a=x,dog=y"])
def test_fakes_of_other_classes(make_config, names, tmp_path):
    with pytest.raises(UsageError, match="--fakes must name each of the data_dir's classes: a, b"):
        study.run(make_config(fakes=names))
    assert not (tmp_path / "study").exists()


@pytest.mark.parametrize(
    ("made", "message"),
    [
        ({"image_size": 16}, "images of a must be 32x32x3 .* Received: 16x16x3 in"),
        ({"checkpoint": False}, "images of a cannot be drawn: .*wrong has no checkpoint yet"),
        ({"classes": ("b",)}, "the conditional run .*wrong knows no class a; it knows b"),
    ],
)
def test_a_wrong_run_does_not_bind_the_study(make_config, make_run, trained, tmp_path, made, message):
    wrong, few = make_run(tmp_path / "wrong", **made), {"synthetic_fraction": "1", "seeds": 1}
    with pytest.raises(UsageError, match=message):
        study.run(make_config(fakes=f"a={wrong},b={wrong}", **few))
    assert not (tmp_path / "study").exists()
    study.run(make_config(**few))
    assert trained.seen == [(1.0, 0)]


@pytest.mark.parametrize("name", ["config.json", "data.json"])
def test_a_damaged_run_does_not_bind_the_study(make_config, make_run, tmp_path, name):
    damaged = make_run(tmp_path / "run", checkpoint=False)
    (damaged / name).write_text("{}")
    with pytest.raises(UsageError, match=rf"images of a cannot be drawn: .*{name}"):
        study.run(make_config(fakes=f"a={damaged},b={damaged}"))
    assert not (tmp_path / "study").exists()


def test_a_recipe_that_does_not_fit_does_not_bind_the_study(make_config, large_pets, trained, tmp_path):
    (tmp_path / "tiny.flags").write_text("--model=mlp\n")
    some = {"data_dir": str(large_pets), "synthetic_fraction": "1", "seeds": 1}
    with pytest.raises(UsageError, match=r"tiny.flags: mlp draws images of 8 to 64 pixels. Received: .*=72"):
        study.run(make_config(**some, fakes="", gan_flagfile=str(tmp_path / "tiny.flags")))
    assert not (tmp_path / "study").exists()
    np.save(tmp_path / "fakes.npy", np.zeros((30, 72, 72, 3), np.uint8))
    study.run(make_config(**some, fakes=f"a={tmp_path}/fakes.npy,b={tmp_path}/fakes.npy"))
    assert trained.seen == [(1.0, 0)]


def test_only_some_classes_are_mixed(make_config, trained, pets, fakes, tmp_path, capsys):
    config = make_config(fakes=f"b={fakes}/b.npy", synthetic_classes="b", synthetic_fraction="0.5,1", seeds=1)
    results = study.run(config)
    reals, everything = Reals.read(config), np.load(fakes / "b.npy")
    known = {image.tobytes() for image in everything}
    assert [image.tobytes() in known for image in trained.images] == 10 * [False] + 10 * [True]
    assert {image.tobytes() for image in trained.images[:10]} <= {image.tobytes() for image in reals.train[0]}
    images, labels = trained.tests["synthetic"]
    assert labels.tolist() == len(reals.test[1]) * [1] and {image.tobytes() for image in images} <= known
    assert results.num_tests == {"real": sum(map(len, reals.test)), "synthetic": len(reals.test[1])}
    assert [path.name for path in (tmp_path / "study" / "fakes").iterdir()] == ["b.npy"]
    found = json.loads((tmp_path / "study" / "results.json").read_text())
    assert found["synthetic_classes"] == ["b"]
    assert "100 % of b synthetic, seed 0: real" in capsys.readouterr().out
    with pytest.raises(UsageError, match=r"another configuration; .*\n.*\n  --synthetic_classes: 'b' -> 'a'"):
        study.run(dataclasses.replace(config, fakes=f"a={fakes}/a.npy", synthetic_classes="a"))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"synthetic_classes": "c"}, "--synthetic_classes must be of the data_dir's classes: a, b. Received"),
        ({"synthetic_classes": "b"}, "--fakes must name each of --synthetic_classes, and no other: b. Rec"),
    ],
)
def test_wrong_synthetic_classes(make_config, tmp_path, changes, message):
    with pytest.raises(UsageError, match=message):
        study.run(make_config(**changes))
    assert not (tmp_path / "study").exists()


def test_only_mixed_classes_get_a_gan(make_config, make_run, trained, monkeypatch, tmp_path, capsys):
    (tmp_path / "tiny.flags").write_text("--model=mlp\n")
    config = make_config(
        fakes="", gan_flagfile=str(tmp_path / "tiny.flags"), synthetic_classes="b", synthetic_fraction="1"
    )
    study.run(dataclasses.replace(config, dry_run=True))
    out = capsys.readouterr().out
    assert "mixed:    b; images of other classes are all real" in out
    assert "GAN:      b: mlp" in out and "GAN:      a" not in out
    monkeypatch.setattr("tfdogs.training.run.train", lambda recipe: make_run(Path(recipe.model_dir)))
    study.run(config)
    assert [path.name for path in (tmp_path / "study" / "gans").iterdir()] == ["b"]
    assert [path.name for path in (tmp_path / "study" / "data").iterdir()] == ["b"]
    assert trained.seen == [(1.0, 0), (1.0, 1)]


def test_a_damaged_point_is_named(make_config, trained, tmp_path):
    config = make_config(synthetic_fraction="1", seeds=1)
    study.run(config)
    assert trained.seen
    (tmp_path / "study" / "points" / "1-seed0.json").write_text("{}")
    with pytest.raises(TfdogsError, match=r"1-seed0.json is damaged"):
        study.run(config)


def test_a_study_that_another_process_makes_is_left_alone(make_config, tmp_path):
    with aside.alone_in(tmp_path / "study"), pytest.raises(TfdogsError, match=r"/study is in use by process"):
        study.run(make_config())


def test_dry_run_writes_nothing(make_config, tmp_path, capsys, monkeypatch):
    config = make_config(dry_run=True)
    assert study.run(config) is None
    out = capsys.readouterr().out
    assert "points:   4 to train, 0 are there already" in out and "ETA:" in out and "img/s in training" in out
    assert not (tmp_path / "study").exists()


def test_shares_differ_by_no_more_than_they_must(make_config, trained):
    study.run(make_config(synthetic_fraction="0.5", seeds=1))
    half = {image.tobytes() for image in trained.images}
    study.run(make_config(synthetic_fraction="0.5,0.8", seeds=1))
    more = {image.tobytes() for image in trained.images}
    assert len(half & more) == 2 * (5 + 2)
    assert np.isin([0.5, 0.8], [share for share, _ in trained.seen]).all()


def test_the_plan_names_the_gans(make_config, tmp_path, capsys):
    (tmp_path / "tiny.flags").write_text("--model=mlp\n--total_kimg=0.5\n")
    gan = {"fakes": "", "gan_flagfile": str(tmp_path / "tiny.flags")}
    study.run(make_config(**gan, gan_seconds=90.0, dry_run=True))
    out = capsys.readouterr().out
    assert f"GAN:      a: mlp, 0.5 kimg, in {tmp_path}/study/gans/a" in out
    assert "and:      at most 03:00 for the GANs" in out and not (tmp_path / "study").exists()
    study.run(make_config(**gan, dry_run=True))
    assert "tells how long one takes" in capsys.readouterr().out


def test_a_flagfile_on_top_of_a_recipe_wins(make_config, tmp_path):
    (tmp_path / "recipe.flags").write_text("--model=mlp\n--latent_dim=9\n--total_kimg=0.5\n")
    (tmp_path / "small.flags").write_text("--total_kimg=0.25\n--augment=color\n--aug_preview=x.png\n")
    files = f"{tmp_path}/recipe.flags,{tmp_path}/small.flags"
    found = gans.recipe(make_config(fakes="", gan_flagfile=files), "a")
    assert (found.model, found.latent_dim, found.total_kimg) == ("mlp", 9, 0.25)
    assert found.aug_preview == ""  # with it nothing would be trained


def test_a_run_on_other_data_may_have_seen_the_test_images(make_config, make_run, pets, trained, tmp_path):
    """A run of the study's own data has not: its train split is the study's."""
    own = make_run(tmp_path / "own", fingerprint=Manifest.load(pets).fingerprint)
    other = make_run(tmp_path / "other")
    some = {"synthetic_fraction": "1", "seeds": 1}
    for number, (a, b, named) in enumerate(
        [(own, own, ()), (own, other, ("b",)), (other, other, ("a", "b"))]
    ):
        config = make_config(fakes=f"a={a},b={b}", output_dir=str(tmp_path / f"study{number}"), **some)
        results = study.run(config)
        assert results.trained_elsewhere == named and results.to_dict()["trained_elsewhere"] == list(named)
        told = [note for note in results.notes() if "may have seen the real test images" in note]
        assert told == (
            [] if not named else [note for note in told if f"GAN of {' and '.join(named)} " in note]
        )
        assert bool(told) == bool(named)
    shutil.rmtree(other)
    assert study.run(config).trained_elsewhere == ("a", "b")  # it is remembered


def test_pictures_are_of_no_run(make_config, trained):
    assert study.run(make_config(synthetic_fraction="1", seeds=1)).trained_elsewhere == ()
