"""How a run scores itself while it trains: from its configuration to an `Evaluate` callback."""

from pathlib import Path

from tfdogs.errors import UsageError
from tfdogs.metrics import collapse, extractors, history, memorization, scores
from tfdogs.metrics.evaluator import Evaluator
from tfdogs.metrics.feature_cache import FeatureCache
from tfdogs.metrics.image_sets.data_dir import DataDir
from tfdogs.metrics.reference import Reference
from tfdogs.training.callbacks.best_generator import BestGenerator
from tfdogs.training.callbacks.collapse_alarm import CollapseAlarm
from tfdogs.training.callbacks.early_stop import EarlyStop
from tfdogs.training.callbacks.evaluate import Evaluate
from tfdogs.training.callbacks.memorization_guard import MemorizationGuard
from tfdogs.training.config import DECIDING, TrainConfig


class RunEvaluation:
    """The evaluations of one run, as its configuration asks for them.

    Args:
        config: `tfdogs.training.config.TrainConfig` with `eval_kimg` over 0.

    Raises:
        UsageError: there is no such extractor, or it cannot do what `eval_metrics` asks for.
        TfdogsError: its weights cannot be had.
    """

    def __init__(self, config):
        self._config = config
        self._directory = Path(config.model_dir)
        self._extractor = extractors.get(
            config.eval_extractor, path=config.inception_path, input_range=config.extractor_range
        )
        self._metrics = self._possible_metrics()
        self._early_stop = EarlyStop(config.eval_metric, config.early_stop) if config.early_stop else None

    def callback(self, interrupted):
        """Reads the training images through the extractor, or their features from the cache.

        Args:
            interrupted: see `Evaluate`.

        Returns:
            `Evaluate`, with `BestGenerator`, the two alarms and `EarlyStop` as its listeners.

        Raises:
            TfdogsError: an image cannot be read, or the disk failed.
        """
        config, extractor = self._config, self._extractor
        cache = FeatureCache(config.cache_dir or None)
        train = DataDir(config.data_dir, split="train")
        reals = cache.features(train, extractor)
        evaluator = Evaluator(extractor, Reference(reals), metrics=self._metrics, per_image=False)
        stop = config.on_alarm == "stop"
        listeners = [BestGenerator(self._directory, config.eval_metric)]
        natural = memorization.natural_distances(reals.pool, self._heldout(train, cache))
        if len(natural) >= memorization.FEWEST:
            listeners.append(MemorizationGuard(self._directory, reals, natural, stop=stop))
        listeners.append(CollapseAlarm(collapse.spread(reals, breeds=extractor.imagenet), stop=stop))
        if self._early_stop:
            listeners.append(self._early_stop)
        return Evaluate(
            evaluator,
            self._directory,
            config.eval_kimg,
            num_images=config.eval_images,
            then=listeners,
            interrupted=interrupted,
        )

    def over(self, images_seen):
        """Returns why `--early_stop` ends the run by what its evaluations until now say, or ""."""
        if not self._early_stop:
            return ""
        return self._early_stop.reason(history.until(images_seen, self._history()))

    def alarms(self):
        """Returns the last evaluation's alarms, sentences, where `--on_alarm=stop` makes them count."""
        lines = self._history()
        return lines[-1]["alarms"] if lines and self._config.on_alarm == "stop" else []

    def _history(self):
        return history.read(self._directory / history.FILE_NAME)

    def _possible_metrics(self):
        """Returns the metrics' names, of the default only those that the extractor has the classes for."""
        config, extractor = self._config, self._extractor
        has = {"reals": True, "probabilities": extractor.num_classes > 0, "imagenet": extractor.imagenet}
        possible = [n for n in config.metric_names if all(has[need] for need in scores.METRICS[n].needs)]
        lacking = set(config.metric_names) - set(possible)
        wanted = {DECIDING[config.eval_metric]}
        if config.eval_metrics != TrainConfig.eval_metrics:
            wanted |= lacking
        if wanted & lacking:
            names = ", ".join(sorted(wanted & lacking))
            raise UsageError(
                f"{names} needs the classes of ImageNet, or at least some, and {extractor.stamp.label} does "
                f"not have them. Received: --eval_extractor={config.eval_extractor}"
            )
        return possible

    def _heldout(self, train, cache):
        counts = train.manifest.splits
        if "eval" not in counts or train.manifest.num_images("eval") < memorization.FEWEST:
            return None
        return cache.features(DataDir(self._config.data_dir, split="eval"), self._extractor).pool
