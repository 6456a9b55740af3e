"""A run in words, for its page."""

import dataclasses
import shlex
from pathlib import Path
from typing import NamedTuple


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
        name, data = (Path(path).resolve().name for path in (config.model_dir, run.config.data_dir))
        looks = f"{run.kimg * 1000:,.0f}"
        return cls(
            title="None of these exist",
            lede=f"After {looks} looks at the pictures of {data}, this is what the network "
            f"{run.config.model} draws, and how it got there.",
            card=_card(config, run, name, data),
            flags=tuple(
                (f"--{field.name}", str(getattr(run.config, field.name)))
                for field in dataclasses.fields(run.config)
                if not field.metadata.get("run_control")
            ),
            command=_command(config, name),
        )


def _card(config, run, name, data):
    height, width, channels = run.gan.image_shape
    card = [
        ("Run", name),
        ("Model", run.config.model),
        ("Data", data),
        ("Images seen", f"{run.kimg:,.6g} kimg"),
        ("Image size", f"{width} by {height}" + (", grey" if channels == 1 else "")),
        ("Classes", str(run.gan.num_classes or "unconditional")),
        ("Loss", run.gan.loss_function.name),
        ("Seeds", str(config.all_seeds)),
    ]
    if config.truncation:
        card.append(("Truncation", f"{config.truncation:g}"))
    if config.label:
        card.append(("Class", config.label))
    if config.best:
        card.append(("Generator", "the best of the run"))
    return tuple(card)


def _command(config, name):
    """Returns the command line, with the run and the page in the current folder."""
    given = {"model_dir": name, "output": Path(config.output).name}
    if config.seeds:
        given["seeds"] = config.seeds
    else:
        given.update(seed=config.seed, num_images=config.all_seeds.count)
    given.update((flag, getattr(config, flag)) for flag in ("truncation", "label") if getattr(config, flag))
    flags = [shlex.quote(f"--{flag}={value}") for flag, value in given.items()]
    return " ".join(["python -m tfdogs.generate", *flags, *(["--best"] if config.best else [])])
