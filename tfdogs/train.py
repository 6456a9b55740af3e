"""Trains a GAN on a prepared data_dir, or goes on with the run that is in model_dir.

  python -m tfdogs.train --flagfile=configs/dcgan_dogs64.flags --data_dir=data/dogs64 --model_dir=runs/dogs64

Leaves in model_dir: config.json, data.json, checkpoints/, samples/ (reals.png, and fakes000000.png and on,
numbered by kimg), metrics.jsonl and tensorboard/. Ctrl-C, SIGTERM and a closed terminal (SIGHUP)
save before they end it, and so does an error. Run the same command to resume. A run that diverges goes back
to its last checkpoint and on with half the learning rates, which rollbacks.jsonl tells.

Where the environment variable TF_CONFIG names several workers, this is one of them: start the same command on
all, with a model_dir that they share. The chief, or else worker 0, writes it.
"""

from tfdogs import cli
from tfdogs.training import init_source
from tfdogs.training.cluster import Cluster
from tfdogs.training.config import TrainConfig


def run(config):
    """Runs the command."""
    cluster = Cluster.from_environment()  # a malformed one is told at once
    if cluster is None:  # several workers refuse together, lest some wait for the others
        from tfdogs.training import same_run

        same_run.check_early(config)
    init_source.check(config)
    from tfdogs.training.run import train  # TensorFlow is loaded once the flags are known to be right

    train(config)


if __name__ == "__main__":
    cli.main(TrainConfig, run, summary=__doc__)
