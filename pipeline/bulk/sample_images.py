"""The Beam steps from seeds to shards of drawn images."""

import apache_beam as beam

from pipeline.bulk.draw_shard import DrawShard


class SampleImages(beam.PTransform):
    """`Span`s of images -> `ImageShard`s, each drawn and written to its file, or found there whole.

    Args:
        config: `pipeline.bulk.sample_config.SampleConfig`; its paths lead to the same files on all workers.
        fingerprint: of the generator; a worker that loads another one fails.
        threads: that TensorFlow may use in a worker; 0 for its own choice.
    """

    def __init__(self, config, *, fingerprint, threads=0):
        super().__init__()
        self._draw = DrawShard(config, fingerprint=fingerprint, threads=threads)

    def expand(self, spans):
        """Adds the steps."""
        return spans | "Spread" >> beam.Reshuffle() | "Draw" >> beam.ParDo(self._draw)
