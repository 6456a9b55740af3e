"""Compiles the pipeline to a Kubeflow Pipelines YAML.

    python -m pipeline.compile --flagfile=configs/pipeline.flags --images=/data/images.tar --root=/data/dogs \
        --push_dir=/data/exports/dogs --metadata=mysql://USER@mysql:3306/dogs --secret=dogs-metadata \
        --image=REPOSITORY/tfdogs-pipeline:1 --pvc=dogs --output=pipeline.yaml

Paths are those that the steps see.
"""

from pipeline.beam.importing import import_beam
from pipeline.kubeflow.compile_config import CompileConfig
from tfdogs import cli


def run(config):
    """Runs the command."""
    import_beam()
    from pipeline.kubeflow.compiled import compile_pipeline

    compile_pipeline(config)


if __name__ == "__main__":
    cli.main(CompileConfig, run, summary=__doc__)
