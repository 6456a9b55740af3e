"""One side against the other: what several scores share is computed once."""

import functools

import numpy as np

from tfdogs.metrics.dogs import breed_histogram
from tfdogs.metrics.fid_error import halves
from tfdogs.metrics.frechet import frechet_distance
from tfdogs.metrics.left_out import left_out
from tfdogs.metrics.neighbours import nearest
from tfdogs.metrics.precision_recall import realism

MOST_NEIGHBOURS = 10_000  # images a side whose distances among each other are computed


class Comparison:
    """Fakes beside the reference.

    Args:
        fakes: `FeatureSet`.
        reference: `Reference` of the same extractor.
        seed: of halves, of KID's blocks and of subsets.
        bootstrap: whether FID's error is estimated, see `tfdogs.metrics.fid_error`; 0 for no.

    Attributes:
        fakes, reference, seed, bootstrap: as given.
    """

    def __init__(self, fakes, reference, *, seed=0, bootstrap=10):
        self.fakes = fakes
        self.reference = reference
        self.seed = seed
        self.bootstrap = bootstrap

    @functools.cached_property
    def fid(self):
        """The Fréchet distance of all fakes and all reals."""
        return frechet_distance(self.fakes.gaussian, self.reference.gaussian)

    @functools.cached_property
    def left_out(self):
        """(whole, halves): the `LeftOut` of all fakes, and those of their halves."""
        fakes, reals = self.fakes.pool, self.reference.gaussian
        return left_out(fakes, reals), halves(fakes, reals, self.seed)

    @functools.cached_property
    def neighbours(self):
        """Each fake's nearest real image by MiFID's distance 1 - |cos|.

        (distances float64 [N], indices int64 [N]); infinity and -1 for features whose sum is 0.
        """
        distances, indices = nearest(self.fakes.pool, self.reference.features.pool, measure="cosine", k=1)
        return distances[:, 0], indices[:, 0]

    @functools.cached_property
    def breeds(self):
        """The `BreedHistogram` of the fakes."""
        return breed_histogram(self.fakes.probabilities)

    @functools.cached_property
    def realism(self):
        """Realism of every fake, float64 [N], beside at most `MOST_NEIGHBOURS` reals."""
        return realism(self.few_reals, self.fakes.pool)

    @functools.cached_property
    def few_fakes(self):
        """Features of at most `MOST_NEIGHBOURS` fakes."""
        return self.few(self.fakes.pool, MOST_NEIGHBOURS)

    @functools.cached_property
    def few_reals(self):
        """Features of at most `MOST_NEIGHBOURS` reals."""
        return self.few(self.reference.features.pool, MOST_NEIGHBOURS)

    def known(self, name):
        """Returns the property of this name where it was computed, None where nobody asked for it."""
        return vars(self).get(name)

    def few(self, pool, most):
        """Returns at most `most` rows, drawn without replacement, in their order."""
        if len(pool) <= most:
            return pool
        rows = np.random.default_rng(self.seed).choice(len(pool), most, replace=False)
        return pool[np.sort(rows)]
