"""Frozen dataclasses as configurations: one declaration gives flags, checks, help, a dump and a diff."""

import dataclasses
import json
import math
import types
from pathlib import Path

from absl import flags

from tfdogs.errors import UsageError

_DEFINE = {bool: flags.DEFINE_bool, float: flags.DEFINE_float, str: flags.DEFINE_string}


class _Integer(flags.IntegerParser):
    """Reads whole numbers; says of anything else what the flag means, such as of --image_size=64x96."""

    def __init__(self, help):
        super().__init__()
        self._help = help

    def convert(self, argument):
        try:
            return super().convert(argument)
        except ValueError as e:
            raise ValueError(f"must be one whole number. {self._help}") from e


def flag(
    help, *, default=dataclasses.MISSING, former=(), choices=None, lower=None, upper=None, run_control=False
):
    """Declares one field of a configuration, which is also one flag of its command.

    Args:
        help: what the flag means, with its unit, for `--help`.
        default: value when the flag is not given; without one the flag is required.
        former: the defaults of earlier versions, if there were others.
        choices: legal values, or None for any.
        lower: smallest legal value, inclusive, or None.
        upper: largest legal value, inclusive, or None.
        run_control: True where the value does not change what is computed, only how far or how
            loudly, so that a resumed run may change it.
    """
    metadata = {
        "help": help,
        "former": former,
        "choices": choices,
        "lower": lower,
        "upper": upper,
        "run_control": run_control,
    }
    return dataclasses.field(default=default, metadata=types.MappingProxyType(metadata))


@dataclasses.dataclass(frozen=True)
class Config:
    """Base of every command's configuration: int, float, str and bool fields made by `flag`.

    A subclass may name one field in `POSITIONAL`: its value is then also taken without `--NAME=` before it.

    Raises:
        UsageError: a value is not among its choices or outside its bounds.
    """

    POSITIONAL = ""  # no annotation: it is no field

    def __post_init__(self):
        for field in dataclasses.fields(self):
            value, meta = getattr(self, field.name), field.metadata
            if isinstance(value, str) and _is_written(field.name) and not _is_utf8(value):
                self.reject(field.name, "must be UTF-8, as all that is written down of it is")
            choices, lower, upper = meta.get("choices"), meta.get("lower"), meta.get("upper")
            if choices is not None and value not in choices:
                self.reject(field.name, f"must be one of {', '.join(map(str, choices))}")
            if isinstance(value, float) and not math.isfinite(value):
                self.reject(field.name, "must be a finite number")
            if (lower is not None and value < lower) or (upper is not None and value > upper):
                bounds = (("at least", lower), ("at most", upper))
                rule = " and ".join(f"{word} {bound}" for word, bound in bounds if bound is not None)
                self.reject(field.name, f"must be {rule}")

    def reject(self, name, rule):
        """Raises a UsageError that names the flag, the rule and what was received."""
        raise UsageError(f"--{name} {rule}. Received: --{name}={getattr(self, name)}")

    def to_dict(self):
        """Returns the fields as a plain dict."""
        return dataclasses.asdict(self)

    def dump(self):
        """Returns the configuration as indented JSON text."""
        return json.dumps(self.to_dict(), indent=2) + "\n"

    @classmethod
    def from_dict(cls, values):
        """Makes a configuration of what `to_dict` gave, also before a field was there."""
        return cls(**values)

    @classmethod
    def load(cls, path):
        """Reads a configuration that `dump` wrote.

        Raises:
            UsageError: the file is missing or is not such a configuration.
        """
        try:
            values = json.loads(Path(path).read_text(encoding="utf-8"))
            return cls.from_dict(values)
        except OSError as e:
            raise UsageError(f"cannot read a configuration from {path}: {e.strerror}") from e
        except (ValueError, TypeError, AttributeError) as e:
            raise UsageError(f"{path} is not a {cls.__name__}: {e}") from e

    def diff(self, other):
        """Lists what differs from `other` and changes the result, a line a field; run control is left out."""
        return [
            f"--{f.name}: {getattr(self, f.name)!r} -> {getattr(other, f.name)!r}"
            for f in dataclasses.fields(self)
            if not f.metadata.get("run_control") and getattr(self, f.name) != getattr(other, f.name)
        ]

    @classmethod
    def define_flags(cls, flag_values):
        """Defines one flag a field on `flag_values`, an `absl.flags.FlagValues`."""
        for field in dataclasses.fields(cls):
            required = field.default is dataclasses.MISSING
            text = field.metadata["help"]
            if field.metadata["choices"] is not None:
                text += f" One of: {', '.join(map(str, field.metadata['choices']))}."
            if required:
                text += " (required)"
            if field.name == cls.POSITIONAL:
                text += f" --{field.name}= may be left out."
            default = None if required else field.default
            if field.type is int:
                parser, serializer = _Integer(text), flags.ArgumentSerializer()
                flags.DEFINE(parser, field.name, default, text, flag_values, serializer)
                continue
            _DEFINE[field.type](field.name, default, text, flag_values=flag_values)

    @classmethod
    def from_flags(cls, flag_values):
        """Builds the configuration from parsed flags; "~/" begins a path in one's home, as shells write it.

        Raises:
            UsageError: a required flag is missing, or a value is illegal.
        """
        values = {f.name: _at_home(flag_values[f.name].value) for f in dataclasses.fields(cls)}
        for f in dataclasses.fields(cls):
            if f.default is dataclasses.MISSING and values[f.name] is None:
                raise UsageError(f"--{f.name} is required: {f.metadata['help']}")
        config = cls(**values)
        config.check_given({name: value for name, value in values.items() if flag_values[name].present})
        return config

    def check_given(self, values):
        """Raises UsageError where a flag was given that means nothing beside the others; here none do.

        Args:
            values: of the flags on the command line and in its flagfiles, by name, defaults among them.
        """


def _at_home(value):
    """Returns a path whose "~/" a shell has left, as they do behind "--name=": "~" would become a folder."""
    if not isinstance(value, str):
        return value
    form = "idx:" if value.startswith("idx:") else ""  # --images=idx:FILE
    path = value[len(form) :]
    return form + str(Path(path).expanduser()) if path.startswith("~/") else value


def _is_written(name):
    """Says whether a flag names what a command writes, or what TensorFlow opens: it takes UTF-8 only."""
    return name.endswith("_dir") or name in ("output", "report", "save_stats", "aug_preview", "root")


def _is_utf8(text):
    """Says whether text is; a path on the command line with other bytes in it is not."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True
