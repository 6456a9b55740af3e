"""MiFID as a Keras metric."""

from tfdogs.metrics.frechet import frechet_distance
from tfdogs.metrics.keras_metrics.store_metric import StoreMetric
from tfdogs.metrics.mifid import PUBLIC_EPS, memorization_distance, mifid


class MiFID(StoreMetric):
    """FID, divided by the memorization distance d where that is under eps.

    `ScoreMetric` says how to use it; `tfdogs.metrics.mifid` what it is. Of more than `capacity` images of a
    side a uniform sample is kept; of a sample of the reals d is too large, so give all of them as the
    reference. Features are taken in float32.

    Args:
        num_features: length of an image's features; not needed where one of the next two is given.
        extractor: `tfdogs.metrics.extractors.Extractor`; batches are images then. Default: they are features.
        reference: features of the training images [M, num_features] beforehand, all of which are used.
        eps: default 0.1, the public board's, which belongs to Inception's features.
        capacity: default 10,000; memory for so many images of a side is taken at once.
        name: default "mifid".
    """

    def __init__(
        self,
        num_features=None,
        *,
        extractor=None,
        reference=None,
        eps=PUBLIC_EPS,
        capacity=10_000,
        name="mifid",
    ):
        options = {"extractor": extractor, "reference": reference, "capacity": capacity, "name": name}
        super().__init__(num_features, fewest=2, size=1, **options)
        self.eps = eps

    def score(self, reals, fakes):
        return [mifid(frechet_distance(fakes, reals), memorization_distance(fakes, reals), self.eps)]

    def result(self):
        """Returns the score, a float64 scalar; NaN with fewer than two images of a side."""
        return self.values()[0]

    def get_config(self):
        return {"eps": self.eps, **super().get_config()}
