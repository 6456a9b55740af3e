"""Trainer: trains a GAN and exports it."""

import json
import shutil

from pipeline import types
from pipeline.core.component import Component
from pipeline.core.contract import Input, Output, Parameter
from tfdogs.serving.export_config import ExportConfig
from tfdogs.serving.run_export import export_run
from tfdogs.training.config import TrainConfig
from tfdogs.training.run import train


class Trainer(Component):
    """Trains as `tfdogs.train` does, and exports as `tfdogs.export` does.

    What a killed one has left in its checkpoints it goes on from.
    """

    transformed_examples = Input(types.TRANSFORMED_EXAMPLES)
    model_run = Output(types.MODEL_RUN)
    model = Output(types.MODEL)
    config = Parameter(str)  # TrainConfig as JSON; data_dir and model_dir are this component's

    resumable = True
    code = (
        "tfdogs.augment",
        "tfdogs.data",
        "tfdogs.losses",
        "tfdogs.models",
        "tfdogs.serving",
        "tfdogs.training",
    )

    @classmethod
    def execute(cls, *, transformed_examples, model_run, model, config):
        """Trains to the end, or goes on to it."""
        places = {"data_dir": str(transformed_examples.path), "model_dir": str(model_run)}
        config = TrainConfig.from_dict({**json.loads(config), **places})
        train(config)
        shutil.rmtree(model)  # half an export, where it was killed in it
        export_run(ExportConfig(model_dir=str(model_run), export_dir=str(model), version=1))
        return {"model_run": {"kimg": config.total_kimg, "model": config.model}}
