"""Adam in one kernel a weight."""

import keras
import tensorflow as tf


@keras.saving.register_keras_serializable("tfdogs")
class FusedAdam(keras.optimizers.Adam):
    """Keras' Adam (Kingma and Ba 2015), its update of a weight done by one of TensorFlow's kernels.

    Keras computes it by a dozen operations, each of which reads and writes whole arrays: on a CPU that takes
    twice as long. State and arguments are `keras.optimizers.Adam`'s, so that either goes on from the
    other's checkpoint; results differ in the last bits. AMSGrad and sparse gradients are left to Keras.
    """

    def update_step(self, gradient, variable):
        """Updates a weight; called by Keras."""
        if self.amsgrad or isinstance(gradient, tf.IndexedSlices):
            super().update_step(gradient, variable)
            return
        index = self._index_dict[self._var_key(variable)]
        step = tf.cast(self.iterations + 1, variable.dtype)
        beta_1, beta_2 = (tf.cast(beta, variable.dtype) for beta in (self.beta_1, self.beta_2))
        tf.raw_ops.ResourceApplyAdam(
            var=variable.handle,
            m=self._momentums[index].handle,
            v=self._velocities[index].handle,
            beta1_power=tf.pow(beta_1, step),
            beta2_power=tf.pow(beta_2, step),
            lr=tf.cast(self.learning_rate, variable.dtype),
            beta1=beta_1,
            beta2=beta_2,
            epsilon=tf.cast(self.epsilon, variable.dtype),
            grad=tf.cast(gradient, variable.dtype),
        )
