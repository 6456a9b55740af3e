"""Where models are scored side by side: the same real images, the same seeds, the same network."""

import dataclasses
import functools

from pipeline.models.exported_images import ExportedImages
from tfdogs.metrics import alarms, extractors, memorization
from tfdogs.metrics.evaluator import Evaluator, lacking
from tfdogs.metrics.feature_cache import FeatureCache
from tfdogs.metrics.image_sets import DataDir
from tfdogs.metrics.reference import Reference
from tfdogs.sampling.labels import DataLabels

METRICS = ("fid", "mifid", "dog_score")


class Bench:
    """Scores models against the train split of a data_dir.

    A conditional model draws each class as often as the train split has it, as in `tfdogs.evaluate`. One that
    was trained on other classes knows them by their names; where it knows none, its own come in turn.

    Args:
        data_dir: of the real images; its eval split tells copies from likeness.
        extractor: name of one, or the path of a Keras file, as of `tfdogs.evaluate`.
        num_images: images that each model draws.
        seed: of the first.
        cache_dir: of features; "" for the user's.

    Attributes:
        reals: `tfdogs.metrics.image_sets.DataDir`.
    """

    def __init__(self, data_dir, *, extractor, num_images, seed, cache_dir):
        self.reals = DataDir(data_dir, split="train")
        self._num_images, self._seed = num_images, seed
        self._extractor = extractors.get(extractor)
        self._cache = FeatureCache(cache_dir)
        self._features = self._cache.features(self.reals, self._extractor)
        heldout = self.reals.heldout(memorization.FEWEST)
        self._heldout = heldout and self._cache.features(heldout, self._extractor).pool
        metrics = [name for name in METRICS if not lacking(name, self._extractor)]
        self._scores = Evaluator(
            self._extractor, Reference(self._features), metrics=metrics, seed=seed, verbose=True
        )

    def images(self, client, model):
        """Returns what a model draws, as `tfdogs.metrics.image_sets.ImageSet`.

        Args:
            client: an open `LocalClient` of it.
            model: `pipeline.core.artifact.Artifact`.
        """
        return ExportedImages(
            client,
            self._num_images,
            seed=self._seed,
            fingerprint=model.fingerprint,
            name=f"Model {model.id}",
            labels=self._labels(client, model),
        )

    def _labels(self, client, model):
        classes = client.card()["classes"]
        if not classes:
            return None
        counts = tuple(self._counts.get(name, 0) for name in classes)
        if any(counts):
            return DataLabels(counts)
        print(f"Model {model.id} knows none of the classes of the data: its own are drawn in turn")
        return None

    @functools.cached_property
    def _counts(self):
        return dict(zip(self.reals.manifest.classes, self.reals.label_counts()))

    def score(self, images):
        """Returns the `tfdogs.metrics.evaluation.Evaluation` of images, with its alarms."""
        features = self._cache.features(images, self._extractor)
        found = self._scores.evaluate(features)
        alarm = alarms.find(
            found, features, self._features, heldout=self._heldout, imagenet=self._extractor.imagenet
        )
        return dataclasses.replace(found, alarms=alarm)
