"""What the metrics share: features out of images, reals that may be known beforehand, replicas."""

import abc

import keras
import tensorflow as tf


class ScoreMetric(keras.metrics.Metric):
    """A score of fakes against reals as a Keras metric, in float64.

    `update_state(reals, fakes)` takes batches, of any and differing sizes, in a loop of one's own; or the
    metric is handed to `model.compile(metrics=[...])`, where y_true are the reals and y_pred the fakes.
    `result()` is NaN until there are enough images. Several instances' states are joined by `merge_state`.

    Keras asks for the result after every batch of `evaluate` and `fit`, and each costs as much as the last:
    with many features or images prefer a loop of your own, and ask once.

    Under `tf.distribute`, every replica sees the whole batch, and the first one's state counts.

    Args:
        width: length of what one image becomes.
        extractor: `tfdogs.metrics.extractors.Extractor`, which turns uint8 images [N, H, W, C] into features;
            None where batches are features [N, width] already.
        reference: what is known of the reals; then `reals` are ignored, and may be None.
        name: the metric's.
    """

    _FIELD = "pool"  # of the extractor's `Features`

    def __init__(self, width, *, extractor, reference, name):
        super().__init__(name=name, dtype="float64")
        self.extractor = extractor
        self.reference = reference
        self.width = width

    @tf.autograph.experimental.do_not_convert
    def update_state(self, reals, fakes, sample_weight=None):
        """Adds a batch.

        Args:
            reals: real images, or their features; ignored, and may be None, where there is a reference.
            fakes: generated images, or their features.
            sample_weight: must be None; Keras passes it.

        Raises:
            ValueError: wrong shapes or dtypes, missing reals, or weights.
        """
        if sample_weight is not None:
            raise ValueError(f"{self.name} has no sample weights")
        if self.needs_reals and reals is None:
            raise ValueError(f"{self.name} needs reals, or a reference in its constructor. Received: None")
        reals = self._features(reals, "reals") if self.needs_reals else None
        self.add(reals, self._features(fakes, "fakes"))

    @property
    def needs_reals(self):
        """Whether `update_state` uses its reals."""
        return self.reference is None

    @abc.abstractmethod
    def add(self, reals, fakes):
        """Adds the features of a batch, tensors [N, width], to the state; `reals` is None if not needed."""

    def merge_state(self, metrics):
        """Adds the states of other metrics, made with the same arguments as this one.

        Raises:
            ValueError: another class, or a state of another shape.
        """
        metrics = list(metrics)
        for metric in metrics:
            if type(metric) is not type(self) or self._shapes() != metric._shapes():
                raise ValueError(f"Metric {metric.name} is not compatible with {self.name}")
        for metric in metrics:
            self.merge(metric)

    @abc.abstractmethod
    def merge(self, other):
        """Adds the state of one other metric, which fits."""

    def reset_state(self):
        """Forgets all images."""
        for variable in self.variables:
            variable.assign(tf.zeros_like(variable))

    def get_config(self):
        """Returns the constructor's arguments; the extractor and the reference as they are."""
        return {"name": self.name, "extractor": self.extractor, "reference": self.reference}

    def variable(self, name, shape=(), dtype="float64"):
        """Returns a new state variable of zeros."""
        return self.add_weight(
            name,
            shape=shape,
            initializer="zeros",
            dtype=dtype,
            aggregation=tf.VariableAggregation.ONLY_FIRST_REPLICA,
        )

    def _features(self, batch, name):
        batch = tf.convert_to_tensor(batch)
        if self.extractor is not None:
            if batch.dtype != tf.uint8 or batch.shape.rank not in (None, 4):
                raise ValueError(
                    f"{name} must be uint8 images [N, H, W, C]. Received: {batch.dtype.name} {batch.shape}"
                )
            batch = tf.numpy_function(lambda x: getattr(self.extractor(x), self._FIELD), [batch], tf.float32)
            batch.set_shape([None, self.width])
        elif not batch.dtype.is_floating or not batch.shape.is_compatible_with([None, self.width]):
            raise ValueError(
                f"{name} must be floats [N, {self.width}]. Received: {batch.dtype.name} {batch.shape}"
            )
        replica = tf.distribute.get_replica_context()
        if replica is not None and replica.num_replicas_in_sync > 1:
            batch = replica.all_gather(batch, axis=0)
        return tf.debugging.check_numerics(batch, f"{name} of {self.name} must be finite")

    def _shapes(self):
        return [variable.shape for variable in self.variables]


def agreed(name, value, extractor, *others):
    """Returns the one length of an image's features that the caller, the extractor and others know.

    Args:
        name: the argument's name, which is the extractor's attribute, too.
        value: what the caller said, or None.
        extractor: or None.
        *others: what others say, or None.

    Raises:
        ValueError: nobody knows, or two differ.
    """
    known = {x for x in (value, getattr(extractor, name, None), *others) if x}
    if len(known) != 1:
        raise ValueError(
            f"{name} must be known from the argument, the extractor or the reference, and all must agree. "
            f"Received: {', '.join(map(str, sorted(known))) or 'none'}"
        )
    return known.pop()
