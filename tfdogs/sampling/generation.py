"""Generation: from a run and a configuration to a file or folder of images."""

import difflib
from pathlib import Path

from tfdogs.progress import Progress
from tfdogs.sampling import grid, images, output, page
from tfdogs.sampling.drawing import Drawing
from tfdogs.sampling.facts import Facts
from tfdogs.sampling.story import Story


def generate(config, *, run=None):
    """Draws images with a run's averaged generator and writes them to `config.output`.

    They appear there as a whole or not at all; what was there before stays until then.

    Args:
        config: `tfdogs.sampling.config.GenerateConfig`.
        run: `tfdogs.training.run.LoadedRun`; default: the one in `config.model_dir`.

    Raises:
        UsageError: the output cannot be used, `config.model_dir` is no run or kept no best generator, or its
            model has no such class.
        TfdogsError: the run is damaged, or the disk failed.
    """
    folder, seeds = config.form == "folder", config.all_seeds
    output.check(config.output, folder=folder, overwrite=config.overwrite)
    if run is None:
        run = load_run(config)
    label = label_index(config, run)
    total = seeds.count * (config.walk_frames if config.form == "gif" else 1)
    with output.replacing(config.output, folder=folder) as path, Progress("generate", total) as progress:
        drawing = Drawing(
            run.gan.sampler,
            seeds,
            label=label,
            truncation=config.truncation or None,
            progress=progress,
        )
        _WRITERS[config.form](drawing, path, config, run)
    print(
        f"{config.output}: {total:,} {'frames' if config.form == 'gif' else 'images'}, at {run.kimg:g} kimg"
    )


def load_run(config):
    """Returns the `LoadedRun` that `config.model_dir` and `config.best` name.

    Raises:
        UsageError, TfdogsError: as of `tfdogs.training.run.load`.
    """
    check_run(config)
    from tfdogs.training import run

    return run.load(config.model_dir, best=config.best)


def check_run(config):
    """Refuses a `config.model_dir` that is no run, without TensorFlow, which takes seconds to import.

    Raises:
        UsageError: it is none.
    """
    if not Path(config.model_dir, "config.json").is_file():
        config.reject("model_dir", "must be a run that python -m tfdogs.train has left, with its config.json")


def label_index(config, run):
    """Returns the class that `config.label` asks for as an int, or None for none.

    Raises:
        UsageError: the run's model has no such class, or no classes.
    """
    text, count, names = config.label.strip(), run.gan.num_classes, list(run.classes)
    if not text:
        return None
    if not count:
        config.reject("label", f"goes with a conditional model, and that of {config.model_dir} is not")
    if text in names:
        return names.index(text)
    if text.isascii() and text.isdigit() and int(text[:20]) < count:
        return int(text)
    close = difflib.get_close_matches(text, names, cutoff=0.4)
    hint = f" (near: {', '.join(close)})" if close else ""
    config.reject(
        "label", f"must be one of the model's {count} classes, by name or as 0 to {count - 1}{hint}"
    )


def _write_folder(drawing, path, config, run):
    images.write_folder(drawing.pictures(), path, classes=run.classes)


def _write_zip(drawing, path, config, run):
    images.write_zip(drawing.pictures(), path)


def _write_png(drawing, path, config, run):
    path.write_bytes(grid.encode_png(grid.tile(drawing.images(), columns=config.columns)))


def _write_gif(drawing, path, config, run):
    from tfdogs.sampling import walk

    walk.save_gif(walk.frames(drawing, config.walk_frames), path, fps=config.fps)


def _write_html(drawing, path, config, run):
    text = page.render(
        Facts.gather(config, run),
        Story.read(config.model_dir),
        drawing.pictures(),
        kimg=run.kimg,
        classes=run.classes,
        probability=run.gan.loss_function.probability is not None,
    )
    path.write_text(text, encoding="utf-8")


_WRITERS = {
    "folder": _write_folder,
    "zip": _write_zip,
    "png": _write_png,
    "gif": _write_gif,
    "html": _write_html,
}
