"""The base of the commands: parsing, help, exit statuses."""

import dataclasses

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


def test_a_bug_keeps_its_traceback():
    with pytest.raises(ZeroDivisionError):
        cli.main(Greeting, fail(ZeroDivisionError()), summary="", argv=["greet.py", "--name=Rex"])
