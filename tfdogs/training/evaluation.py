"""How a run scores itself while it trains: from its configuration to an `Evaluate` callback."""

from pathlib import Path

from tfdogs.errors import UsageError
from tfdogs.metrics import collapse, extractors, history, memorization
from tfdogs.metrics.evaluator import Evaluator, lacking
from tfdogs.metrics.feature_cache import FeatureCache
from tfdogs.metrics.image_sets.data_dir import DataDir
from tfdogs.metrics.reference import Reference
from tfdogs.sampling.labels import UNIFORM, DataLabels
from tfdogs.training.callbacks.best_generator import BestGenerator
from tfdogs.training.callbacks.collapse_alarm import CollapseAlarm
from tfdogs.training.callbacks.early_stop import EarlyStop
from tfdogs.training.callbacks.evaluate import Evaluate
from tfdogs.training.callbacks.memorization_guard import MemorizationGuard
from tfdogs.training.config import TrainConfig


class RunEvaluation:
    """The evaluations of one run, as its configuration asks for them.

    Args:
        config: `tfdogs.training.config.TrainConfig` with `eval_kimg` over 0.

    Raises:
        UsageError: there is no such extractor, it cannot do what `eval_metrics` asks for, or there are no two
            training images.
        TfdogsError: its weights cannot be had, or a shard of the data is missing.
    """

    def __init__(self, config):
        self._config = config
        self._directory = Path(config.model_dir)
        self._train = DataDir(config.data_dir, split="train")
        if self._train.num_images < 2:
            config.reject("eval_kimg", "needs at least two training images to compare with, and there is one")
        # Not checked by TrainConfig, which has to read a run back where the file is no longer.
        if config.eval_extractor not in extractors.NAMES and not Path(config.eval_extractor).exists():
            names = ", ".join(extractors.NAMES)
            config.reject("eval_extractor", f"must be {names}, or the path of a Keras model or SavedModel")
        self._extractor = extractors.get(
            config.eval_extractor, path=config.inception_path, input_range=config.extractor_range
        )
        self._metrics = self._possible_metrics()
        self._early_stop = EarlyStop(config.best_by, config.early_stop) if config.early_stop else None

    def callback(self, stop, label_counts=()):
        """Reads the training images through the extractor, or their features from the cache.

        Args:
            stop: `tfdogs.training.callbacks.stop.Stop` of the same `fit`: a signal ends an evaluation at
                once, and when time is over there is none at the end.
            label_counts: training images by class, by which a conditional run's labels are drawn unless
                `eval_labels` is "uniform".

        Returns:
            `Evaluate`, with the two alarms, `BestGenerator` and `EarlyStop` as its listeners.

        Raises:
            TfdogsError: an image cannot be read, or the disk failed.
        """
        config, extractor = self._config, self._extractor
        cache = FeatureCache(config.cache_dir or None)
        reals = cache.features(self._train, extractor)
        evaluator = Evaluator(extractor, Reference(reals), metrics=self._metrics, per_image=False)
        fatal = config.on_alarm == "stop"
        listeners = []
        natural = memorization.natural_distances(reals.pool, self._heldout(cache))
        if len(natural) >= memorization.FEWEST:
            listeners.append(MemorizationGuard(self._directory, reals, natural, stop=fatal))
        listeners.append(CollapseAlarm(collapse.spread(reals, breeds=extractor.imagenet), stop=fatal))
        listeners.append(BestGenerator(self._directory, config.best_by))  # after the alarms
        if self._early_stop:
            listeners.append(self._early_stop)
        in_turn = not config.conditional or config.eval_labels == UNIFORM
        return Evaluate(
            evaluator,
            self._directory,
            config.eval_kimg,
            num_images=config.eval_images,
            labels=None if in_turn else DataLabels(label_counts),
            then=listeners,
            interrupted=lambda: stop.signalled,
            hasty=lambda: stop.reason == "time",
        )

    def over(self, images_seen):
        """Returns why `--early_stop` ends the run by what its evaluations until now say, or ""."""
        if not self._early_stop:
            return ""
        return self._early_stop.reason(history.until(images_seen, self._history()))

    def alarms(self, first, last):
        """Returns the alarms of the evaluations from `first` images seen to `last`, a list of sentences.

        Empty where `--on_alarm=warn` makes them not count.
        """
        lines = history.since(first, history.until(last, self._history()))
        return [alarm for line in lines for alarm in line["alarms"] if self._config.on_alarm == "stop"]

    def lacks(self, images_seen):
        """Tells whether there is no evaluation of what a run is at so many images seen."""
        return not history.since(images_seen, self._history())

    def _history(self):
        return history.read(self._directory / history.FILE_NAME)

    def _possible_metrics(self):
        """Returns the metrics' names, of the default only those that the extractor has the classes for."""
        config, extractor = self._config, self._extractor
        possible = [name for name in config.metric_names if not lacking(name, extractor)]
        impossible = set(config.metric_names) - set(possible)
        wanted = {config.best_by}
        if config.eval_metrics != TrainConfig.eval_metrics:
            wanted |= impossible
        if wanted & impossible:
            names = ", ".join(sorted(wanted & impossible))
            raise UsageError(
                f"{names} needs the classes of ImageNet, or at least some, and {extractor.stamp.label} does "
                f"not have them. Received: --eval_extractor={config.eval_extractor}"
            )
        return possible

    def _heldout(self, cache):
        heldout = self._train.heldout(memorization.FEWEST)
        return None if heldout is None else cache.features(heldout, self._extractor).pool
