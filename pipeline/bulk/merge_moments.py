"""The moments of many pieces as one, by Beam."""

import apache_beam as beam


class MergeMoments(beam.CombineFn):
    """`tfdogs.metrics.moments.Moments` of disjoint rows -> those of all rows; None of nothing.

    They are joined exactly but for the rounding of float64, which the order of the pieces decides.
    """

    def create_accumulator(self):
        """Returns the moments of no rows, whose width is not known yet: None."""
        return None

    def add_input(self, seen, moments):
        """Returns `seen` with `moments`, which stay as they are."""
        if seen is None:
            return moments.copy()
        seen.merge(moments)
        return seen

    def merge_accumulators(self, accumulators):
        """Returns all accumulators as one."""
        seen = None
        for moments in accumulators:
            if moments is not None:
                seen = self.add_input(seen, moments)
        return seen

    def extract_output(self, seen):
        """Returns the `Moments`."""
        return seen
