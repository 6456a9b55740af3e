"""The base of the commands: parsing, help, exit statuses."""

import dataclasses
import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from tfdogs import cli
from tfdogs.config import Config, flag
from tfdogs.errors import TfdogsError, UsageError


@dataclasses.dataclass(frozen=True)
class Greeting(Config):
    name: str = flag("Whom to greet.")
    times: int = flag("How often.", default=1, lower=1)


@dataclasses.dataclass(frozen=True)
class Call(Greeting):
    POSITIONAL = "times"


@dataclasses.dataclass(frozen=True)
class Kennel(Config):
    export_dir: str = flag("Where it is.", default="")
    images: str = flag("Who lives there.", default="")


def parse(*args):
    return cli.parse(Greeting, ["greet", *args], summary="Greets.")


def exit_of(run, *args):
    with pytest.raises(SystemExit) as e:
        cli.main(Greeting, run, summary="Greets.", argv=["greet.py", *args])
    return e.value.code


def fail(error):
    def run(config):
        raise error

    return run


def test_flags_become_a_configuration():
    assert parse("--name=Rex", "--times=3") == Greeting(name="Rex", times=3)


def test_a_flagfile_is_read_and_later_flags_win(tmp_path):
    path = tmp_path / "greet.flags"
    path.write_text("# a recipe\n--name=Rex\n--times=3\n")
    assert parse(f"--flagfile={path}", "--times=5") == Greeting(name="Rex", times=5)


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["--nam=Rex"], "Unknown command line flag 'nam'"),
        (["--name=Rex", "--times=many"], "times"),
        (["--name=Rex", "--times=0"], "--times must be at least 1. Received: --times=0"),
        (["--name=Rex", "again"], "takes flags only, as --name=value. Received: again"),
        (["--times=2"], "--name is required"),
        (["--flagfile=/no/such/file"], "/no/such/file"),
    ],
)
def test_bad_usage_is_one_line_and_status_2(args, message, capsys):
    with pytest.raises(UsageError, match=message):
        parse(*args)
    assert exit_of(fail(AssertionError("ran")), *args) == 2
    err = capsys.readouterr().err
    assert err.startswith("tfdogs.greet: ") and err.count("\n") == 1 and message in err


@pytest.mark.parametrize(
    "args", [("3", "--name=Rex"), ("--name=Rex", "3"), ("--name=Rex", "--", "3"), ("--name=Rex", "--times=3")]
)
def test_one_flag_may_come_without_its_name(args):
    assert cli.parse(Call, ["call", *args], summary="") == Call(name="Rex", times=3)


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["3", "4"], r"takes --times once, .* Received: 3 4$"),
        (["3", "--times=3"], r"takes --times once, .* Received: 3$"),
        (["many"], r"times"),
        (["0"], r"--times must be at least 1. Received: --times=0"),
        (["--", "--name=Rex"], r"times"),
        (["3", "--nam=Rex"], r"Unknown command line flag 'nam'"),
    ],
)
def test_bad_arguments_without_a_name_are_bad_usage(args, message):
    with pytest.raises(UsageError, match=message):
        cli.parse(Call, ["call", "--name=Rex", *args], summary="")


def test_help_says_which_name_may_be_left_out(capsys):
    assert cli.parse(Call, ["call", "3", "4", "--help"], summary="Calls.") is None
    out = " ".join(capsys.readouterr().out.split())
    assert "How often. --times= may be left out." in out and out.count("may be left out") == 1


def test_help_prints_every_flag_and_runs_nothing(capsys):
    assert exit_of(fail(AssertionError("ran")), "--help") == 0
    out = capsys.readouterr().out
    assert out.startswith("Greets.") and "Whom to greet. (required)" in out and "--flagfile" in out


@pytest.mark.parametrize(
    ("run", "status"),
    [
        (lambda config: None, 0),
        (lambda config: 3, 3),
        (fail(TfdogsError("the disk is full")), 1),
        (fail(UsageError("no such thing")), 2),
        (fail(KeyboardInterrupt()), 1),
        (fail(FileNotFoundError(2, "No such file", "x")), 1),
    ],
)
def test_exit_status(run, status, capsys):
    assert exit_of(run, "--name=Rex") == status
    assert capsys.readouterr().err.count("\n") == (status in (1, 2))


@pytest.fixture
def signals():
    """Signals as a command finds them, whatever this process was started with."""
    before = {number: signal.signal(number, signal.SIG_DFL) for number in (signal.SIGTERM, signal.SIGHUP)}
    yield before
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_signals_end_a_command_as_ctrl_c_does(number, signals, capsys):
    cleaned = []

    def run(config):
        try:
            os.kill(os.getpid(), number)
            time.sleep(600)
        finally:
            os.kill(os.getpid(), signal.SIGHUP)  # the shell's, after the terminal's; systemd's after SIGTERM
            cleaned.append(config)

    assert exit_of(run, "--name=Rex") == 1 and cleaned
    assert capsys.readouterr().err.endswith(": interrupted\n")
    assert {signal.getsignal(number) for number in signals} == {signal.SIG_DFL}


def test_a_closing_terminal_is_ignored_under_nohup(signals):
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    assert exit_of(lambda config: os.kill(os.getpid(), signal.SIGHUP), "--name=Rex") == 0


