"""The pipeline: from pictures to a model that is served."""

import json
from pathlib import Path

from pipeline import types
from pipeline.components.evaluator import Evaluator
from pipeline.components.example_gen import ExampleGen
from pipeline.components.example_validator import ExampleValidator
from pipeline.components.infra_validator import InfraValidator
from pipeline.components.pusher import Pusher
from pipeline.components.schema_gen import SchemaGen
from pipeline.components.statistics_gen import StatisticsGen
from pipeline.components.trainer import RUNNING, Trainer
from pipeline.components.transform import Transform
from pipeline.core.contract import Channel
from pipeline.core.dag import Pipeline
from pipeline.release.queries import last_blessed_model
from pipeline.run_config import OWN_OF_TRAIN
from pipeline.validation.history import last_schema, last_valid_statistics
from tfdogs.data.prepare_config import cores

_NOT_THE_DATAS = ("images", "annotations", "output_dir", "workers", "overwrite")


def define(config):
    """Returns the pipeline that a configuration asks for.

        ExampleGen -> StatisticsGen -> SchemaGen -> ExampleValidator
                   -> Transform -> Trainer -> Evaluator, InfraValidator -> Pusher

    Args:
        config: `pipeline.run_config.RunConfig`.

    Returns:
        `pipeline.core.dag.Pipeline`.
    """
    on_beam = {"workers": config.workers or cores(), "beam_args": config.beam_args}
    example_gen = ExampleGen(
        images=_absolute(config.images),
        annotations=_absolute(config.annotations),
        image_size=config.image_size,
        eval_fraction=config.eval_fraction,
        seed=config.seed,
        sample=config.sample,
        **on_beam,
    )
    statistics_gen = StatisticsGen(examples=example_gen.outputs.examples, **on_beam)
    schema_gen = SchemaGen(
        statistics=statistics_gen.outputs.statistics,
        previous=Channel(types.SCHEMA, query=last_schema),
        pipeline=config.pipeline_name,
        min_images=config.min_images,
        min_photographs=config.min_photographs,
        max_class_shift=config.max_class_shift,
        max_pixel_shift=config.max_pixel_shift,
        schema_file=_absolute(config.schema),
    )
    example_validator = ExampleValidator(
        statistics=statistics_gen.outputs.statistics,
        schema=schema_gen.outputs.schema,
        previous=Channel(types.STATISTICS, query=last_valid_statistics),
    )
    transform = Transform(
        examples=example_gen.outputs.examples,
        anomalies=example_validator.outputs.anomalies,
        config=_json(config.prepare_config(), _NOT_THE_DATAS),
        **on_beam,
    )
    training = config.train_config()
    trainer = Trainer(
        transformed_examples=transform.outputs.transformed_examples,
        config=_json(training, (*OWN_OF_TRAIN, *RUNNING)),
        running=json.dumps({name: getattr(training, name) for name in RUNNING}, sort_keys=True),
    )
    evaluator = Evaluator(
        model=trainer.outputs.model,
        baseline=Channel(types.MODEL, query=last_blessed_model),
        transformed_examples=transform.outputs.transformed_examples,
        extractor=config.extractor,
        num_images=config.num_images,
        max_fid=config.max_fid,
        min_d=config.min_d,
        min_dog_score=config.min_dog_score,
        worse_by=config.worse_by,
        allow_alarms=config.allow_alarms,
        cache_dir=str(Path(config.root, ".features").absolute()),
    )
    infra_validator = InfraValidator(model=trainer.outputs.model)
    pusher = Pusher(
        model=trainer.outputs.model,
        blessing=evaluator.outputs.blessing,
        infra_blessing=infra_validator.outputs.infra_blessing,
        push_dir=str(Path(config.push_dir).absolute()),
        keep=config.keep,
    )
    return Pipeline(
        config.pipeline_name,
        (
            example_gen,
            statistics_gen,
            schema_gen,
            example_validator,
            transform,
            trainer,
            evaluator,
            infra_validator,
            pusher,
        ),
    )


def _json(config, without):
    told = {name: value for name, value in config.to_dict().items() if name not in without}
    return json.dumps(told, sort_keys=True)


def _absolute(path):
    """Returns a path as it is from everywhere; what is no path, such as paper_dogs:400, as it is."""
    return str(Path(path).absolute()) if path and Path(path).exists() else path
