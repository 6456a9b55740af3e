import json

import pytest

from tfdogs.errors import TfdogsError
from tfdogs.sampling.story import Story


def line(kimg, d_real=0.6, d_fake=0.4):
    return json.dumps({"kimg": kimg, "d_loss": 1.0, "d_real": d_real, "d_fake": d_fake})


def test_read_finds_what_a_run_left(tmp_path):
    samples = tmp_path / "samples"
    samples.mkdir()
    for name in (
        "fakes000020.png",
        "fakes000000.png",
        "fakes1000000.png",
        "reals.png",
        "fakes.png",
        ".fakes000030.png",
    ):
        (samples / name).write_bytes(b"")
    (tmp_path / "metrics.jsonl").write_text(f"{line(1)}\n{line(2, 0.7, 0.3)}\n")
    story = Story.read(tmp_path)
    assert [(kimg, path.name) for kimg, path in story.sheets] == [
        (0, "fakes000000.png"),
        (20, "fakes000020.png"),
        (1000000, "fakes1000000.png"),
    ]
    assert story.reals == samples / "reals.png"
    assert story.verdicts == ((1.0, 0.6, 0.4), (2.0, 0.7, 0.3))


def test_read_of_a_run_that_left_nothing(tmp_path):
    assert Story.read(tmp_path) == Story((), None, ())


def test_a_last_line_cut_by_a_kill_is_left_out(tmp_path):
    (tmp_path / "metrics.jsonl").write_text(f"{line(1)}\n{line(2)[:20]}")
    assert Story.read(tmp_path).verdicts == ((1.0, 0.6, 0.4),)


@pytest.mark.parametrize(
    "broken", ["nonsense", "[]", '{"kimg": 1}', '{"kimg": null, "d_real": 1, "d_fake": 1}']
)
def test_another_broken_line_is_named(tmp_path, broken):
    (tmp_path / "metrics.jsonl").write_text(f"{line(1)}\n{broken}\n{line(3)}\n")
    with pytest.raises(TfdogsError, match=r"metrics\.jsonl: line 2"):
        Story.read(tmp_path)


@pytest.mark.parametrize("count, expected", [(9, list(range(9))), (5, [0, 2, 4, 6, 8]), (2, [0, 8])])
def test_excerpt_keeps_the_first_and_the_last(count, expected):
    story = Story(tuple((kimg, None) for kimg in range(9)), None, ())
    assert [kimg for kimg, _ in story.excerpt(count)] == expected
