"""Extractors: networks that turn images into features and class probabilities, which the scores compare.

To add one, write a module here with a subclass of `extractor.Extractor`:

    class MyNet(Extractor):
        def __init__(self, path=""):
            self._model = ...  # layers of dtype float32, whatever the caller's policy is
            stamp = Stamp("my_net", "MyNet", fingerprint(path), "bicubic", 224)
            super().__init__(stamp, num_features=512, num_classes=1000, imagenet=True)

        def forward(self, pixels):  # float32 [n, 224, 224, 3] in [0, 255]
            pool, logits = self._model(pixels / 127.5 - 1.0, training=False)
            return pool, tf.nn.softmax(logits)

and add it to `_BUILDERS` below: flags, cache, scores and report then know it by that name. The base class
sees to batches, images of any size, grey ones, NaN, and the resizer that the stamp names, one of `resizers`.
The stamp decides which numbers may be compared: two networks, or one with two resizers, never share one.
"""

from pathlib import Path

from tfdogs.errors import UsageError

INPUT_RANGES = ("-1_1", "0_1", "0_255")


def _efficientnet_lite0(path):
    from tfdogs.metrics.extractors.efficientnet_lite0 import EfficientNetLite0

    return EfficientNetLite0(path)


def _inception_v3(path):
    if Path(path).suffix in (".h5", ".hdf5") and Path(path).is_file():
        from tfdogs.metrics.extractors.keras_inception import KerasInceptionV3

        return KerasInceptionV3(path)
    if path and not Path(path).is_dir():
        raise UsageError(
            "--inception_path must be an existing folder of a SavedModel, or a Keras InceptionV3's .h5. "
            f"Received: --inception_path={path}"
        )
    from tfdogs.metrics.extractors.inception_v3 import InceptionV3

    return InceptionV3(path)


_BUILDERS = {"efficientnet_lite0": _efficientnet_lite0, "inception_v3": _inception_v3}

NAMES = tuple(_BUILDERS)


def get(name, *, path="", input_range=""):
    """Loads an extractor.

    Args:
        name: one of `NAMES`, or the path of a user's own Keras model (.keras, .h5) or SavedModel folder, see
            `user_model.UserModel`.
        path: where a named extractor's weights are, if not in the usual place: for "efficientnet_lite0" a
            file in PyTorch's old format; for "inception_v3" the folder of TF-GAN's SavedModel, or a Keras
            InceptionV3's .h5, which is another network with another label.
        input_range: range that a user's own model wants its pixels in, one of `INPUT_RANGES`; default "-1_1".

    Returns:
        An `Extractor`.

    Raises:
        UsageError: an unknown name, path or range, or a combination that makes no sense.
        TfdogsError: weights are missing or damaged.
    """
    if name in _BUILDERS:
        if input_range:
            raise UsageError(
                f"--extractor_range goes with a model of your own: {name} knows its range. "
                f"Received: --extractor_range={input_range}"
            )
        return _BUILDERS[name](path)
    if not Path(name).exists():
        legal = f"one of {', '.join(NAMES)}, or the path of a Keras model or SavedModel"
        raise UsageError(f"--extractor must be {legal}. Received: --extractor={name}")
    if path:
        raise UsageError(f"a path of weights goes with {' and '.join(NAMES)} only. Received: {path}")
    if input_range and input_range not in INPUT_RANGES:
        legal = ", ".join(INPUT_RANGES)
        raise UsageError(
            f"--extractor_range must be one of {legal}. Received: --extractor_range={input_range}"
        )
    from tfdogs.metrics.extractors.user_model import UserModel

    return UserModel(name, input_range or INPUT_RANGES[0])
