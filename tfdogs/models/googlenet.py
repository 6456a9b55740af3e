"""GoogLeNet (Szegedy et al. 2014), the network that tells classes apart, for images from 32 px on."""

import keras
import tensorflow as tf
from keras import layers

from tfdogs.data import pixels
from tfdogs.models.checked_images import CheckedImages
from tfdogs.training import optimizers

AUXILIARY_WEIGHT = 0.3  # of each auxiliary head's loss (section 5)
SMALLEST = 32  # pixels: below, nothing would be left for the second auxiliary head to pool

_MOMENTUM = 0.9  # of BatchNorm's moving statistics, which an early look at the accuracy needs already

# Table 1: 1x1, 3x3 reduce, 3x3, 5x5 reduce, 5x5, pool projection. None: max pooling.
_MODULES = {
    "3a": (64, 96, 128, 16, 32, 32),
    "3b": (128, 128, 192, 32, 96, 64),
    "pool3": None,
    "4a": (192, 96, 208, 16, 48, 64),
    "4b": (160, 112, 224, 24, 64, 64),
    "4c": (128, 128, 256, 24, 64, 64),
    "4d": (112, 144, 288, 32, 64, 64),
    "4e": (256, 160, 320, 32, 128, 128),
    "pool4": None,
    "5a": (256, 160, 320, 32, 128, 128),
    "5b": (384, 192, 384, 48, 128, 128),
}
_AUXILIARY_AFTER = ("4a", "4d")


