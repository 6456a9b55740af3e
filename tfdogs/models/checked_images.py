"""A `keras.Model` that looks at the range of the images it is given."""

import keras

from tfdogs.models.image_range import FirstBatch
from tfdogs.models.plain_errors import plain_errors


class CheckedImages(keras.Model):
    """Its steps hand images to `check_range`, which looks at the first batch of each `fit` and `evaluate`.

    Of batches that are handed over one by one, to train or to judge, it looks at the first of each kind. What
    a step raises is one line again.
    """

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.check_range = FirstBatch()
        self._begun = set()  # methods that have been handed a batch since the last `fit` or `evaluate`

    def fit(self, *args, **kwargs):
        """Trains, as `keras.Model.fit` does."""
        self._begin()
        with plain_errors():
            return super().fit(*args, **kwargs)

    def evaluate(self, *args, **kwargs):
        """Judges held-out images, as `keras.Model.evaluate` does."""
        self._begin()
        with plain_errors():
            return super().evaluate(*args, **kwargs)

    def predict(self, *args, **kwargs):
        """As `keras.Model.predict`."""
        with plain_errors():
            return super().predict(*args, **kwargs)

    def train_on_batch(self, *args, **kwargs):
        """Takes one step, as `keras.Model.train_on_batch` does."""
        self._expect("train_on_batch")
        with plain_errors():
            return super().train_on_batch(*args, **kwargs)

    def test_on_batch(self, *args, **kwargs):
        """Judges one batch, as `keras.Model.test_on_batch` does."""
        self._expect("test_on_batch")
        with plain_errors():
            return super().test_on_batch(*args, **kwargs)

    def _begin(self):
        """Has the next batch checked, and the next of each method for single ones."""
        self._begun.clear()
        self.check_range.expect()

    def _expect(self, method):
        """Has the next batch checked, unless this method has been handed one since `fit` or `evaluate`."""
        if method not in self._begun:
            self._begun.add(method)
            self.check_range.expect()
