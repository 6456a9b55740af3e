"""A PNG per image, in a folder or zip: any number of them, gone on with where a command was stopped."""

import contextlib
import dataclasses
import hashlib
import json

import numpy as np

import tfdogs
from tfdogs.errors import TfdogsError, with_path
from tfdogs.progress import Progress, say
from tfdogs.sampling.drawing import Drawing
from tfdogs.sampling.images import image_name, label_name, write_seeds_file
from tfdogs.sampling.output import SEEDS_FILE
from tfdogs.sampling.unfinished import FolderOfImages, Unfinished, ZipOfImages

FORMS = {"folder": FolderOfImages, "zip": ZipOfImages}


def write(drawing, config, run):
    """Writes a drawing's images to `config.output`, a folder or zip, going on with those that are there.

    Args:
        drawing: `tfdogs.sampling.drawing.Drawing`.
        config: `tfdogs.sampling.config.GenerateConfig` of one of `FORMS`.
        run: `tfdogs.training.run.LoadedRun`.

    Raises:
        UsageError: images of another configuration, or generator, wait there.
        TfdogsError: the disk failed.
        KeyboardInterrupt: with what is kept.
    """
    unfinished = Unfinished(config.output, _plan(config, run), overwrite=config.overwrite)
    total = drawing.seeds.count
    kept = 0
    try:
        with FORMS[config.form](unfinished.images) as images:
            kept = images.count
            if kept:
                say(f"going on with {kept:,} images in {unfinished.folder}")
            rest = Drawing(
                drawing.sampler, drawing.seeds.after(kept), label=drawing.label, truncation=drawing.truncation
            )
            with Progress("generate", total, done=kept) as rest.progress:
                for picture in rest.pictures():
                    images.add(picture.png)
                    kept = images.count
        if config.form == "folder":
            write_seeds_file(unfinished.images / SEEDS_FILE, _rows(drawing, run.classes))
        unfinished.finish()
    except BaseException as e:
        if not kept:
            with contextlib.suppress(OSError):
                unfinished.discard()
            state = ""
        else:
            state = f"{kept:,} of {total:,} images are kept in {unfinished.folder}. "
            state += "Run the same command to resume"
        if isinstance(e, OSError):
            text = f"cannot write {config.output}: {with_path(e)}"
            raise TfdogsError(f"{text}; {state}" if state else text) from e
        if isinstance(e, KeyboardInterrupt):
            raise KeyboardInterrupt(state) from e
        raise


def _plan(config, run):
    """Returns what decides the images: flags, generator, version."""
    flags = {
        field.name: getattr(config, field.name)
        for field in dataclasses.fields(config)
        if field.name not in ("model_dir", "output") and not field.metadata["run_control"]
    }
    return {**flags, "kimg": run.kimg, "generator": _fingerprint(run), "tfdogs": tfdogs.__version__}


def _fingerprint(run):
    """Returns a hex digest of a run's generator, of its flags and of what its labels follow from."""
    fields = dataclasses.fields(run.config)
    flags = {field.name: getattr(run.config, field.name) for field in fields if not _is_control(field)}
    settings = [flags, list(run.classes), list(run.label_counts), list(run.gan.image_shape)]
    digest = hashlib.blake2b(json.dumps(settings, sort_keys=True).encode(), digest_size=16)
    for weight in run.gan.sampler.generator.get_weights():
        digest.update(f"{weight.dtype} {weight.shape}".encode())
        digest.update(np.ascontiguousarray(weight))
    return digest.hexdigest()


def _is_control(field):
    return field.metadata.get("run_control", False)


def _rows(drawing, classes):
    """Yields (name, seed, label) of every image."""
    count = 0
    for seeds in drawing.seeds.chunks(drawing.batch):
        labels = drawing.labels(seeds)
        labels = [None] * len(seeds) if labels is None else labels.tolist()
        for seed, label in zip(seeds.tolist(), labels):
            yield image_name(count), seed, label_name(label, classes)
            count += 1
