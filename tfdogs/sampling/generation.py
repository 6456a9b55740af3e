"""Generation: from a run and a configuration to a file or folder of images."""

import dataclasses
import difflib
from pathlib import Path

from tfdogs.aside import alone_at, replacing
from tfdogs.data.names import class_name_of
from tfdogs.errors import UsageError
from tfdogs.progress import Progress
from tfdogs.sampling import class_grid, grid, many, output, page, truncation_grid
from tfdogs.sampling.config import FORMS
from tfdogs.sampling.drawing import Drawing
from tfdogs.sampling.facts import Facts
from tfdogs.sampling.labels import DATA, DataLabels
from tfdogs.sampling.story import Story


def generate(config, *, run=None):
    """Draws images with a run's averaged generator and writes them to `config.output`.

    They appear there as a whole or not at all; what was there before stays until then. A folder or zip that
    is stopped on the way keeps what was drawn beside it, in `.NAME.unfinished`, and the same configuration
    goes on from there.

    Args:
        config: `tfdogs.sampling.config.GenerateConfig`.
        run: `tfdogs.training.run.LoadedRun`; default: the one in `config.model_dir`.

    Raises:
        UsageError: the output cannot be used, `config.model_dir` is no run or kept no such generator, or its
            model has no such class or cannot do the grid; or images of another configuration, or generator,
            wait beside the output.
        TfdogsError: another process writes the output, the run is damaged, or the disk failed.
        KeyboardInterrupt: Ctrl-C; its text says what is kept.
    """
    folder = config.form == "folder"
    output.check(config.output, folder=folder, overwrite=config.overwrite)
    with alone_at(config.output):
        output.check(config.output, folder=folder, overwrite=config.overwrite)  # nobody else writes it now
        _generate(config, run)


def _generate(config, run):
    if run is None:
        run = load_run(config)
    label = None if config.grid == "classes" else label_index(config, run)
    if config.labels == DATA:
        label = data_labels(config, run)
    drawing = Drawing(run.gan.sampler, config.all_seeds, label=label, truncation=config.truncation or None)
    total = drawing.seeds.count * _images_a_seed(config, run)
    if config.form in many.FORMS:
        many.write(drawing, config, run)
    else:
        with replacing(config.output) as path, Progress("generate", total) as drawing.progress:
            _WRITERS[config.form](drawing, path, config, run)
    print(
        f"{config.output}: {total:,} {'frames' if config.form == 'gif' else 'images'}, at {run.kimg:g} kimg"
    )


def load_run(config):
    """Returns the `LoadedRun` that `config.model_dir`, `config.best` and `config.ema_length` name.

    With an `ema_length` over 0, where the command has that flag, the run draws with that average, and its
    `kimg` is the newest snapshot's.

    Raises:
        UsageError, TfdogsError: as of `tfdogs.training.run.load` and `Snapshots.reconstruct`.
    """
    check_run(config)
    from tfdogs.training import run
    from tfdogs.training.snapshots import Snapshots

    loaded = run.load(config.model_dir, best=config.best)
    length = getattr(config, "ema_length", 0.0)
    if not length:
        return loaded
    kimg, residual = Snapshots(config.model_dir).reconstruct(loaded.gan.sampler.generator, length)
    missed = f"{100 * residual:.1f} %"
    print(f"average of length {length:g} at {kimg:g} kimg; the snapshots miss its profile by {missed}")
    return dataclasses.replace(loaded, kimg=kimg)


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
    text = config.label.strip()
    return _class_index(config, text, run) if text else None


def data_labels(config, run):
    """Returns the `tfdogs.sampling.labels.DataLabels` of a run.

    Raises:
        UsageError: the run's model has no classes, or it does not know how often its data has each.
    """
    if not run.gan.num_classes:
        config.reject("labels", f"goes with a conditional model, and that of {config.model_dir} is not")
    if not any(run.label_counts):
        rule = f"needs label_counts in {config.model_dir}/data.json, which runs of earlier versions lack"
        config.reject("labels", f"{rule} (the command that trained it adds them)")
    return DataLabels(run.label_counts)


def _class_index(config, text, run):
    count, names = run.gan.num_classes, list(run.classes)
    if not count:
        config.reject("label", f"goes with a conditional model, and that of {config.model_dir} is not")
    same = [class_name_of(name) == class_name_of(text) for name in names]
    if any(same):
        return same.index(True)
    if text.isascii() and text.isdigit() and int(text[:20]) < count:
        return int(text)
    close = difflib.get_close_matches(text, names, cutoff=0.4)
    hint = f" (near: {', '.join(close)})" if close else ""
    config.reject(
        "label", f"must be one of the model's {count} classes, by name or as 0 to {count - 1}{hint}"
    )


def _labels(config, run):
    """Returns the classes of --grid=classes: those of --label, or all."""
    if not run.gan.num_classes:
        config.reject("grid", f"needs a conditional model, and that of {config.model_dir} is not")
    text = config.label.strip()
    if not text:
        return list(range(run.gan.num_classes))
    known = class_name_of(text) in map(class_name_of, run.classes)
    parts = [text] if known else [part.strip() for part in text.split(",")]
    return [_class_index(config, part, run) for part in parts]


def _cut_offs(config, run):
    """Returns the columns of --grid=truncation, None for none."""
    default = truncation_grid.default_columns(run.gan.sampler)
    return default if config.cut_offs is None else [value or None for value in config.cut_offs]


def _images_a_seed(config, run):
    """Returns how many images are drawn for each seed.

    Raises:
        UsageError: the model cannot do the grid, or a sheet would hold too many.
    """
    if config.form == "gif":
        return config.walk_frames
    if config.grid == "plain":
        return 1
    if config.grid == "classes":
        count = len(_labels(config, run))
    elif config.grid == "truncation":
        count = len(_cut_offs(config, run))
    else:
        num_layers = getattr(run.gan.sampler.generator, "num_ws", None)
        if num_layers is None:
            config.reject("grid", f"needs a model with styles, and {run.config.model} has none")
        if config.mix_layers >= num_layers:
            config.reject("mix_layers", f"must be less than the model's {num_layers} layers")
        count = config.all_seeds.count
    if count * config.all_seeds.count > FORMS["png"][1]:
        rows = f"{config.all_seeds.count:,} seeds by {count:,}"
        raise UsageError(f"a sheet holds {FORMS['png'][1]:,} images. Received: --grid={config.grid}, {rows}")
    return count


def _write_png(drawing, path, config, run):
    if config.grid == "classes":
        sheet = class_grid.draw(drawing, _labels(config, run), classes=run.classes)
    elif config.grid == "truncation":
        sheet = truncation_grid.draw(drawing, _cut_offs(config, run))
    elif config.grid == "mix":
        from tfdogs.sampling import style_mixing  # and with it TensorFlow, which takes seconds

        sheet = style_mixing.draw(drawing, config.mix_layers or None)
    else:
        sheet = grid.tile(drawing.images(), columns=config.columns)
    path.write_bytes(grid.encode_png(sheet))


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
    path.write_text(text, encoding="utf-8", errors="backslashreplace")


_WRITERS = {
    "png": _write_png,
    "gif": _write_gif,
    "html": _write_html,
}