@keras.saving.register_keras_serializable("tfdogs")
class GoogLeNet(CheckedImages):
    """Inception v1: nine modules of parallel convolutions, two auxiliary heads that help in training only.

    The stem halves an image three times, as the paper's does; below 128 px its second pooling is left out,
    and below 64 px its first convolution has no stride, so that the modules see 16 px or more and the last
    ones 4 or more. With BatchNorm (not yet known in 2014) every convolution is normalised; without it the
    stem has the paper's local response normalisation.

    `fit` takes int labels [N] and minimises the cross-entropy of the last head plus 0.3 times that of each
    auxiliary one; `compile` needs no loss and no metrics. The loss and the accuracy that `fit` and `evaluate`
    tell are the last head's.

    Example:

        network = GoogLeNet(64, num_classes=2, width=0.25)
        network.compile("adam")
        network.fit(images, labels, epochs=5)  # uint8 [N, 64, 64, 3], int [N]

    Args:
        image_size: height and width of the images, in pixels, at least 32; default 224.
        channels: 1 or 3; default 3.
        num_classes: number of classes, at least 2; default 1000.
        width: factor on the number of channels of every layer, over 0; default 1, the paper's.
        batch_norm: whether convolutions are normalised; default True.
        auxiliary: whether there are auxiliary heads; default True.
        dropout: share of the last features that training drops, in [0, 1); the auxiliary heads drop the
            paper's 0.7 where it is over 0. Default 0.4, the paper's.
        dtype: policy of the layers, such as "mixed_bfloat16"; the logits are float32 in any case.
        name: name of the model.

    Raises:
        ValueError: an argument out of range.

    References:
        Szegedy et al. 2014, "Going Deeper with Convolutions", table 1 and section 5.
    """

    def __init__(
        self,
        image_size=224,
        channels=3,
        num_classes=1000,
        *,
        width=1.0,
        batch_norm=True,
        auxiliary=True,
        dropout=0.4,
        dtype=None,
        name=None,
    ):
        super().__init__(name=name, dtype=dtype)
        for what, value, legal, good in (
            ("image_size", image_size, f"at least {SMALLEST}", image_size >= SMALLEST),
            ("channels", channels, "1 or 3", channels in (1, 3)),
            ("num_classes", num_classes, "at least 2", num_classes >= 2),
            ("width", width, "over 0", width > 0),
            ("dropout", dropout, "in [0, 1)", 0 <= dropout < 1),
        ):
            if not good:
                raise ValueError(f"{what} must be {legal}. Received: {what}={value}")
        self.image_size = image_size
        self.channels = channels
        self.num_classes = num_classes
        self.width = width
        self.batch_norm = batch_norm
        self.auxiliary = auxiliary
        self.dropout = dropout
        self.policy = dtype
        make = {"width": width, "batch_norm": batch_norm, "dtype": dtype}
        self.stem = [
            _Convolution(64, 7, strides=2 if image_size >= 64 else 1, **make, name="conv1"),
            _Convolution(64, 1, **make, name="conv2_reduce"),
            _Convolution(192, 3, **make, name="conv2"),
        ]
        self.modules = {
            name: _Inception(*filters, **make, name=f"inception_{name}")
            for name, filters in _MODULES.items()
            if filters
        }
        count = len(_AUXILIARY_AFTER) if auxiliary else 0
        self.auxiliary_heads = [
            _AuxiliaryHead(num_classes, dropout=0.7 if dropout else 0.0, **make, name=f"auxiliary{i + 1}")
            for i in range(count)
        ]
        self.drop = layers.Dropout(dropout, dtype=dtype, name="drop")
        self.head = layers.Dense(num_classes, dtype="float32", name="logits")
        self._loss = keras.metrics.Mean(name="loss")
        self._accuracy = keras.metrics.SparseCategoricalAccuracy(name="accuracy")
        self.build()  # now: `fit` runs the heads without `__call__`, which would do it

    @property
    def metrics(self):
        """The means that `fit` and `evaluate` tell of: loss and accuracy of the last head."""
        return [self._loss, self._accuracy]

    def build(self, input_shape=None):
        """Creates the weights; the shapes follow from the constructor's arguments."""
        if not self.built:
            self.built = True
            with tf.init_scope():
                self.heads(tf.zeros([1, self.image_size, self.image_size, self.channels]))

    def call(self, images, training=None):
        """Judges images.

        Args:
            images: uint8, or floating in [-1, 1]: [N, image_size, image_size, channels].
            training: True where BatchNorm uses the batch's own statistics and Dropout drops.

        Returns:
            float32 logits [N, num_classes].
        """
        return self.heads(images, training=training)[0]

    def heads(self, images, training=None):
        """Returns the logits of all heads, float32 [N, num_classes] each, the last head's first."""
        x = tf.cast(pixels.to_float(images), self.compute_dtype)
        first, *others = self.stem
        x = self._normalized(_max_pool(first(x, training=training)))
        for layer in others:
            x = layer(x, training=training)
        x = self._normalized(x)
        if self.image_size >= 128:
            x = _max_pool(x)
        heads, waiting = [], list(self.auxiliary_heads)
        for name in _MODULES:
            x = self.modules[name](x, training=training) if name in self.modules else _max_pool(x)
            if waiting and name in _AUXILIARY_AFTER:
                heads.append(waiting.pop(0)(x, training=training))
        x = self.drop(tf.reduce_mean(x, [1, 2]), training=training)
        return [self.head(x), *heads]

    def fit(self, *args, **kwargs):
        """Trains, as `keras.Model.fit` does; sample and class weights count in the loss.

        Raises:
            ValueError: `compile` was given a loss or metrics, or images have another range.
        """
        given = self.get_compile_config() or {}
        for name in ("loss", "metrics", "loss_weights", "weighted_metrics"):
            if given.get(name):
                raise ValueError(
                    f"compile({name}=...): the loss is the heads' cross entropy, the metrics are loss and "
                    f"accuracy. Received: {name}={given[name]!r}"
                )
        return super().fit(*args, **kwargs)

    def train_step(self, data):
        images, labels, weights = keras.utils.unpack_x_y_sample_weight(data)
        images = self.check_range(tf.convert_to_tensor(images))
        with tf.GradientTape() as tape:
            heads = self.heads(images, training=True)
            loss, *auxiliary = (_cross_entropy(labels, logits, weights) for logits in heads)
            total = optimizers.scaled(self.optimizer, loss + AUXILIARY_WEIGHT * tf.add_n(auxiliary or [0.0]))
        variables = self.trainable_variables
        gradients = optimizers.gradients(self.optimizer, tape, total, variables)
        self.optimizer.apply_gradients(zip(gradients, variables))
        return self._tell(loss, labels, heads[0], weights)

    def test_step(self, data):
        images, labels, weights = keras.utils.unpack_x_y_sample_weight(data)
        images = self.check_range(tf.convert_to_tensor(images))
        logits = self(images, training=False)
        return self._tell(_cross_entropy(labels, logits, weights), labels, logits, weights)

    def _tell(self, loss, labels, logits, weights):
        self._loss.update_state(loss, tf.shape(logits)[0])
        self._accuracy.update_state(labels, logits, weights)
        return {metric.name: metric.result() for metric in self.metrics}

    def compute_output_shape(self, input_shape):
        return (input_shape[0], self.num_classes)

    def get_build_config(self):
        """Returns what `build_from_config` needs: nothing, but Keras leaves out what is empty."""
        return {"input_shape": (None, self.image_size, self.image_size, self.channels)}

    def build_from_config(self, config):
        """Creates the weights, so that saved ones find their place."""
        self.build()

    def get_config(self):
        policy = self.policy
        names = ("image_size", "channels", "num_classes", "width", "batch_norm", "auxiliary", "dropout")
        return {
            **{name: getattr(self, name) for name in names},
            "dtype": policy if policy is None or isinstance(policy, str) else policy.name,
            "name": self.name,
        }

    def _normalized(self, x):
        """x / (1 + 1e-4 / 5 * sum of x^2 over 5 neighbouring channels)^0.75 (Krizhevsky et al. 2012)."""
        if self.batch_norm:
            return x
        return tf.nn.local_response_normalization(x, depth_radius=2, bias=1.0, alpha=1e-4 / 5, beta=0.75)


