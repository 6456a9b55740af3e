"""The evaluation as a user asks for it."""

import dataclasses
import json
import re
import shutil

import numpy as np
import pytest
from PIL import Image

from tfdogs.data.feed import Feed
from tfdogs.data.paper_dogs import draw
from tfdogs.training import run as training
from tfdogs.training.callbacks.best_generator import BestGenerator


def numbers(values):
    return {name: (score["value"], score["error"]) for name, score in values["scores"].items()}


def test_a_folder_against_a_data_dir(scores):
    values = scores("--fakes=dogs", "--data_dir=data")
    assert not values["left_out"] and values["fakes"] == "dogs" and values["reals"] == "data (train)"
    fid = values["scores"]["fid"]
    assert fid["title"] == "FID (Colours)" and fid["value"] > 0 and fid["error"] > 0
    assert fid["num_fakes"] == 50 and fid["num_reals"] == values["num_reals"] > 40
    assert (fid["weights"], fid["resizer"], fid["label"]) == ("0" * 16, "bilinear", "Colours")
    assert sum(values["breeds"]["counts"].values()) == 50


def test_the_same_images_in_any_form_have_the_same_scores(scores):
    expected = numbers(scores("--fakes=dogs", "--data_dir=data"))
    for form in ("dogs.zip", "dogs.npy", "dogs.npz"):
        assert numbers(scores(f"--fakes={form}", "--data_dir=data")) == expected
    assert numbers(scores("--fakes=dogs.zip", "--reals=data")) == expected
    same = scores("--fakes=dogs.zip", "--reals=dogs", "--metrics=fid,mifid,precision_recall")
    assert same["scores"]["fid"]["value"] == pytest.approx(0, abs=1e-6)
    assert same["scores"]["memorization_distance"]["value"] == pytest.approx(0, abs=1e-9)
    assert same["scores"]["precision"]["value"] == 1


def test_splits_are_told_apart(scores):
    values = scores("--fakes=data", "--fakes_split=eval", "--data_dir=data", "--metrics=fid")
    assert (values["fakes"], values["reals"]) == ("data (eval)", "data (train)")
    assert (
        scores("--fakes=dogs", "--data_dir=data", "--split=eval", "--metrics=fid")["reals"] == "data (eval)"
    )


def test_a_run_against_its_own_data(scores):
    values = scores("--model_dir=run", "--num_images=40", "--seed=5", "--truncation=0.7")
    assert values["fakes"] == "run at 1.5 kimg, seeds 5 to 44, truncation 0.7"
    assert values["reals"].endswith("data (train)") and values["num_fakes"] == 40
    other = scores("--model_dir=run", "--num_images=40", "--seed=6", "--data_dir=data", "--truncation=0.7")
    assert other["scores"]["fid"]["value"] != values["scores"]["fid"]["value"]


def test_other_generators_of_a_run_bear_other_names(scores, evaluate, home, keep_averages):
    flags = ("--model_dir=averaged", "--num_images=30", "--metrics=fid")
    shutil.copytree(home / "run", home / "averaged")
    status, _, errors = evaluate(*flags, "--ema_length=0.05")
    assert status == 2 and "has no snapshots of averages" in errors
    gan = training.load(home / "averaged").gan
    keep_averages(home / "averaged", gan)
    gan.ema_generator.set_weights([3.0 * weight for weight in gan.ema_generator.get_weights()])
    score = {"title": "FID", "value": 1.0, "error": None, "better": "lower"}
    line = {"kimg": 1.0, "num_fakes": 9, "num_reals": 9, "scores": {"fid": score}, "stamp": {}, "alarms": []}
    BestGenerator(home / "averaged", "fid").on_evaluation(1.0, None, [line], model=gan, fakes=None)
    own, average, best = (scores(*flags, *more) for more in ((), ("--ema_length=0.05",), ("--best",)))
    assert own["fakes"] == "averaged at 1.5 kimg, seeds 0 to 29"
    assert average["fakes"] == "averaged at 1.5 kimg, average of 0.05, seeds 0 to 29"
    assert best["fakes"] == "averaged at 1 kimg, the best of the run, seeds 0 to 29"
    assert len({values["scores"]["fid"]["value"] for values in (own, average, best)}) == 3


CONDITIONAL = ("--model_dir=conditional", "--num_images=40", "--metrics=fid")