def test_a_bug_keeps_its_traceback():
    with pytest.raises(ZeroDivisionError):
        cli.main(Greeting, fail(ZeroDivisionError()), summary="", argv=["greet.py", "--name=Rex"])


GREET = ["tfdogs/greet.py", "--name=Rex"]
NOT_UTF8 = UnicodeDecodeError("utf-8", b"\xff", 0, 1, "invalid start byte")
NO_PACKAGE = ModuleNotFoundError("No module named 'tf2onnx'", name="tf2onnx.convert")


@pytest.mark.skipif(sys.version_info < (3, 11), reason="it is printed there, and not in the traceback")
def test_a_fault_of_ours_says_how_to_report_it():
    with pytest.raises(ZeroDivisionError) as caught:
        cli.main(Greeting, fail(ZeroDivisionError()), summary="", argv=GREET)
    (note,) = caught.value.__notes__
    assert note.startswith("tfdogs.greet: this is a fault of tfdogs. Please report it ")
    assert "Python 3" in note


NO_SPACE = "No space left on device"


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (OSError(28, NO_SPACE, "/runs/a.png"), f"/runs/a.png: {NO_SPACE}"),
        (OSError(28, NO_SPACE), NO_SPACE),
        (NOT_UTF8, "a name or a file is not UTF-8: 'utf-8'"),
        (MemoryError(), "out of memory"),
        (NO_PACKAGE, "this needs the package tf2onnx"),
        (KeyboardInterrupt("9 of 12 images are kept"), "interrupted; 9 of 12 images are kept"),
        (TfdogsError("no flag \ufeff--name"), r"no flag \ufeff--name"),
        (TfdogsError("cannot write out\udcff"), r"cannot write out\udcff"),
    ],
)
def test_what_a_user_can_act_on_is_one_line(error, line, capsys):
    assert exit_of(fail(error), "--name=Rex") == 1
    err = capsys.readouterr().err
    assert err.startswith(f"tfdogs.greet: {line}") and err.count("\n") == 1


def test_a_module_of_ours_that_is_missing_is_our_fault():
    with pytest.raises(ModuleNotFoundError):
        cli.main(
            Greeting, fail(ModuleNotFoundError(name="tfdogs.x")), summary="", argv=["greet.py", "--name=Rex"]
        )


def test_what_tensorflow_says_of_a_disk_is_one_line(capsys):
    import tensorflow as tf

    error = tf.errors.ResourceExhaustedError(None, None, f"{{{{node x}}}} /run/a; {NO_SPACE} [Op:SaveV2]")
    assert exit_of(fail(error), "--name=Rex") == 1
    assert capsys.readouterr().err == f"tfdogs.greet: /run/a: {NO_SPACE}\n"


def test_a_tilde_that_the_shell_has_left_is_ones_home(monkeypatch):
    monkeypatch.setenv("HOME", "/home/rex")
    args = ["kennel", "--export_dir=~/dogs", "--images=~/a b"]
    assert cli.parse(Kennel, args, summary="") == Kennel(export_dir="/home/rex/dogs", images="/home/rex/a b")
    digits = cli.parse(Kennel, ["kennel", "--export_dir=dogs", "--images=idx:~/digits.gz"], summary="")
    assert digits.images == "idx:/home/rex/digits.gz"
    assert parse("--name=~rex") == Greeting(name="~rex")


def test_paths_that_are_written_must_be_utf8():
    with pytest.raises(UsageError, match=r"--export_dir must be UTF-8"):
        Kennel(export_dir=os.fsdecode(b"dogs\xff"))
    Kennel(images=os.fsdecode(b"dogs\xff"))  # which is only read


SCRIPT = """
    import dataclasses, os, sys
    from tfdogs import cli
    from tfdogs.config import Config, flag

    @dataclasses.dataclass(frozen=True)
    class Greeting(Config):
        name: str = flag("Whom to greet.", default="Rex")

    def run(config):
        if config.name == "file":  # not the number of a stream that was closed
            assert os.open(os.devnull, os.O_RDONLY) > 2
        print(config.name * 100000)

    cli.main(Greeting, run, summary="Greets.")
"""


@pytest.mark.parametrize(
    ("shell", "status", "error"),
    [
        ("--help >&-", 0, ""),
        ("--name=file >&- <&-", 0, ""),
        ("--name=file 2>&-", 0, ""),
        ("--name=Rex | head -c 1 >/dev/null; exit ${PIPESTATUS[0]}", 1, ""),
        ("--name=Rex >/dev/full", 1, "No space left on device"),
        (r"--name=$'\xff' >/dev/null", 0, ""),
        (r"--nam=$'\xff'", 2, "Unknown command line flag"),
    ],
)
def test_streams_that_are_closed_full_or_no_utf8(tmp_path, shell, status, error):
    (tmp_path / "greet.py").write_text(textwrap.dedent(SCRIPT))
    command = f"{sys.executable} {tmp_path}/greet.py {shell}"
    environment = {**os.environ, "PYTHONPATH": str(Path(cli.__file__).parents[1])}
    asked = ["bash", "-c", command]
    done = subprocess.run(asked, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == status, done.stderr
    assert error in done.stderr and done.stderr.count("\n") == bool(error)