class _Convolution(layers.Layer):
    """Convolution, BatchNorm if wanted, ReLU."""

    def __init__(self, filters, kernel_size, *, strides=1, width, batch_norm, dtype, name):
        super().__init__(dtype=dtype, name=name)
        self.convolution = layers.Conv2D(
            _scaled(filters, width),
            kernel_size,
            strides,
            padding="same",
            use_bias=not batch_norm,
            kernel_initializer="he_normal",
            dtype=dtype,
        )
        self.norm = None
        if batch_norm:
            self.norm = layers.BatchNormalization(momentum=_MOMENTUM, scale=False, dtype=dtype)

    def call(self, x, training=None):
        x = self.convolution(x)
        return tf.nn.relu(x if self.norm is None else self.norm(x, training=training))


class _Inception(layers.Layer):
    """Convolutions of three sizes and a pooling side by side (figure 2b)."""

    def __init__(self, one, reduce3, three, reduce5, five, projection, *, name, **make):
        super().__init__(dtype=make["dtype"], name=name)
        self.one = _Convolution(one, 1, **make, name="one")
        self.reduce3 = _Convolution(reduce3, 1, **make, name="reduce3")
        self.three = _Convolution(three, 3, **make, name="three")
        self.reduce5 = _Convolution(reduce5, 1, **make, name="reduce5")
        self.five = _Convolution(five, 5, **make, name="five")
        self.projection = _Convolution(projection, 1, **make, name="projection")

    def call(self, x, training=None):
        one = self.one(x, training=training)
        three = self.three(self.reduce3(x, training=training), training=training)
        five = self.five(self.reduce5(x, training=training), training=training)
        pooled = self.projection(_max_pool(x, strides=1), training=training)
        return tf.concat([one, three, five, pooled], axis=-1)


class _AuxiliaryHead(layers.Layer):
    """A classifier on a middle layer (section 5)."""

    def __init__(self, num_classes, *, dropout, name, **make):
        super().__init__(dtype=make["dtype"], name=name)
        self.pool = layers.AveragePooling2D(5, 3, dtype=make["dtype"])
        self.convolution = _Convolution(128, 1, **make, name="convolution")
        self.flatten = layers.Flatten(dtype=make["dtype"])
        self.dense = layers.Dense(
            _scaled(1024, make["width"]),
            activation="relu",
            kernel_initializer="he_normal",
            dtype=make["dtype"],
        )
        self.drop = layers.Dropout(dropout, dtype=make["dtype"])
        self.head = layers.Dense(num_classes, dtype="float32")

    def call(self, x, training=None):
        x = self.flatten(self.convolution(self.pool(x), training=training))
        return self.head(self.drop(self.dense(x), training=training))


def _max_pool(x, strides=2):
    return tf.nn.max_pool2d(x, 3, strides, "SAME")


def _scaled(filters, width):
    return max(1, round(width * filters))


def _cross_entropy(labels, logits, weights):
    """Returns the mean over the batch, float32."""
    losses = tf.nn.sparse_softmax_cross_entropy_with_logits(tf.reshape(labels, [-1]), logits)
    return tf.reduce_mean(
        losses if weights is None else losses * tf.cast(tf.reshape(weights, [-1]), tf.float32)
    )
