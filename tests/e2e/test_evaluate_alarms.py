"""Copies and few images over and over ring; real images that were not trained on do not."""

import json

import numpy as np
import pytest

from tfdogs.data.paper_dogs import draw


@pytest.fixture(scope="module")
def many(home):
    """Prepares 320 paper dogs, a quarter of them held out, and draws some that are in neither split."""
    from tfdogs.data.ingest import prepare
    from tfdogs.data.prepare_config import PrepareConfig

    options = {"image_size": 28, "eval_fraction": 0.25, "workers": 1}
    prepare(PrepareConfig(images="paper_dogs:320", output_dir=str(home / "many"), **options))
    others = np.stack([np.asarray(draw(i, seed=3, size=28)) for i in range(100)])
    np.save(home / "others.npy", others)
    np.save(home / "ten.npy", others[np.arange(100) % 10])
    np.save(home / "nine.npy", others[:9])


@pytest.mark.parametrize("metrics", ["fid", "mifid,breeds"])
@pytest.mark.parametrize(
    ("flags", "rings"),
    [
        ("--fakes=many --data_dir=many", ["the fakes copy training images: "]),
        ("--fakes=many --fakes_split=eval --data_dir=many", []),
        ("--fakes=others.npy --data_dir=many", []),
        ("--fakes=many --reals=many --split=eval", []),
        ("--fakes=nine.npy --reals=nine.npy", []),  # too few to say so
    ],
)
def test_alarms(many, scores, flags, rings, metrics):
    alarms = scores(*flags.split(), f"--metrics={metrics}")["alarms"]
    assert len(alarms) == len(rings), alarms
    assert all(alarm.startswith(begin) for alarm, begin in zip(alarms, rings))


def test_ten_images_over_and_over(many, scores):
    alarms = scores("--fakes=ten.npy", "--data_dir=many", "--metrics=fid")["alarms"]
    assert alarms[-1].startswith("the fakes have collapsed: ")
    assert "100 % of its images are nearer to another of them than 99 % of the training images" in alarms[-1]


def test_alarms_are_on_the_screen_and_in_the_report_and_the_status_stays_0(many, evaluate, home):
    flags = ("--fakes=many", "--data_dir=many", "--metrics=fid", "--output=rings")
    status, out, errors = evaluate(*flags)
    assert status == 0 and out.count("ALARM: the fakes copy training images: ") == 1, errors
    (alarm,) = json.loads((home / "rings/scores.json").read_text())["alarms"]
    text = (home / "rings/report.html").read_text(encoding="utf-8")
    assert '<div class="alarm" role="alert"><b>Alarm</b><p>The fakes copy training images: ' in text
    assert f"ALARM: {alarm}" in out.splitlines()


def test_statistics_ring_nothing(many, evaluate, scores):
    flags = ("--fakes=many", "--metrics=fid")
    assert evaluate(*flags, "--data_dir=many", "--save_stats=many.npz")[0] == 0
    assert scores(*flags, "--reals=many.npz")["alarms"] == []
