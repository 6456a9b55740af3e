"""Batch normalization whose scale and shift follow a condition, such as a class."""

import keras
import tensorflow as tf
from keras import layers

from tfdogs.models import convnets
from tfdogs.models.spectral_norm import SNDense, fresh


@keras.saving.register_keras_serializable("tfdogs")
class ConditionalBatchNormalization(layers.Layer):
    """BatchNorm, then a scale 1 + A c and a shift B c for each image, of its condition c.

    With a one-hot label as the condition this is a scale and a shift for each class (Dumoulin et al. 2017,
    "A Learned Representation for Artistic Style"); with parts of the latent it is the modulation of BigGAN
    (Brock et al. 2019, appendix B). Statistics are the batch's in training, each replica's own where there
    are several and its BatchNorm is not `synchronized`, and moving averages out of it.

    Args:
        condition_dim: length of the condition; 0 for a plain BatchNorm, whose call takes no condition.
        spectral_norm: whether A and B are spectrally normalized, as BigGAN's; default False.
        kernel_initializer: of A and B; default N(0, 0.02).
        **kwargs: a layer's: `dtype`, its policy, and `name`. A c and B c are float32 in any case.
    """

    def __init__(self, condition_dim, *, spectral_norm=False, kernel_initializer=None, **kwargs):
        super().__init__(**kwargs)
        self.condition_dim = condition_dim
        self.spectral_norm = spectral_norm
        self.kernel_initializer = fresh(kernel_initializer or convnets.initializer())
        self.normalization = (
            layers.BatchNormalization(
                momentum=convnets.MOMENTUM,
                epsilon=convnets.EPSILON,
                center=False,
                scale=False,
                dtype=self.dtype_policy,
            )
            if condition_dim
            else convnets.batch_norm(self.dtype_policy)
        )

    def build(self, input_shape):
        self.normalization.build(input_shape)
        if self.condition_dim:
            self.scale, self.shift = (self._linear(input_shape[-1], name) for name in ("scale", "shift"))
            self.scale.build((None, self.condition_dim))
            self.shift.build((None, self.condition_dim))
        self.built = True

    def call(self, inputs, condition=None, training=None):
        """Normalizes.

        Args:
            inputs: [N, H, W, C].
            condition: float32 [N, condition_dim].
            training: True where the batch's own statistics are used.

        Returns:
            [N, H, W, C].
        """
        outputs = self.normalization(inputs, training=training)
        if not self.condition_dim:
            return outputs
        scale, shift = (
            tf.cast(linear(condition, training=training), outputs.dtype)[:, None, None]
            for linear in (self.scale, self.shift)
        )
        return outputs * (1 + scale) + shift

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {
            **super().get_config(),
            "condition_dim": self.condition_dim,
            "spectral_norm": self.spectral_norm,
            "kernel_initializer": keras.initializers.serialize(self.kernel_initializer),
        }

    def _linear(self, units, name):
        return SNDense(
            units,
            use_bias=False,
            spectral_norm=self.spectral_norm,
            kernel_initializer=self.kernel_initializer,
            dtype="float32",
            name=name,
        )
