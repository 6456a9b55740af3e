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

# Flags of `tfdogs.train` that change neither the weights nor where the run ends.
RUNNING = ("log_kimg", "sheet_kimg", "sheet_columns", "checkpoint_kimg", "keep_checkpoints", "cache_dir")


class Trainer(Component):
    """Trains as `tfdogs.train` does, and exports as `tfdogs.export` does.

    What a killed one has left in its checkpoints it goes on from.
    """

    transformed_examples = Input(types.TRANSFORMED_EXAMPLES)
    model_run = Output(types.MODEL_RUN)
    model = Output(types.MODEL)
    config = Parameter(str)  # TrainConfig as JSON; data_dir and model_dir are this component's
    running = Parameter(str, default="{}", counts=False)  # the rest of it, `RUNNING`

    resumable = True
    code = (
        "tfdogs.addons",
        "tfdogs.augment",
        "tfdogs.data",
        "tfdogs.losses",
        "tfdogs.metrics",  # early stop
        "tfdogs.models",
        "tfdogs.overlap",
        "tfdogs.sampling",
        "tfdogs.serving",
        "tfdogs.tfgan",
        "tfdogs.training",
    )
    libraries = ("numpy", "tensorflow", "tensorflow-addons", "tensorflow-gan")

    @classmethod
    def execute(cls, *, transformed_examples, model_run, model, config, running):
        """Trains to the end, or goes on to it."""
        places = {"data_dir": str(transformed_examples.path), "model_dir": str(model_run)}
        config = TrainConfig.from_dict({**json.loads(config), **json.loads(running), **places})
        train(config)
        shutil.rmtree(model)  # half an export, where it was killed in it
        export_run(ExportConfig(model_dir=str(model_run), export_dir=str(model), version=1))
        return {"model_run": {"kimg": config.total_kimg, "model": config.model}}
