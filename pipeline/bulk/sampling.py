"""Bulk sampling: from a configuration to a data_dir of drawn images."""

import dataclasses
import time
from pathlib import Path

import apache_beam as beam

import tfdogs
from pipeline.beam.options import options
from pipeline.beam.running import run, threads_of
from pipeline.bulk import painters, plan
from pipeline.bulk.draw_shard import SPLIT
from pipeline.bulk.sample_images import SampleImages
from pipeline.bulk.span import Span
from pipeline.bulk.watch import watch
from pipeline.bulk.write_manifest import WriteManifest
from pipeline.core.aside import sweep
from tfdogs.aside import alone_in
from tfdogs.data.manifest import Manifest
from tfdogs.data.prepare_config import cores
from tfdogs.errors import TfdogsError
from tfdogs.sampling.generation import check_run
from tfdogs.sampling.labels import UNIFORM

_PATHS = ("model_dir", "export_dir", "output_dir")


def sample(config):
    """Draws images into `config.output_dir`, going on with what is there of the same command.

    Args:
        config: `pipeline.bulk.sample_config.SampleConfig`.

    Returns:
        The `tfdogs.data.manifest.Manifest` of the folder.

    Raises:
        UsageError: there is no such run, export or class, the folder is another command's, or Beam does not
            understand `config.beam_args`.
        TfdogsError: the run is damaged, or a worker or the disk failed; the shards that are there stay.
    """
    begin = time.perf_counter()
    workers = config.workers or cores()
    options(config.beam_args)  # before TensorFlow, which takes seconds
    if config.model_dir:
        check_run(config)
    # Workers have another current folder.
    paths = {name: getattr(config, name) for name in _PATHS}
    absolute = {name: str(Path(path).absolute()) for name, path in paths.items() if path}
    painter = painters.load(config)
    provenance = _provenance(config, painter)
    plan.begin(config.output_dir, provenance, flag="output_dir")
    with alone_in(config.output_dir):
        manifest = _finished(config.output_dir) or _draw(config, painter, provenance, absolute, workers)
    size = sum(shard.bytes for shard in manifest.splits[SPLIT])
    print(
        f"{config.output_dir}: {manifest.num_images(SPLIT):,} images by {painter.told}, "
        f"{len(manifest.splits[SPLIT])} shards, {size / 1e6:.1f} MB, {time.perf_counter() - begin:.1f} s"
    )
    return manifest


def _draw(config, painter, provenance, absolute, workers):
    spans = Span.cut(config.num_images, config.shard_size)
    steps = SampleImages(
        dataclasses.replace(config, **absolute),
        fingerprint=painter.fingerprint,
        threads=threads_of(config.beam_args, workers),
    )
    finish = WriteManifest(
        absolute["output_dir"],
        image_size=painter.image_size,
        channels=painter.channels,
        classes=painter.classes,
        provenance=provenance,
    )

    def build(graph):
        shards = graph | "Spans" >> beam.Create(spans) | steps
        _ = shards | "All" >> beam.combiners.ToList() | "Manifest" >> beam.ParDo(finish)

    with watch("sample", config.output_dir, f"{SPLIT}-*.tfrecord", spans=spans):
        run(build, beam_args=config.beam_args, workers=workers, otherwise=plan.GOES_ON)
    sweep(config.output_dir)
    return Manifest.load(config.output_dir)


def _provenance(config, painter):
    """Returns what decides the images and their shards; nothing of where it was done or by how many."""
    flags = {
        field.name: getattr(config, field.name)
        for field in dataclasses.fields(config)
        if field.name not in _PATHS and not field.metadata["run_control"]
    }
    if flags["labels"] == UNIFORM:
        del flags["labels"]  # folders of earlier versions, which had no choice, do not tell it
    return {**flags, "generator": painter.fingerprint, "told": painter.told, "tfdogs": tfdogs.__version__}


def _finished(folder):
    """Returns the manifest of a folder that is complete, else None."""
    try:
        return Manifest.load(folder)
    except TfdogsError:
        return None
