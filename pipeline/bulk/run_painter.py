"""A run's generator in a worker process."""

import hashlib
import json

import numpy as np

from tfdogs.sampling.drawing import Drawing
from tfdogs.sampling.generation import data_labels, label_index, load_run
from tfdogs.sampling.labels import DATA
from tfdogs.sampling.seeds import Seeds


class RunPainter:
    """Draws with a run's generator what `tfdogs.generate` draws.

    Args:
        config: a `Config` with `model_dir`, `best`, `ema_length`, `label`, `labels` and
            `truncation`.

    Attributes:
        image_size, channels: of every image.
        classes: class names, by label; empty where the model has none.
        fingerprint: hex digest of the network, its weights and its classes.
        told: what it is, for people.

    Raises:
        UsageError, TfdogsError: as of `tfdogs.sampling.generation.generate`.
    """

    def __init__(self, config):
        run = load_run(config)
        self._sampler, self._truncation = run.gan.sampler, config.truncation or None
        self._label = label_index(config, run) if config.labels != DATA else data_labels(config, run)
        self.image_size, _, self.channels = run.gan.image_shape
        names = run.classes or tuple(map(str, range(run.gan.num_classes)))
        self.classes = tuple(names) if run.gan.num_classes else ()
        self.fingerprint = self._fingerprint(run)
        self.told = f"{run.config.model} at {run.kimg:g} kimg"

    def pictures(self, seed, count):
        """Yields `count` `tfdogs.sampling.drawing.Picture`s from `seed` on; few are in memory at a time."""
        seeds = Seeds.first(seed, count)
        drawing = Drawing(self._sampler, seeds, label=self._label, truncation=self._truncation)
        return drawing.pictures()

    def _fingerprint(self, run):
        sampler = self._sampler
        # Two networks of equal weights may differ in their layers, which the run's flags decide.
        flags = {name: value for name, value in run.config.to_dict().items() if not name.endswith("_dir")}
        settings = [flags, sampler.latent, sampler.latent_dim, self.classes, run.gan.image_shape]
        if sampler.network is not sampler.generator:  # which draws other images than earlier versions did
            settings.append("float32")
        digest = hashlib.blake2b(json.dumps(settings, sort_keys=True).encode(), digest_size=16)
        for weight in sampler.generator.get_weights():
            digest.update(f"{weight.dtype} {weight.shape}".encode())
            digest.update(np.ascontiguousarray(weight))
        return digest.hexdigest()
