"""What all commands share: flags in, one frozen configuration, the library call, an exit status."""

import contextlib
import os
import platform
import select
import signal
import sys
import threading
import warnings
from pathlib import Path

from absl import flags

from tfdogs.errors import TfdogsError, UsageError, naming, of_disk, with_path
from tfdogs.flagfile import expand

_OURS = ("tfdogs", "pipeline")


def parse(config_class, argv, *, summary):
    """Parses a command line into a configuration.

    The flags live in a `FlagValues` of this call's own, so that commands can be imported together.

    Args:
        config_class: subclass of `tfdogs.config.Config`.
        argv: the command line, program name first; `--flagfile=FILE` is read by `tfdogs.flagfile.expand`.
        summary: text that `--help` prints above the flags.

    Returns:
        An instance of `config_class`, or None where `--help` was asked for (and printed).

    Raises:
        UsageError: an unknown flag, a stray argument, an unreadable flagfile or an illegal value.
    """
    values = flags.FlagValues()
    values.set_gnu_getopt()  # flags may follow an argument
    config_class.define_flags(values)
    flags.DEFINE_string(
        "flagfile",
        "",
        "Read flags from this file; of a flag given twice the last counts.",
        flag_values=values,
    )
    flags.DEFINE_bool("help", False, "Print this help and exit.", flag_values=values)
    try:
        rest = values([*argv[:1], *expand(argv[1:])])[1:]
        if not values["help"].value:
            _take_argument(values, config_class.POSITIONAL, rest)
    except flags.Error as e:
        raise UsageError(" ".join(str(e).split()) + " (--help lists the flags)") from e
    if values["help"].value:
        print(f"{summary.strip()}\n\nFlags:\n{values.get_help()}")
        return None
    return config_class.from_flags(values)


def _take_argument(values, name, rest):
    """Gives the flag `name` the argument that came without a name, if there is one."""
    if not rest:
        return
    received = f"Received: {' '.join(rest)}"
    if not name:
        raise UsageError(f"takes flags only, as --name=value. {received}")
    if len(rest) > 1 or values[name].present:
        raise UsageError(f"takes --{name} once, with or without its name, and other flags. {received}")
    values[name].parse(rest[0])


def main(config_class, run, *, summary, argv=None):
    """Runs a command and exits: status 0 done, 1 failed, 2 bad usage; a failure is one line on stderr.

    A fault of ours keeps its traceback, and says how to report it. SIGTERM, and SIGHUP of a terminal that
    closes, end a command as Ctrl-C does: what it began is cleaned up, and what it keeps is kept.

    Args:
        config_class: subclass of `tfdogs.config.Config`.
        run: called with the configuration; a non-None return value is the exit status.
        summary: text for `--help`.
        argv: the command line, program name first; default `sys.argv`.
    """
    _open_streams()
    argv = list(sys.argv if argv is None else argv)
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # chatter: errors come as exceptions
    os.environ.setdefault("GLOG_minloglevel", "2")
    # TensorFlow imports it where it is installed, and it speaks of Pythons of next year.
    warnings.filterwarnings("ignore", message=".* which Google will stop supporting", category=FutureWarning)
    program = Path(argv[0])
    name = f"{program.parent.name or 'tfdogs'}.{program.stem}"
    try:
        config = parse(config_class, argv, summary=summary)
        with _interruptible():
            status = 0 if config is None else run(config) or 0
        with naming("standard output"):
            sys.stdout.flush()  # a disk that is full is told here, and not when Python ends
    except BrokenPipeError as e:
        # Quiet where it is that nobody reads the output any more, as after `| head`.
        status = 1 if _reader_is_gone() else _complain(name, with_path(e), 1)
    except Exception as e:
        line = _line(e)
        if line is None:
            _ask_for_report(e, name)
            raise
        status = _complain(name, line, 2 if isinstance(e, UsageError) else 1)
    except KeyboardInterrupt as e:
        status = _complain(name, f"interrupted; {e}" if str(e) else "interrupted", 1)
    _drop_output()
    sys.exit(status)


@contextlib.contextmanager
def _interruptible():
    """Gives a context in which SIGTERM and SIGHUP raise KeyboardInterrupt, unless they are ignored."""
    before = {}
    if threading.current_thread() is threading.main_thread():
        for number in (signal.SIGTERM, signal.SIGHUP):
            if signal.getsignal(number) == signal.SIG_DFL:  # nohup ignores SIGHUP
                before[number] = signal.signal(number, _interrupt)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _interrupt(number, frame):
    # The shell sends another SIGHUP beside the terminal's, and systemd one after SIGTERM: cleaning goes on.
    if signal.getsignal(signal.SIGHUP) is _interrupt:
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
    raise KeyboardInterrupt


def _line(error):
    """Returns what a user can act on of an error as one line, or None of a fault of ours."""
    if isinstance(error, TfdogsError):
        return str(error)
    if isinstance(error, UnicodeError):
        return f"a name or a file is not UTF-8: {' '.join(str(error).split())[:200]}"
    if isinstance(error, MemoryError):
        return "out of memory"
    if isinstance(error, ModuleNotFoundError) and error.name and not error.name.startswith(_OURS):
        return f"this needs the package {error.name.split('.')[0]}, which is not installed"
    return None if of_disk(error) is None else with_path(error)


def _ask_for_report(error, name):
    """Adds to a traceback what a report of it needs."""
    from tfdogs import __version__

    tensorflow = getattr(sys.modules.get("tensorflow"), "__version__", None)
    versions = [f"tfdogs {__version__}", f"Python {platform.python_version()}", platform.platform()]
    versions += [f"tensorflow {tensorflow}"] if tensorflow else []
    text = (
        f"{name}: this is a fault of tfdogs. Please report it to its maintainers with the command line, its "
        f"flagfiles and all these lines. {', '.join(versions)}"
    )
    if hasattr(error, "add_note"):  # from Python 3.11 on it comes last, where it is read
        error.add_note(text)
    else:
        print(text, file=sys.stderr)


def _open_streams():
    """Opens what was closed of stdin, stdout and stderr: another file would take its number, and the output.

    A name that cannot be encoded, which a path may be, is no reason to fail in a message.
    """
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest number that is free, which this is
        if getattr(sys, name) is None:
            setattr(sys, name, Path(os.devnull).open("w" if number else "r", encoding="utf-8"))  # noqa: SIM115
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")


def _reader_is_gone():
    """Says whether standard output is a pipe that nobody reads any more."""
    poll = select.poll()
    with contextlib.suppress(OSError, ValueError):  # no file, as in a test
        poll.register(sys.stdout.fileno(), 0)
        return bool(poll.poll(0))
    return False


def _drop_output():
    """Drops output that cannot be written, which Python would try again when it ends."""
    try:
        sys.stdout.flush()
    except (OSError, ValueError):
        with contextlib.suppress(OSError, ValueError):  # no file, as in a test
            nothing = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nothing, sys.stdout.fileno())
            os.close(nothing)


def _complain(name, error, status):
    text = "".join(letter if letter.isprintable() or letter == "\n" else _escaped(letter) for letter in error)
    with contextlib.suppress(OSError):
        print(f"{name}: {text}", file=sys.stderr, flush=True)
    return status


def _escaped(letter):
    """Returns a letter that cannot be seen, such as a byte order mark, so that it can."""
    return letter.encode("unicode_escape", "backslashreplace").decode("ascii")
