"""Precision and recall as a Keras metric."""

from tfdogs.metrics.keras_metrics.store_metric import StoreMetric
from tfdogs.metrics.precision_recall import precision_recall


class PrecisionRecall(StoreMetric):
    """Precision and recall of the fakes among the reals, by nearest neighbours.

    `ScoreMetric` says how to use it; `tfdogs.metrics.precision_recall` what it is. Of more than `capacity`
    images of a side a uniform sample is kept; features are taken in float32.

    Args:
        num_features: length of an image's features; not needed where one of the next two is given.
        extractor: `tfdogs.metrics.extractors.Extractor`; batches are images then. Default: they are features.
        reference: features of the reals [M, num_features] beforehand, all of which are used.
        k: default 3.
        capacity: default 10,000; memory for so many images of a side is taken at once.
        name: default "precision_recall".
    """

    def __init__(
        self,
        num_features=None,
        *,
        extractor=None,
        reference=None,
        k=3,
        capacity=10_000,
        name="precision_recall",
    ):
        options = {"extractor": extractor, "reference": reference, "capacity": capacity, "name": name}
        super().__init__(num_features, fewest=k + 1, size=2, **options)
        self.k = k

    def score(self, reals, fakes):
        return precision_recall(reals, fakes, k=self.k)

    def result(self):
        """Returns {"precision", "recall"}, float64 scalars; NaN with no more than k images of a side."""
        return dict(zip(("precision", "recall"), self.values()))

    def get_config(self):
        return {"k": self.k, **super().get_config()}
