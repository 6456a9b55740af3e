"""A `keras.Model` with two networks and two optimizers."""

import keras

from tfdogs.losses import lazy
from tfdogs.training import optimizers
from tfdogs.training.adam import FusedAdam


class TwoPlayers(keras.Model):
    """What is needed to compile, save and load a model whose two networks have optimizers of their own.

    A subclass has the attributes `generator`, `discriminator` and `regularizers`; `compile` adds
    `g_optimizer` and `d_optimizer`.
    """

    def compile(
        self, *, g_optimizer=None, d_optimizer=None, steps_per_execution=1, jit_compile=False, **kwargs
    ):
        """Sets the optimizers; their slots are created here, so that a checkpoint finds them.

        Args:
            g_optimizer: the generator's; default Adam(2e-4, beta_1=0.5), as DCGAN's, rescaled by
                `tfdogs.losses.lazy.ratio`. One that is given is taken as it is.
            d_optimizer: the discriminator's; default the same.
            steps_per_execution: steps to one call into TensorFlow.
            jit_compile: XLA; worth trying on a GPU, several times slower on a CPU.
            **kwargs: what else `keras.Model.compile` takes.

        Raises:
            ValueError: one optimizer was given for both networks.
        """
        if g_optimizer is d_optimizer and not isinstance(g_optimizer, (type(None), str, dict)):
            raise ValueError(
                "g_optimizer and d_optimizer must be two optimizers. Received: the same one twice"
            )
        g_optimizer = self._adam("generator") if g_optimizer is None else g_optimizer
        d_optimizer = self._adam("discriminator") if d_optimizer is None else d_optimizer
        self.g_optimizer = optimizers.prepare(g_optimizer, self.generator)
        self.d_optimizer = optimizers.prepare(d_optimizer, self.discriminator)
        # Keras wants one optimizer of its own; D's, lest it attach a third that nothing uses.
        super().compile(
            optimizer=self.d_optimizer,
            steps_per_execution=steps_per_execution,
            jit_compile=jit_compile,
            **kwargs,
        )

    def get_compile_config(self):
        """Returns both optimizers' configurations, for saving; None before `compile`."""
        if not self._is_compiled:
            return None
        to_config = keras.saving.serialize_keras_object
        return {"g_optimizer": to_config(self.g_optimizer), "d_optimizer": to_config(self.d_optimizer)}

    def compile_from_config(self, config):
        """Compiles with what `get_compile_config` returned; the slots' values are loaded after it."""
        self.compile(**{name: keras.saving.deserialize_keras_object(value) for name, value in config.items()})

    def _adam(self, network):
        ratio = lazy.ratio(self.regularizers, network)
        return FusedAdam(ratio * 2e-4, beta_1=0.5**ratio, beta_2=0.999**ratio)
