import sys

from tfdogs import progress
from tfdogs.progress import Progress


def test_a_bar_on_a_terminal(monkeypatch, capsys):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    with Progress("generate", 10) as count:
        count(4)
        count(6)
    assert "10/10" in capsys.readouterr().err


def test_plain_lines_elsewhere(monkeypatch, capsys):
    now = iter([0.0, 5.0, 20.0, 21.0])
    monkeypatch.setattr(progress.time, "perf_counter", lambda: next(now))
    with Progress("generate", 400, unit="frames") as count:
        count(100)
        count(100)
        count(100)
    assert capsys.readouterr().err == "generate: 200 of 400 frames, 10 frames/s, ETA 20 s\n"


def test_what_was_done_before_is_no_speed(monkeypatch, capsys):
    now = iter([0.0, 20.0])
    monkeypatch.setattr(progress.time, "perf_counter", lambda: next(now))
    with Progress("generate", 400, done=100) as count:
        count(100)
    assert capsys.readouterr().err == "generate: 200 of 400 img, 5 img/s, ETA 40 s\n"
