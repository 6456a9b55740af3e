"""Evaluator: scores a model and blesses it, or says why not."""

import dataclasses

from pipeline import types
from pipeline.core.component import Component
from pipeline.core.contract import Input, Output, Parameter
from pipeline.models.exported_images import ExportedImages
from pipeline.release import documents, gate
from tfdogs.metrics import alarms, extractors, memorization
from tfdogs.metrics.evaluator import Evaluator as Scores
from tfdogs.metrics.evaluator import lacking
from tfdogs.metrics.feature_cache import FeatureCache
from tfdogs.metrics.image_sets import DataDir
from tfdogs.metrics.reference import Reference
from tfdogs.metrics.report import write_report
from tfdogs.sampling import grid
from tfdogs.serving.client.local_client import LocalClient

METRICS = ("fid", "mifid", "dog_score")
SHOWN = 64  # samples on the sheet


class Evaluator(Component):
    """Scores what the SavedModel draws against the train split: FID, d and the dog score.

    The last blessed model, another than this one, is scored on the same images. Blessed is what keeps every
    limit, raises no alarm and is no worse than it.
    """

    model = Input(types.MODEL)
    baseline = Input(types.MODEL, optional=True)
    transformed_examples = Input(types.TRANSFORMED_EXAMPLES)
    evaluation = Output(types.EVALUATION)
    blessing = Output(types.BLESSING)
    extractor = Parameter(str, default=extractors.NAMES[0])
    num_images = Parameter(int, default=2000)
    seed = Parameter(int, default=0)
    max_fid = Parameter(float, default=0.0)
    min_d = Parameter(float, default=0.0)
    min_dog_score = Parameter(float, default=0.0)
    worse_by = Parameter(float, default=2.0)
    allow_alarms = Parameter(bool, default=False)
    cache_dir = Parameter(str, default="", counts=False)

    code = ("pipeline.models", "pipeline.release", "tfdogs.metrics")

    @classmethod
    def execute(cls, *, model, baseline, transformed_examples, evaluation, blessing, **parameters):
        """Scores, judges, and leaves numbers, report and samples."""
        told = _Parameters(**parameters)
        bench = _Bench(transformed_examples, told)
        with LocalClient(model.path) as client:
            images = bench.images(client, model)
            candidate = bench.score(images)
            write_report(candidate, evaluation / "report.html", fakes=images, reals=bench.reals)
            sheet = client.images(range(told.seed, told.seed + SHOWN))
            grid.save_png(grid.tile(sheet, columns=8), evaluation / "samples.png")
        checks = gate.against_thresholds(
            candidate, max_fid=told.max_fid, min_d=told.min_d, min_dog_score=told.min_dog_score
        )
        if not told.allow_alarms:
            checks += gate.against_alarms(candidate)
        before = None
        if baseline:
            with LocalClient(baseline.path) as client:
                before = bench.score(bench.images(client, baseline))
            checks += gate.against_baseline(candidate, before, worse_by=told.worse_by)
        blessed = all(check.passed for check in checks)
        decisive = [gate.sentence(check) for check in checks if check.passed == blessed]
        reasons = decisive or ["no limit is set, and no model was blessed before"]
        documents.write(
            evaluation,
            documents.EVALUATION,
            {
                "checks": [dataclasses.asdict(check) for check in checks],
                "candidate": candidate.to_dict(),
                "baseline": before and {"fingerprint": baseline.fingerprint, **before.to_dict()},
            },
        )
        documents.write(
            blessing,
            documents.BLESSING,
            {"blessed": blessed, "model": model.fingerprint, "reasons": reasons},
        )
        values = {score.name: score.value for score in candidate.scores if score.name in gate.SCORES}
        return {"evaluation": values, "blessing": {"blessed": blessed, "reasons": "; ".join(reasons)}}


@dataclasses.dataclass(frozen=True)
class _Parameters:
    extractor: str
    num_images: int
    seed: int
    max_fid: float
    min_d: float
    min_dog_score: float
    worse_by: float
    allow_alarms: bool
    cache_dir: str


class _Bench:
    """Real images, and how others are scored against them."""

    def __init__(self, transformed_examples, told):
        self.reals = DataDir(transformed_examples.path, split="train")
        self._told = told
        self._extractor = extractors.get(told.extractor)
        self._cache = FeatureCache(told.cache_dir)
        self._features = self._cache.features(self.reals, self._extractor)
        heldout = self.reals.heldout(memorization.FEWEST)
        self._heldout = heldout and self._cache.features(heldout, self._extractor).pool
        metrics = [name for name in METRICS if not lacking(name, self._extractor)]
        self._scores = Scores(
            self._extractor, Reference(self._features), metrics=metrics, seed=told.seed, verbose=True
        )

    def images(self, client, model):
        return ExportedImages(
            client,
            self._told.num_images,
            seed=self._told.seed,
            fingerprint=model.fingerprint,
            name=f"Model {model.id}",
        )

    def score(self, images):
        features = self._cache.features(images, self._extractor)
        found = self._scores.evaluate(features)
        alarm = alarms.find(
            found, features, self._features, heldout=self._heldout, imagenet=self._extractor.imagenet
        )
        return dataclasses.replace(found, alarms=alarm)
