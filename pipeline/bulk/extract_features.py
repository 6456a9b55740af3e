"""The Beam steps from images to the moments of their features, and to the features themselves."""

import apache_beam as beam

from pipeline.bulk.extract_span import ExtractSpan


class ExtractFeatures(beam.PTransform):
    """`Span`s of images -> the `Moments` of each one's features, computed, or found in its file.

    Args:
        config: `pipeline.bulk.extract_config.ExtractConfig`; its paths lead to the same files on all workers.
        folder: of the spans' files: moments, and with `config.features` the features.
        threads: that TensorFlow may use in a worker; 0 for its own choice.
    """

    def __init__(self, config, folder, *, threads=0):
        super().__init__()
        self._extract = ExtractSpan(config, folder, threads=threads)

    def expand(self, spans):
        """Adds the steps."""
        return spans | "Spread" >> beam.Reshuffle() | "Extract" >> beam.ParDo(self._extract)
