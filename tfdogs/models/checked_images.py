"""A `keras.Model` that looks at the range of the images it is given."""

import keras

from tfdogs.models.image_range import FirstBatch
from tfdogs.models.plain_errors import plain_errors


class CheckedImages(keras.Model):
    """Its steps hand images to `check_range`, which looks at the first batch of each `fit` and `evaluate`.

    What a step raises is one line again.
    """

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.check_range = FirstBatch()

    def fit(self, *args, **kwargs):
        """Trains, as `keras.Model.fit` does."""
        self.check_range.expect()
        with plain_errors():
            return super().fit(*args, **kwargs)

    def evaluate(self, *args, **kwargs):
        """Judges held-out images, as `keras.Model.evaluate` does."""
        self.check_range.expect()
        with plain_errors():
            return super().evaluate(*args, **kwargs)

    def predict(self, *args, **kwargs):
        """As `keras.Model.predict`."""
        with plain_errors():
            return super().predict(*args, **kwargs)

    def train_on_batch(self, *args, **kwargs):
        """Takes one step, as `keras.Model.train_on_batch` does."""
        with plain_errors():
            return super().train_on_batch(*args, **kwargs)

    def test_on_batch(self, *args, **kwargs):
        """Judges one batch, as `keras.Model.test_on_batch` does."""
        with plain_errors():
            return super().test_on_batch(*args, **kwargs)
