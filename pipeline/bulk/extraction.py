"""Bulk extraction: from images to statistics of their features."""

import dataclasses
import shutil
import time
from pathlib import Path

import apache_beam as beam

from pipeline.beam.options import options
from pipeline.beam.running import run, threads_of
from pipeline.bulk import plan
from pipeline.bulk.extract_features import ExtractFeatures
from pipeline.bulk.extract_span import FEATURES, MOMENTS
from pipeline.bulk.merge_moments import MergeMoments
from pipeline.bulk.save_moments import SaveMoments
from pipeline.bulk.span import Span
from pipeline.bulk.stored_features import StoredFeatures
from pipeline.bulk.viewer import Viewer
from pipeline.bulk.watch import watch
from tfdogs.aside import alone_at, place
from tfdogs.data.prepare_config import cores
from tfdogs.errors import TfdogsError
from tfdogs.metrics import extractors
from tfdogs.metrics.feature_cache import FeatureCache
from tfdogs.metrics.feature_set import FeatureSet
from tfdogs.metrics.moments import Moments
from tfdogs.metrics.reference import Reference
from tfdogs.sampling import output


def extract(config):
    """Writes the statistics of images' features to `config.output`; with `config.features` keeps those too.

    What is not finished yet lies in a hidden folder beside it, `.NAME.parts`, and the same command goes on.

    Args:
        config: `pipeline.bulk.extract_config.ExtractConfig`.

    Returns:
        `tfdogs.metrics.moments.Moments` of all images.

    Raises:
        UsageError: there are no such images or network, the output is there or begun by another command, or
            Beam does not understand `config.beam_args`.
        TfdogsError: an image cannot be read, a feature is not finite, or a worker or the disk failed.
    """
    begin = time.perf_counter()
    workers = config.workers or cores()
    options(config.beam_args)
    output.check(config.output, folder=False, overwrite=config.overwrite, command="pipeline.extract")
    with alone_at(config.output):
        return _extract(config, workers, begin)


def _extract(config, workers, begin):
    viewer = Viewer(config)
    images, stamp = viewer.images, viewer.extractor.stamp
    final = place(config.output)
    parts = final.with_name(f".{final.name}.parts")
    plan.begin(parts, _plan(config, viewer), flag="output")
    spans, merged = Span.cut(images.num_images, config.shard_size), parts / "merged.npz"
    steps = ExtractFeatures(_absolute(config), parts, threads=threads_of(config.beam_args, workers))

    def build(graph):
        moments = graph | "Spans" >> beam.Create(spans) | steps
        whole = moments | "Merge" >> beam.CombineGlobally(MergeMoments()).without_defaults()
        _ = whole | "Save" >> beam.ParDo(SaveMoments(merged))

    with watch("extract", parts, f"{MOMENTS}-*.npz", spans=spans):
        run(build, beam_args=config.beam_args, workers=workers, otherwise=plan.GOES_ON)
    moments, _ = Moments.load(merged)
    if moments.count != images.num_images:
        raise TfdogsError(
            f"the workers found {moments.count:,} of {images.num_images:,} images of {images.name}"
        )
    kept = ""
    if config.features:
        files = [parts / span.file_name(FEATURES, ".npz") for span in spans]
        cache = FeatureCache(config.cache_dir)
        stored = StoredFeatures(viewer.extractor, files)
        cache.features(viewer.whole, stored, num_images=config.num_images or None, seed=config.seed)
        kept = f", features in {cache.directory}"
    Reference(FeatureSet.of_moments(moments, stamp=stamp, name=images.name)).save(final)
    shutil.rmtree(parts)
    seconds = time.perf_counter() - begin
    print(f"{config.output}: {moments.count:,} images by {stamp.label}{kept}, {seconds:.1f} s")
    return moments


def _absolute(config):
    """Returns the configuration for workers, who have another current folder."""
    names = ["images", "inception_path"]
    if config.extractor not in extractors.NAMES:
        names.append("extractor")
    paths = {name: getattr(config, name) for name in names}
    return dataclasses.replace(
        config, **{name: str(Path(path).absolute()) for name, path in paths.items() if path}
    )


def _plan(config, viewer):
    """Returns what decides the result, and what lies in the spans' files."""
    return {
        "images": viewer.images.content_key(),
        "num_images": viewer.images.num_images,
        "extractor": viewer.extractor.stamp.key(),
        "shard_size": config.shard_size,
        "features": config.features,
    }
