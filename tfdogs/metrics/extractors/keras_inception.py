"""Keras' InceptionV3: features from weights that many people have at hand."""

import h5py
import keras

from tfdogs.errors import TfdogsError
from tfdogs.metrics.extractors.extractor import Extractor, Stamp, fingerprint, reason

_SIZE, _FEATURES = 299, 2048


class KerasInceptionV3(Extractor):
    """`keras.applications.InceptionV3` (Szegedy et al. 2016), 2048 features of its last pooling.

    Another network than TF-GAN's Inception, with other weights and classes: its numbers are labelled by it.

    Args:
        path: an .h5 file of its weights, with or without the top layer, or of the whole model. No code and no
            architecture is read from it.

    Raises:
        TfdogsError: the file cannot be read, is damaged, or is of another network.
    """

    def __init__(self, path):
        policy = keras.mixed_precision.global_policy()
        try:
            keras.mixed_precision.set_global_policy("float32")
            classes = _num_classes(path)
            base = _architecture(classes)
            base.load_weights(path)
        except Exception as e:  # h5py's and Keras's own vary with the damage
            raise TfdogsError(f"{path} has no weights of Keras' InceptionV3: {reason(e)}") from e
        finally:
            keras.mixed_precision.set_global_policy(policy)
        outputs = [base.get_layer("avg_pool").output, base.output] if classes else [base.output]
        self._model = keras.Model(base.input, outputs)
        stamp = Stamp("inception_v3", "Keras InceptionV3", fingerprint(path), "bilinear", _SIZE)
        super().__init__(stamp, _FEATURES, classes, imagenet=classes == 1000, chunk_size=8)

    def forward(self, pixels):
        outputs = self._model(pixels / 127.5 - 1.0, training=False)
        return tuple(outputs) if self.num_classes else (outputs, None)


def _architecture(classes):
    options = {"weights": None, "input_shape": (_SIZE, _SIZE, 3)}
    if classes:
        return keras.applications.InceptionV3(classes=classes, **options)
    return keras.applications.InceptionV3(include_top=False, pooling="avg", **options)


def _num_classes(path):
    """Returns the number of classes of the top layer, which alone has weights [2048, K]; 0 without one."""
    shapes = []
    with h5py.File(path, "r") as file:
        file.visititems(lambda _, item: shapes.append(getattr(item, "shape", ())))
    return next((shape[1] for shape in shapes if len(shape) == 2 and shape[0] == _FEATURES), 0)