def test_a_conditional_run_draws_classes_as_the_data_has_them(scores, home):
    untold = scores(*CONDITIONAL)  # data.json does not tell, as of earlier versions: the data_dir does
    assert untold["labels"] == untold["scores"]["fid"]["labels"] == "data"
    assert untold["fakes"].endswith("seeds 0 to 39, classes as in the data")
    card = json.loads((home / "conditional/data.json").read_text())
    told = {**card, "label_counts": Feed(home / "data").label_counts}
    shutil.copytree(home / "conditional", home / "told")
    (home / "told/data.json").write_text(json.dumps(told))
    flags = ("--model_dir=told", *CONDITIONAL[1:])
    assert numbers(scores(*flags)) == numbers(untold)
    assert scores(*flags, "--reals=dogs")["labels"] == "data"
    uniform = scores(*flags, "--labels=uniform")
    assert uniform["labels"] == "uniform" and numbers(uniform) != numbers(untold)


def test_a_run_that_does_not_know_the_datas_classes_draws_them_in_turn(evaluate, home):
    shutil.copytree(home / "conditional", home / "far")
    config = json.loads((home / "far/config.json").read_text())
    (home / "far/config.json").write_text(json.dumps({**config, "data_dir": "nowhere"}))
    status, out, _ = evaluate("--model_dir=far", *CONDITIONAL[1:], "--reals=dogs")
    assert status == 0 and "\nfakes: far at 1.5 kimg, seeds 0 to 39, classes in turn\n" in out
    (line,) = (
        line for line in out.splitlines() if line.startswith("classes are drawn in turn: far was begun")
    )
    assert line.endswith("give --data_dir")
    status, out, _ = evaluate("--model_dir=far", *CONDITIONAL[1:], "--data_dir=data")
    assert status == 0 and "classes as in the data" in out and "in turn" not in out


@pytest.mark.parametrize("of", ["--model_dir=run", "--fakes=dogs"])
def test_labels_go_with_a_conditional_run(evaluate, of):
    status, _, errors = evaluate(of, "--data_dir=data", "--labels=uniform")
    assert status == 2 and "--labels goes with " in errors


def test_a_random_part_of_the_fakes(scores):
    values = [
        scores("--fakes=dogs", "--data_dir=data", "--num_images=9", f"--seed={seed}") for seed in (1, 1, 2)
    ]
    assert values[0]["num_fakes"] == 9 and values[0]["fakes"] == "9 of dogs"
    assert numbers(values[0]) == numbers(values[1]) != numbers(values[2])


def test_the_second_time_nothing_is_extracted(evaluate, home, colours, monkeypatch):
    flags = ("--fakes=dogs", "--data_dir=data", "--metrics=fid", "--cache_dir=mine")
    status, first, _ = evaluate(*flags)
    assert status == 0 and len(list((home / "mine").iterdir())) == 2
    monkeypatch.setattr(colours, "extract", None)
    assert evaluate(*flags)[:2] == (0, first)


def test_statistics_are_kept_and_used(evaluate, scores, home):
    status, out, errors = evaluate(
        "--fakes=dogs", "--data_dir=data", "--metrics=fid", "--save_stats=stats/reals.npz"
    )
    assert status == 0 and "stats/reals.npz: statistics of the reals" in out, errors
    expected, values = (
        scores("--fakes=dogs", "--data_dir=data"),
        scores("--fakes=dogs", "--reals=stats/reals.npz"),
    )
    assert set(values["left_out"]) == {"kid", "precision_recall", "density_coverage", "mifid"}
    assert values["scores"]["fid"]["value"] == pytest.approx(expected["scores"]["fid"]["value"], rel=1e-6)
    assert values["scores"]["fid"]["num_reals"] == expected["scores"]["fid"]["num_reals"]
    status, _, errors = evaluate("--fakes=dogs", "--data_dir=data", "--save_stats=stats/reals.npz")
    assert status == 2 and "--save_stats is there already" in errors


def test_statistics_of_another_extractor_are_refused(evaluate, home, colours):
    other = type(colours)()
    other.stamp = dataclasses.replace(other.stamp, label="Other", resizer="bicubic")
    flags = ("--fakes=dogs", "--data_dir=data", "--metrics=fid", "--save_stats=other.npz", "--overwrite")
    assert evaluate(*flags, extractor=other)[0] == 0
    status, _, errors = evaluate("--fakes=dogs", "--reals=other.npz")
    assert status == 2 and len(errors.splitlines()) == 1
    assert "Other" in errors and "Colours" in errors and "bicubic" in errors and "bilinear" in errors


