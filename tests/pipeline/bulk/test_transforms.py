"""The transforms in a graph of somebody's own, on two processes."""

import apache_beam as beam
import numpy as np

from pipeline.beam.running import run
from pipeline.bulk.extract_config import ExtractConfig
from pipeline.bulk.extract_features import ExtractFeatures
from pipeline.bulk.merge_moments import MergeMoments
from pipeline.bulk.run_painter import RunPainter
from pipeline.bulk.sample_config import SampleConfig
from pipeline.bulk.sample_images import SampleImages
from pipeline.bulk.save_moments import SaveMoments
from pipeline.bulk.span import Span
from tfdogs.metrics import extractors
from tfdogs.metrics.extraction import extract
from tfdogs.metrics.image_sets import open_images
from tfdogs.metrics.moments import Moments


def test_two_processes_draw_and_see_what_one_does(plain, drawn, network, tmp_path):
    flags = {"num_images": 70, "shard_size": 16, "seed": 3}
    drawing = SampleConfig(output_dir=str(tmp_path), model_dir=str(plain), **flags)
    seeing = ExtractConfig(images=str(drawn), output=str(tmp_path / "a.npz"), extractor=str(network))
    fingerprint = RunPainter(drawing).fingerprint

    def build(graph):
        sample = SampleImages(drawing, fingerprint=fingerprint, threads=1)
        _ = graph | "To draw" >> beam.Create(Span.cut(70, 16)) | "Sample" >> sample
        seen = (
            graph | "To see" >> beam.Create(Span.cut(70, 20)) | ExtractFeatures(seeing, tmp_path, threads=1)
        )
        whole = seen | beam.CombineGlobally(MergeMoments())
        _ = whole | beam.ParDo(SaveMoments(tmp_path / "merged.npz"))

    run(build, beam_args="", workers=2)
    for path in drawn.glob("*.tfrecord"):
        assert (tmp_path / path.name).read_bytes() == path.read_bytes()
    merged, _ = Moments.load(tmp_path / "merged.npz")
    once = extract(open_images(str(drawn), flag="images"), extractors.get(str(network))).moments
    assert merged.count == once.count == 70
    np.testing.assert_allclose(merged.mean, once.mean, rtol=1e-7)
    np.testing.assert_allclose(merged.scatter, once.scatter, rtol=1e-5, atol=1e-7 * once.scatter.max())


def test_spans_cover_all_images_once():
    for count, size in ((1, 1), (7, 7), (8, 7), (70, 16), (5, 100)):
        spans = Span.cut(count, size)
        assert [number for span in spans for number in range(span.start, span.stop)] == list(range(count))
        assert [span.number for span in spans] == list(range(len(spans)))
        assert {span.total for span in spans} == {len(spans)} and max(span.count for span in spans) <= size
    assert Span.cut(1_000_000, 4096)[3].file_name("train", ".tfrecord") == "train-00003-of-00245.tfrecord"
