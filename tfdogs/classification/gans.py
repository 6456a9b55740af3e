"""The study's own GANs: one a class, trained by a recipe on that class's train split."""

from pathlib import Path

from tfdogs import cli
from tfdogs.classification import class_data
from tfdogs.classification.pools import folder_name
from tfdogs.data.names import printable
from tfdogs.errors import UsageError
from tfdogs.progress import say
from tfdogs.training.callbacks.metrics_log import MetricsLog, read
from tfdogs.training.config import TrainConfig

_LEAST_SECONDS = 1.0  # below, what is left of a GAN's time is not worth going on for


def run_dir(config, class_name):
    """Returns the folder of a class's run."""
    return Path(config.output_dir, "gans", folder_name(class_name))


def recipe(config, class_name):
    """Returns the `TrainConfig` of a class's GAN: the flagfiles', with the study's folders and limits.

    Args:
        config: `tfdogs.classification.config.ClassifyConfig` with `gan_flagfile`.
        class_name: the class.

    Raises:
        UsageError: a flagfile is not one of tfdogs.train.
    """
    flags = [
        *(f"--flagfile={path}" for path in config.gan_flagfiles),
        f"--data_dir={_data_dir(config, class_name)}",
        f"--model_dir={run_dir(config, class_name)}",
        "--nodry_run",
        "--aug_preview=",
    ]
    if config.gan_kimg:
        flags.append(f"--total_kimg={config.gan_kimg!r}")
    if config.gan_seconds:
        flags.append(f"--max_wall_seconds={max(seconds_left(config, class_name), 0.0)!r}")
    try:
        found = cli.parse(TrainConfig, ["train", *flags], summary="")
    except UsageError as e:
        raise UsageError(f"--gan_flagfile={config.gan_flagfile}: {e}") from e
    if found is None:
        config.reject("gan_flagfile", "must not ask for --help")
    return found


def check(config, reals, class_name):
    """Refuses a recipe that cannot draw the data's images, by building its GAN once.

    Args:
        config: `tfdogs.classification.config.ClassifyConfig` with `gan_flagfile`.
        reals: `tfdogs.classification.reals.Reals`.
        class_name: the class whose GAN is built.

    Raises:
        UsageError: a flagfile is not one of tfdogs.train, or does not fit the data.
    """
    from tfdogs.training import run

    found = recipe(config, class_name)
    card = run.DataCard(
        image_size=reals.manifest.image_size,
        channels=reals.manifest.channels,
        classes=(class_name,),
        num_images=len(reals.train[reals.classes.index(class_name)]),
        fingerprint=reals.manifest.fingerprint,
    )
    try:
        run.build(found, card)
    except UsageError as e:
        raise UsageError(f"--gan_flagfile={config.gan_flagfile}: {e}") from e


def train(config, classes, *, done=lambda name: False):
    """Trains the GAN of every class, going on where it was stopped.

    Args:
        config: `tfdogs.classification.config.ClassifyConfig` with `gan_flagfile`.
        classes: class names, by label.
        done: called with a name; True where its GAN is needed no more.

    Raises:
        UsageError: the flagfiles do not fit the data.
        TfdogsError: as of `tfdogs.training.run.train`; what was trained is saved.
    """
    from tfdogs.training import run

    for label, name in enumerate(classes):
        if done(name):
            continue
        class_data.write(config.data_dir, label, _data_dir(config, name))
        if config.gan_seconds and seconds_left(config, name) < _LEAST_SECONDS:
            continue
        say(f"GAN of {printable(name)}: {run_dir(config, name)}")
        run.train(recipe(config, name))


def seconds_left(config, class_name):
    """Returns what `config.gan_seconds` leaves after the time that a class's GAN was trained."""
    lines = read(run_dir(config, class_name) / MetricsLog.FILE_NAME)
    return config.gan_seconds - (lines[-1]["seconds"] if lines else 0.0)


def _data_dir(config, class_name):
    return Path(config.output_dir, "data", folder_name(class_name))