def test_a_folder_gets_the_report(evaluate, home):
    status, out, errors = evaluate("--model_dir=run", "--num_images=30", "--output=out/scores")
    assert status == 0 and "out/scores: scores.json and report.html" in out, errors
    assert sorted(path.name for path in (home / "out/scores").iterdir()) == ["report.html", "scores.json"]
    text = (home / "out/scores/report.html").read_text(encoding="utf-8")
    assert "FID" in text and "Colours" in text and "data:image/png;base64," in text
    assert [path.name for path in (home / "out").iterdir()] == ["scores"]
    before = (home / "out/scores/scores.json").read_bytes()
    status, _, errors = evaluate("--fakes=dogs", "--data_dir=data", "--output=out/scores")
    assert status == 2 and "--output is there already" in errors
    (home / "out/scores/mine.txt").touch()
    flags = ("--fakes=dogs", "--data_dir=data", "--output=out/scores", "--overwrite")
    status, _, errors = evaluate(*flags)
    assert status == 2 and "holds mine.txt" in errors
    assert (home / "out/scores/scores.json").read_bytes() == before
    (home / "out/scores/mine.txt").unlink()
    assert evaluate(*flags)[0] == 0
    assert (home / "out/scores/scores.json").read_bytes() != before


def test_statistics_and_run_have_a_report_too(evaluate, home):
    assert evaluate("--fakes=dogs", "--data_dir=data", "--metrics=fid", "--save_stats=of_data.npz")[0] == 0
    status, _, errors = evaluate(
        "--model_dir=run", "--reals=of_data.npz", "--num_images=30", "--output=reported"
    )
    assert status == 0 and (home / "reported/report.html").is_file(), errors


def test_pictures_of_mixed_sizes_and_modes(scores, home, encode):
    folder = home / "mixed"
    folder.mkdir(exist_ok=True)
    for i, size in enumerate((16, 28, 40, 64, 28)):
        (folder / f"{i}.png").write_bytes(encode(draw(i, size=size).resize((size, 2 * size))))
    grey = draw(9, size=28).convert("L")
    for name, image in {
        "grey": grey,
        "sixteen": Image.fromarray(np.asarray(grey, np.uint16) * 257),
        "palette": draw(10, size=28).quantize(32),
        "clear": draw(11, size=28).convert("RGBA"),
    }.items():
        (folder / f"{name}.png").write_bytes(encode(image))
    (folder / "cmyk.jpg").write_bytes(encode(draw(12, size=28).convert("CMYK"), "JPEG"))
    values = scores("--fakes=mixed", "--data_dir=data")
    assert values["num_fakes"] == 10 and values["scores"]["fid"]["value"] > 0


def test_two_images_and_one(evaluate, scores, home):
    for count in (1, 2):
        np.save(home / f"{count}.npy", np.load(home / "dogs.npy")[:count])
    values = scores("--fakes=2.npy", "--data_dir=data")
    assert "fid" in values["scores"] and set(values["left_out"]) == {"fid_infinity", "precision_recall"}
    status, _, errors = evaluate("--fakes=1.npy", "--data_dir=data", "--metrics=fid")
    assert status == 2 and "the metric fid cannot be computed" in errors
    assert "dog_score" in scores("--fakes=1.npy", "--data_dir=data")["scores"]


def test_features_that_are_not_finite(evaluate, home, colours, monkeypatch):
    import tensorflow as tf

    monkeypatch.setattr(colours, "_network", lambda pixels: (tf.fill([32, 12], np.nan), None))
    status, _, errors = evaluate("--fakes=dogs", "--data_dir=data", "--cache_dir=nan")
    assert status == 1 and "NaN or infinite features for image 0" in errors
    assert list((home / "nan").iterdir()) == []


def test_with_the_network_that_is_the_default(scores):
    values = scores("--fakes=dogs", "--data_dir=data", "--num_images=12", "--bootstrap=0", extractor=None)
    assert values["stamp"]["label"] == "EfficientNet-Lite0" and re.fullmatch(
        "[0-9a-f]{16}", values["stamp"]["weights"]
    )
    assert values["scores"]["fid"]["title"] == "FID (EfficientNet-Lite0)"
    assert values["scores"]["mifid_public"]["title"] == "MiFID eps 0.10 (EfficientNet-Lite0)"
    assert set(values["left_out"]) == {"fid_infinity"}  # so few beside 1,280 features
    assert 0 < values["scores"]["dog_score"]["value"] < 1
