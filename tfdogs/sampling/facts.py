"""A run in words, for its page."""

import dataclasses
import shlex
from pathlib import Path
from typing import NamedTuple

_CHOICES = ("truncation", "label", "ema_length")  # of what to draw with


class Facts(NamedTuple):
    """What a page says of a run; plain text, not yet escaped.

    Attributes:
        title: the headline.
        lede: the sentence below it.
        card: (name, value) pairs of the run card.
        flags: (name, value) pairs of the run's configuration.
        command: the command that makes the page again.
    """

    title: str
    lede: str
    card: tuple
    flags: tuple
    command: str

    @classmethod
    def gather(cls, config, run):
        """Tells of a run what decided it: no date, and of paths only the last part.

        Args:
            config: `tfdogs.sampling.config.GenerateConfig`.
            run: `tfdogs.training.run.LoadedRun`.
        """
        data = last_part(run.config.data_dir)
        looks = f"{run.kimg * 1000:,.0f}"
        return cls(
            title="None of these exist",
            lede=f"After {looks} looks at the pictures of {data}, this is what the network "
            f"{run.config.model} draws, and how it got there.",
            card=tuple({**run_card(config, run), "Seeds": str(config.all_seeds)}.items()),
            flags=tuple(
                (f"--{field.name}", str(getattr(run.config, field.name)))
                for field in dataclasses.fields(run.config)
                if not field.metadata.get("run_control")
            ),
            command=_command(config),
        )


def describe_best(best):
    """Returns a few words on a run's best generator, from `tfdogs.training.run.LoadedRun.best`."""
    return "the best of the run" + (", from before a rollback" if best["abandoned"] else "")


def run_card(config, run):
    """Returns what a page says of a run and of how it was drawn with, a dict from name to value.

    Args:
        config: a command's configuration, with `model_dir`, `truncation`, `label` and `best`, and
            `ema_length` where its command has that flag.
        run: `tfdogs.training.run.LoadedRun`.
    """
    height, width, channels = run.gan.image_shape
    card = {
        "Run": last_part(config.model_dir),
        "Model": run.config.model,
        "Data": last_part(run.config.data_dir),
        "Images seen": f"{run.kimg:,.6g} kimg",
        "Image size": f"{width} by {height}" + (", grey" if channels == 1 else ""),
        "Classes": str(run.gan.num_classes or "unconditional"),
        "Loss": run.gan.loss_function.name,
    }
    if config.truncation:
        card["Truncation"] = f"{config.truncation:g}"
    if config.label:
        card["Class"] = config.label
    if config.best:
        card["Generator"] = describe_best(run.best)
    if getattr(config, "ema_length", 0.0):
        card["Average"] = f"power function, relative length {config.ema_length:g}"
    return card


def command_line(command, flags):
    """Returns a command line to be read and pasted.

    Args:
        command: such as "tfdogs.generate".
        flags: dict from a flag's name to its value; True becomes the bare flag, False and None no flag.
    """
    given = (
        f"--{name}" if value is True else f"--{name}={value}"
        for name, value in flags.items()
        if value is not None and value is not False
    )
    return " ".join([f"python -m {command}", *map(shlex.quote, given)])


def last_part(path):
    """Returns the name of a file or folder without those it lies in, which are nobody's business."""
    return Path(path).resolve().name


def _command(config):
    """Returns the command line, with the run and the page in the current folder."""
    given = {"model_dir": last_part(config.model_dir), "output": Path(config.output).name}
    if config.seeds:
        given["seeds"] = config.seeds
    else:
        given.update(seed=config.seed, num_images=config.all_seeds.count)
    given.update((flag, getattr(config, flag)) for flag in _CHOICES if getattr(config, flag))
    return command_line("tfdogs.generate", {**given, "best": config.best})
