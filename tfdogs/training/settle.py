"""What flags that leave a choice open stand for: a run's own choice, where it has begun.

So another machine, or another version, goes on with a run as it began.
"""

import dataclasses

from tfdogs.sampling.labels import DATA
from tfdogs.training import precision
from tfdogs.training.config import TrainConfig


def with_precision(config, begun, slow, workers):
    """Returns the configuration with the precision that auto stands for, and says which it is.

    Args:
        config: `TrainConfig`.
        begun: Path of the run's configuration, which is not there before the run has begun.
        slow: whether the processor of one of the workers has no fast bfloat16.
        workers: `Workers`.
    """
    if config.precision != "auto":
        return config
    if begun.is_file():
        chosen, why = TrainConfig.load(begun).precision, f"as {begun.parent} began"
    else:
        chosen = precision.choose(not slow)
        why = "no fast bfloat16 here" if slow else "the processor has bfloat16 instructions"
    workers.say(f"precision: {chosen} ({why})")
    return dataclasses.replace(config, precision=chosen)


def as_begun(config, begun):
    """Returns the configuration with all that a run decides by itself but the precision, and what to say.

    Args:
        config: `TrainConfig`.
        begun: Path of the run's configuration, which is not there before the run has begun.

    Returns:
        (configuration, sentence): see `with_former_defaults`.
    """
    config, said = with_former_defaults(config, begun)
    return with_labels(with_updates(config, begun), begun), said


def with_former_defaults(config, begun):
    """Returns the configuration with what a run has of the defaults of an earlier version, and says it.

    A command that does not name such a flag goes on with the run, whatever the default is by now.

    Args:
        config: `TrainConfig`.
        begun: Path of the run's configuration, which is not there before the run has begun.

    Returns:
        (configuration, sentence): the sentence names flags and values; empty where there are none.
    """
    if not begun.is_file():
        return config, ""
    until_now = TrainConfig.load(begun)
    kept = {}
    for field in dataclasses.fields(config):
        value = getattr(until_now, field.name)
        if getattr(config, field.name) == field.default and value in field.metadata.get("former", ()):
            kept[field.name] = value
    if not kept:
        return config, ""
    flags = " ".join(f"--{name}={value}" for name, value in kept.items())
    return dataclasses.replace(config, **kept), f"as {begun.parent} began, with older defaults: {flags}"


def with_updates(config, begun):
    """Returns the configuration with the updates that a run has begun with, where auto leaves the choice.

    Args:
        config: `TrainConfig`.
        begun: Path of the run's configuration, which is not there before the run has begun.
    """
    if config.updates != "auto" or not begun.is_file():
        return config
    return dataclasses.replace(config, updates=TrainConfig.load(begun).updates)


def with_labels(config, begun):
    """Returns the configuration with the labels of evaluations: as until now, else as in the data.

    Args:
        config: `TrainConfig`.
        begun: Path of the run's configuration, which is not there before the run has begun.
    """
    if config.eval_labels or not config.conditional:
        return config
    until_now = TrainConfig.load(begun).eval_labels if begun.is_file() else ""
    return dataclasses.replace(config, eval_labels=until_now or DATA)
