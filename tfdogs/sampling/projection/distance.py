"""How far two images are from each other to the eye."""

import keras
import tensorflow as tf

from tfdogs.metrics.extractors import efficientnet_lite0, resizers

_SIDES = (128, 224)  # what the network sees, at least and at most, in pixels
_SCALES = 4
_EPSILON = 1e-8


class Distance:
    """A distance between images through which gradients flow, in float32.

    It is the sum of two parts. The first compares what EfficientNet-Lite0 sees at each of its five
    resolutions, as LPIPS does with other networks (Zhang et al. 2018, "The Unreasonable Effectiveness of Deep
    Features", equation 1, all weights 1): at every place the squared difference of the channels' directions,
    0 to 2, averaged over places and resolutions. The second is the squared difference of pixels in [-1, 1],
    averaged over the image and its halvings, four sizes in all.

    Args:
        image_size: height and width of the images, in pixels.

    Raises:
        TfdogsError: the weights of EfficientNet-Lite0 are not installed or damaged.
    """

    def __init__(self, image_size):
        whole = efficientnet_lite0.pretrained(efficientnet_lite0.packaged_weights())
        side = min(max(_SIDES[0], -(-image_size // 32) * 32), _SIDES[1])
        # The same layers on another size of images: 64 pixels enlarged to 224 would only cost time.
        network = keras.models.clone_model(whole, keras.Input([side, side, 3]))
        network.set_weights(whole.get_weights())
        maps = [layer.output for layer in network.layers if isinstance(layer, keras.layers.ReLU)]
        deepest = {x.shape[1]: x for x in maps}
        self._network = keras.Model(network.inputs, list(deepest.values()))
        self._resize = resizers.weights("bicubic", image_size, side)
        self._scales = [2**k for k in range(_SCALES) if image_size >= 2**k]

    def views(self, images):
        """Returns what is compared of images: unit features of all resolutions, then pixels of all sizes.

        Args:
            images: float32 [N, image_size, image_size, 1 or 3] in [-1, 1].

        Returns:
            A tuple of two lists of float32 [N, h, w, c].
        """
        rgb = tf.tile(images, [1, 1, 1, 3 // images.shape[-1]])
        rows = tf.einsum("ih,nhwc->niwc", self._resize, rgb)
        resized = tf.einsum("jw,niwc->nijc", self._resize, rows)
        features = self._network((resized + 1.0) * 127.5, training=False)
        units = [x * tf.math.rsqrt(tf.reduce_sum(x * x, -1, keepdims=True) + _EPSILON) for x in features]
        return units, [tf.nn.avg_pool2d(images, k, k, "VALID") for k in self._scales]

    def between(self, first, second):
        """Returns the distances of images whose `views` are given, float32 [N]; one of N may be 1."""
        eye = [tf.reduce_mean(tf.reduce_sum((a - b) ** 2, -1), [1, 2]) for a, b in zip(first[0], second[0])]
        pixels = [tf.reduce_mean((a - b) ** 2, [1, 2, 3]) for a, b in zip(first[1], second[1])]
        return tf.add_n(eye) / len(eye) + tf.add_n(pixels) / len(pixels)
