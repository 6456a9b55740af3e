"""What all commands share: flags in, one frozen configuration, the library call, an exit status."""

import os
import sys
import warnings
from pathlib import Path

from absl import flags

from tfdogs.errors import TfdogsError, UsageError


def parse(config_class, argv, *, summary):
    """Parses a command line into a configuration.

    The flags live in a `FlagValues` of this call's own, so that commands can be imported together.

    Args:
        config_class: subclass of `tfdogs.config.Config`.
        argv: the command line, program name first; `--flagfile=FILE` is read by absl.
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
        rest = values(argv)[1:]
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

    Args:
        config_class: subclass of `tfdogs.config.Config`.
        run: called with the configuration; a non-None return value is the exit status.
        summary: text for `--help`.
        argv: the command line, program name first; default `sys.argv`.
    """
    argv = list(sys.argv if argv is None else argv)
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # chatter: errors come as exceptions
    os.environ.setdefault("GLOG_minloglevel", "2")
    # TensorFlow imports it where it is installed, and it speaks of Pythons of next year.
    warnings.filterwarnings("ignore", message=".* which Google will stop supporting", category=FutureWarning)
    program = Path(argv[0])
    name = f"{program.parent.name or 'tfdogs'}.{program.stem}"
    try:
        config = parse(config_class, argv, summary=summary)
        status = 0 if config is None else run(config) or 0
    except UsageError as e:
        status = _complain(name, e, 2)
    except TfdogsError as e:
        status = _complain(name, e, 1)
    except KeyboardInterrupt:
        status = _complain(name, "interrupted", 1)
    except OSError as e:
        status = _complain(name, e, 1)
    sys.exit(status)


def _complain(name, error, status):
    print(f"{name}: {error}", file=sys.stderr)
    return status
