"""Lets one worker of several draw images alone."""

import keras

from tfdogs.models import introspection
from tfdogs.training.ema import weight_pairs


class FreshSampler(keras.callbacks.Callback):
    """Gives a GAN's sampler a copy of the generator for which no other worker is asked.

    Some variables of several workers can be read by all together only, such as BatchNorm's statistics. All
    take part in copying them: it stands in the list of callbacks of each, before those that draw.

    Args:
        gan: the `GAN`, before it has drawn anything; to be given outside of the strategy's scope.
        kimgs: thousands of images from one copy to the next, for each callback that draws; there is a last
            one when training ends.
    """

    def __init__(self, gan, kimgs):
        super().__init__()
        network = gan.generator if gan.ema_generator is None else gan.ema_generator
        twin = introspection.clone(network, gan.latent_dim, gan.num_classes)
        gan.sampler.generator = twin
        self._pairs = weight_pairs(twin, network)
        self._periods = [max(round(kimg * 1000), 1) for kimg in kimgs]

    def on_train_begin(self, logs=None):
        self._last = self._seen()

    def on_train_batch_end(self, batch, logs=None):
        before, self._last = self._last, self._seen()
        if any(self._last // period > before // period for period in self._periods):
            self._copy()

    def on_train_end(self, logs=None):
        self._copy()

    def _copy(self):
        for copy, weight in self._pairs:
            copy.assign(weight)

    def _seen(self):
        return int(self.model.images_seen.numpy())
