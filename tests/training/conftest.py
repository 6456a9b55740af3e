import pytest


@pytest.fixture(scope="session")
def make_extractor():
    """Returns a maker of extractors that take no time: mean colours of 16 fields, 48 features."""
    import tensorflow as tf

    from tfdogs.metrics.extractors.extractor import Extractor, Stamp

    class Fields(Extractor):
        def __init__(self, *, imagenet=True):
            self._weights = tf.random.stateless_normal([48, 1000], [1, 2])
            stamp = Stamp("fields", "Fields", "0123456789abcdef", "bilinear", 8)
            super().__init__(stamp, 48, 1000 if imagenet else 0, imagenet=imagenet)

        def forward(self, pixels):
            pool = tf.reshape(tf.nn.avg_pool2d(pixels / 255.0, 2, 2, "VALID"), [-1, 48])
            return pool, tf.nn.softmax(10.0 * pool @ self._weights) if self.num_classes else None

    return Fields
