import io
import sys

import pytest

from tfdogs import progress
from tfdogs.errors import harmless
from tfdogs.progress import Progress, say


class Broken(io.StringIO):
    """A log on a full disk, a pipe whose reader is gone, or a file that was closed."""

    encoding = "utf-8"

    def __init__(self, error):
        super().__init__()
        self._error, self.tried = error, 0

    def write(self, text):
        self.tried += 1
        raise self._error


BROKEN = [OSError(28, "No space left on device"), BrokenPipeError(32, "Broken pipe"), ValueError("closed")]


@pytest.mark.parametrize("error", BROKEN)
def test_a_line_that_cannot_be_written_ends_nothing(error, monkeypatch):
    broken = Broken(error)
    for name in ("stdout", "stderr"):
        monkeypatch.setattr(sys, name, broken)
    say("going on")
    now = iter([0.0, 20.0, 40.0])
    monkeypatch.setattr(progress.time, "perf_counter", lambda: next(now))
    with Progress("generate", 400) as count:
        count(100)
        count(100)
    with harmless("a sheet"):
        raise OSError(28, "No space left on device")
    assert broken.tried >= 4


def test_a_line_is_written_at_once_in_letters_that_there_are():
    file = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    say("FID 3 \xb1 1", file)
    assert file.buffer.getvalue() == b"FID 3 ? 1\n"


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
