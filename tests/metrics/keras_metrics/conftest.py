import numpy as np
import pytest


@pytest.fixture
def features():
    """Returns a maker of float32 features [N, 8] of reals and fakes."""

    def make(num_images=60, seed=0):
        rng = np.random.default_rng(seed)
        reals = rng.standard_normal((num_images, 8))
        fakes = 1.3 * rng.standard_normal((num_images, 8)) + 0.2
        return reals.astype(np.float32), fakes.astype(np.float32)

    return make


@pytest.fixture
def extractor():
    """An extractor whose features and probabilities are the colours of an image's quarters."""
    import tensorflow as tf

    from tfdogs.metrics.extractors.extractor import Extractor, Stamp

    class Colours(Extractor):
        def forward(self, pixels):
            colours = tf.reshape(pixels / 255, [-1, 12])
            return colours, tf.nn.softmax(5 * colours)

    return Colours(Stamp("colours", "Colours", "0" * 16, "bilinear", 2), 12, 12, chunk_size=4)
