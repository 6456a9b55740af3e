"""Runs one node of the pipeline, as a step of an orchestrator such as Kubeflow does.

    python -m pipeline.step --flagfile=configs/pipeline.flags --run=dogs-7 --node=Trainer

The nodes before it have to be there, made under the same --run; after one that has refused nothing runs.
"""

from pipeline.beam.importing import import_beam
from pipeline.kubeflow.step_config import StepConfig
from tfdogs import cli


def run(config):
    """Runs the command."""
    import_beam(workers=config.workers)
    from pipeline.execute import run_step

    run_step(config)


if __name__ == "__main__":
    cli.main(StepConfig, run, summary=__doc__)
