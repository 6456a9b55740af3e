"""Evaluator: scores a model and blesses it, or says why not."""

import dataclasses

from pipeline import types
from pipeline.core.component import Component
from pipeline.core.contract import Input, Output, Parameter
from pipeline.release import documents, gate
from pipeline.release.bench import Bench
from tfdogs.metrics import extractors
from tfdogs.metrics.report import write_report
from tfdogs.sampling import grid
from tfdogs.serving.client.local_client import LocalClient

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

    code = (
        "pipeline.models",
        "pipeline.release",
        "tfdogs.data",
        "tfdogs.metrics",
        "tfdogs.overlap",
        "tfdogs.sampling",
        "tfdogs.serving",
        "tfdogs.tfgan",
        "tfdogs.training",
    )
    libraries = ("numpy", "pillow", "scipy", "tensorflow", "tensorflow-gan")

    @classmethod
    def execute(
        cls,
        *,
        model,
        baseline,
        transformed_examples,
        evaluation,
        blessing,
        extractor,
        num_images,
        seed,
        cache_dir,
        **limits,
    ):
        """Scores, judges, and leaves numbers, report and samples."""
        drawn = {"extractor": extractor, "num_images": num_images, "seed": seed, "cache_dir": cache_dir}
        bench = Bench(transformed_examples.path, **drawn)
        with LocalClient(model.path) as client:
            images = bench.images(client, model)
            candidate = bench.score(images)
            write_report(candidate, evaluation / "report.html", fakes=images, reals=bench.reals)
            sheet = client.images(range(seed, seed + SHOWN))
            grid.save_png(grid.tile(sheet, columns=8), evaluation / "samples.png")
        before = None
        if baseline:
            with LocalClient(baseline.path) as client:
                before = bench.score(bench.images(client, baseline))
        checks = gate.checks(candidate, before, **limits)
        blessed, reasons = gate.verdict(checks)
        numbers = {
            "checks": [dataclasses.asdict(check) for check in checks],
            "candidate": candidate.to_dict(),
            "baseline": before and {"fingerprint": baseline.fingerprint, **before.to_dict()},
        }
        documents.write(evaluation, documents.EVALUATION, numbers)
        told = {"blessed": blessed, "model": model.fingerprint, "reasons": reasons}
        documents.write(blessing, documents.BLESSING, told)
        values = {score.name: score.value for score in candidate.scores if score.name in gate.SCORES}
        return {"evaluation": values, "blessing": {"blessed": blessed, "reasons": "; ".join(reasons)}}
