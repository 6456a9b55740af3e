"""A `keras.Model` with two networks and two optimizers."""

import keras

from tfdogs.losses import lazy
from tfdogs.models import keras_arguments, saved, scalars
from tfdogs.models.both_optimizers import BothOptimizers
from tfdogs.models.checked_images import CheckedImages
from tfdogs.training import optimizers
from tfdogs.training.adam import FusedAdam

_OPTIMIZERS = ("optimizer", "g_optimizer", "d_optimizer")


class TwoPlayers(CheckedImages):
    """What is needed to compile, save and load a model whose two networks have optimizers of their own.

    A subclass has the attributes `generator`, `discriminator`, `regularizers`, `latent_dim` and
    `num_classes`; `compile` adds `g_optimizer` and `d_optimizer`. Its steps hand images to `check_range`,
    which looks at the first batch of each `fit` and `evaluate`.
    """

    _both = None

    @property
    def optimizer(self):
        """`BothOptimizers` after `compile`, None before: what Keras and its callbacks ask about."""
        return self._both

    @optimizer.setter
    def optimizer(self, value):
        self._both = None if value is None else BothOptimizers(self.g_optimizer, self.d_optimizer)

    def __setattr__(self, name, value):
        # Steps that are traced have the optimizers that they began with. Keras sets `optimizer` in `compile`,
        # wrapped perhaps, and to None and back while it saves.
        own = [None, self._both, getattr(self, "d_optimizer", None)] if name == "optimizer" else []
        given = (value, getattr(value, "inner_optimizer", value))
        if name in _OPTIMIZERS and not any(one is other for one in own for other in given):
            raise AttributeError(
                f"{name} cannot be set: pass g_optimizer and d_optimizer to compile(). "
                f"Received: {name}={type(value).__name__}"
            )
        super().__setattr__(name, value)

    def compile(
        self,
        optimizer=None,
        loss=None,
        metrics=None,
        *,
        g_optimizer=None,
        d_optimizer=None,
        steps_per_execution=1,
        jit_compile=False,
        run_eagerly=None,
        **kwargs,
    ):
        """Sets the optimizers; their slots are created here, so that a checkpoint finds them.

        Args:
            optimizer: an optimizer's name or configuration, of which each network gets one of its own. An
                object is refused, as it cannot serve two; `g_optimizer` and `d_optimizer` take objects.
            loss: must be None, and `loss_fn` too: the loss is an argument of `GAN`.
            metrics: must be None, and `loss_weights`, `weighted_metrics` and `pss_evaluation_shards` too.
            g_optimizer: the generator's; default Adam(2e-4, beta_1=0.5), as DCGAN's, rescaled by
                `tfdogs.losses.lazy.ratio`. One that is given is taken as it is.
            d_optimizer: the discriminator's; default the same.
            steps_per_execution: steps to one call into TensorFlow, or "auto".
            jit_compile: XLA; worth trying on a GPU, several times slower on a CPU. It leaves out the check of
                the images' range, but for arrays.
            run_eagerly: whether steps run outside of graphs, to look for errors; slow.
            **kwargs: the arguments of `keras.Model.compile` that must be None, as said.

        Raises:
            ValueError: one optimizer was given for both networks, one averages weights of its own
                (`use_ema`) or has trained other variables, or an argument that must be None is not.
        """
        refused = {"loss": loss, "metrics": metrics, **kwargs}
        keras_arguments.refuse("compile", refused)
        g_optimizer, d_optimizer = keras_arguments.optimizers_of(optimizer, g_optimizer, d_optimizer)
        g_optimizer = self._adam("generator") if g_optimizer is None else g_optimizer
        d_optimizer = self._adam("discriminator") if d_optimizer is None else d_optimizer
        scalars.switch("jit_compile", jit_compile, None)
        scalars.switch("run_eagerly", run_eagerly, None)
        if steps_per_execution != "auto":
            steps_per_execution = scalars.whole("steps_per_execution", steps_per_execution, 1)
        super().__setattr__("g_optimizer", optimizers.prepare(g_optimizer, self.generator, "g_optimizer"))
        super().__setattr__("d_optimizer", optimizers.prepare(d_optimizer, self.discriminator, "d_optimizer"))
        networks = {"generator": self.generator, "discriminator": self.discriminator}
        # Past Keras' own setter, which would make a checkpoint's part of it.
        vars(self)["trained"] = {
            name: [id(variable) for variable in one.trainable_variables] for name, one in networks.items()
        }
        # Keras wants one optimizer of its own; D's, lest it attach a third that nothing uses.
        super().compile(
            optimizer=self.d_optimizer,
            steps_per_execution=steps_per_execution,
            jit_compile=jit_compile,
            run_eagerly=run_eagerly,
            **{name: value for name, value in kwargs.items() if name not in keras_arguments.REFUSED},
        )

    def fit(self, *args, **kwargs):
        """Trains, as `keras.Model.fit` does, whose arguments these are.

        Args:
            x: images, or what yields batches of them, with labels or without, see `GAN`: a data set, a
                `keras.utils.Sequence`, a generator. Of floating ones the first batch must have the range
                [-1, 1], and none NaN.
            y: labels, an array or a list, where the networks are conditional; elsewhere they are left aside.
            batch_size, epochs, verbose, shuffle, initial_epoch, steps_per_epoch: as Keras has them;
                `batch_size` is for arrays.
            callbacks: of Keras or `tfdogs.training.callbacks`. `ReduceLROnPlateau` and
                `LearningRateScheduler` move both networks' rates in proportion. Refused are
                `TerminateOnNaN`, `SwapEMAWeights`, and any that watches a metric which is not there: a loss,
                a score, or one of validation without its data.
            validation_split, validation_data, validation_steps, validation_batch_size, validation_freq: as
                Keras has them; `validation_data` may be images alone where there are no classes. The others
                need them, or a split.
            max_queue_size, workers, use_multiprocessing: as Keras has them.
            class_weight, sample_weight: must be None.

        Raises:
            ValueError: see above; images or labels are not what the networks want; or a network is frozen, or
                has losses of its own.
        """
        given = keras_arguments.bind("fit", *args, **kwargs)
        if self.optimizer is not None:
            keras_arguments.check_fit(self, given)
        if hasattr(given.get("validation_data"), "shape"):
            given["validation_data"] = (given["validation_data"],)  # Keras cannot tell an array from none
        # Keras keeps the validation data of a `fit` that was broken off, and would use it in the next one.
        vars(self).pop("_eval_data_handler", None)
        return super().fit(**given)

    def evaluate(self, *args, **kwargs):
        """Judges held-out images, as `keras.Model.evaluate` does, whose arguments these are.

        `x` and `y` are as in `fit`, `sample_weight` must be None; batch_size, verbose, steps, callbacks,
        max_queue_size, workers, use_multiprocessing and return_dict are as Keras has them.

        Raises:
            ValueError: as of `fit`.
        """
        given = keras_arguments.bind("evaluate", *args, **kwargs)
        return super().evaluate(**given)

    def predict(self, *args, **kwargs):
        """Draws and judges, as `keras.Model.predict` does, whose arguments these are.

        `x` are latents, float32 [N, latent_dim], or with classes (latents, labels); for images see
        `generate`.

        Returns:
            The discriminator's logits on what the generator draws from them, float32 [N, 1].

        Raises:
            ValueError: `x` are no latents.
        """
        given = keras_arguments.bind("predict", *args, **kwargs)
        keras_arguments.check_latents(given["x"], self.latent_dim, self.num_classes)
        return super().predict(**given)

    def predict_step(self, data):
        """Judges what is drawn from one batch of latents, see `predict`."""
        inputs = keras_arguments.latents(data, self.latent_dim, self.num_classes)
        return self(inputs, training=False)

    def train_on_batch(self, *args, **kwargs):
        """Takes one step; as of `fit`, `sample_weight` and `class_weight` must be None."""
        given = keras_arguments.bind("train_on_batch", *args, **kwargs)
        if self.optimizer is not None:
            keras_arguments.check_networks(self)
        return super().train_on_batch(**given)

    def test_on_batch(self, *args, **kwargs):
        """Judges one batch; as of `evaluate`, `sample_weight` must be None."""
        given = keras_arguments.bind("test_on_batch", *args, **kwargs)
        return super().test_on_batch(**given)

    def save(self, filepath, *args, **kwargs):
        """Saves networks, optimizers and all else as a .keras file, as `keras.Model.save` does.

        Raises:
            ValueError: another format is asked for; for SavedModels see `tfdogs.serving.saved_model.export`.
        """
        saved.check_path(filepath, kwargs.get("save_format"))
        return super().save(filepath, *args, **kwargs)

    def save_weights(self, filepath, *args, **kwargs):
        """Saves weights alone, as `keras.Model.save_weights` does: NAME.weights.h5, or in TensorFlow's files.

        Raises:
            ValueError: the name asks for Keras' old HDF5.
        """
        saved.check_weights_path(filepath, kwargs.get("save_format"))
        return super().save_weights(filepath, *args, **kwargs)

    def export(self, *args, **kwargs):
        """Raises ValueError: see `tfdogs.serving.saved_model.export`."""
        saved.refuse_saved_model()

    def _trackable_children(self, save_type="checkpoint", **kwargs):
        if save_type == "savedmodel":  # of tf.saved_model.save and keras.models.save_model
            saved.refuse_saved_model()
        return super()._trackable_children(save_type, **kwargs)

    def _assert_compile_was_called(self):
        if not self._is_compiled:  # Keras' own line asks for a loss, too
            raise RuntimeError(
                "call compile() before training and evaluation: without arguments both networks have Adam. "
                "Received: a GAN that is not compiled"
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
