"""Runs the pipeline: from pictures to a model that is served, as far as it is blessed.

    python -m pipeline.run --flagfile=configs/pipeline.flags
    python -m pipeline.run --flagfile=configs/pipeline.flags --train_flags=--total_kimg=100
    python -m pipeline.run --flagfile=configs/pipeline.flags --resume

What ran before with the same inputs, parameters and code is not run again. What each component made lies in
ROOT/COMPONENT/NUMBER, how it came to be in the metadata (python -m pipeline.lineage), and the run's report in
ROOT/runs/RUN/pipeline_report.html. The exit status is 0 where a model was pushed, or was already.
"""

from pipeline.beam.importing import import_beam
from pipeline.run_config import RunConfig
from tfdogs import cli


def run(config):
    """Runs the command."""
    import_beam(workers=config.workers)
    from pipeline.execute import run_pipeline  # Beam and TensorFlow take seconds to import

    run_pipeline(config)


if __name__ == "__main__":
    cli.main(RunConfig, run, summary=__doc__)
