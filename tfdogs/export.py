"""Exports a trained run for TensorFlow Serving: a SavedModel in a numbered folder, and what serves it.

    python -m tfdogs.export --model_dir=runs/dogs64 --export_dir=exports/dogs
    python -m tfdogs.export --model_dir=runs/dogs64 --export_dir=exports/dogs --best --onnx --tflite
    cd exports/dogs && docker compose up --detach     # TensorFlow Serving, and the page
    python -m tfdogs.serve --export_dir=exports/dogs  # the same without containers, to try it

The version appears as a whole or not at all, and a server that watches the folder loads it. Beside it
compose.yaml, models.config, batching_parameters.txt, nginx.conf and page/ are written where they are missing.
"""

from tfdogs import cli
from tfdogs.serving.export_config import ExportConfig


def run(config):
    """Exports what the configuration asks for."""
    from tfdogs.serving.run_export import export_run

    export_run(config)


if __name__ == "__main__":
    cli.main(ExportConfig, run, summary=__doc__)
