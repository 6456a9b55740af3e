"""kill -9 in every component, one after the other; what comes out equals an undisturbed run's."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("apache_beam", reason="Apache Beam comes with the extra `pipeline`")
pytest.importorskip("ml_metadata", reason="ml-metadata comes with the extra `pipeline`")
pytest.importorskip("tensorflow_data_validation", reason="TFDV comes with the extra `pipeline`")

from pipeline.metadata.store import Store

NODES = (
    "ExampleGen",
    "StatisticsGen",
    "SchemaGen",
    "ExampleValidator",
    "Transform",
    "Trainer",
    "Evaluator",
    "InfraValidator",
    "Pusher",
)
FLAGS = (
    "--images=paper_dogs:60",
    "--image_size=28",
    "--eval_fraction=0.2",
    "--train_flags=--latent_dim=6 --g_channels=2 --d_channels=2 --batch_size=4 --total_kimg=0.032 "
    "--augment= --log_kimg=0.008 --checkpoint_kimg=0.008 --sheet_columns=2",
    "--min_images=20",
    "--num_images=60",
    "--allow_alarms",
)

# Runs the pipeline; kills itself in the named component: in the midst of its work where that can be cut in
# two, else when it is done and nothing is published.
SCRIPT = """
import os, shutil, signal, sys
node, words = sys.argv[1], sys.argv[2:]
from tfdogs import cli
from pipeline.run_config import RunConfig
config = cli.parse(RunConfig, ["run", *words], summary="")
from pipeline import definition
from pipeline.examples import shard_writer, treatment
from pipeline.execute import run_pipeline
from pipeline.validation import looking
from tfdogs.training.checkpoints import Checkpoints

MIDST = {  # whose call of this number is the last
    "ExampleGen": (shard_writer, "load", 30),
    "StatisticsGen": (looking, "look", 30),
    "Transform": (treatment, "treat", 30),
    "Trainer": (Checkpoints, "save", 2),
    "Pusher": (shutil, "copytree", 1),
}

def dying_at(work, number):
    calls = []
    def dying(*args, **kwargs):
        made = work(*args, **kwargs)
        calls.append(args)
        if len(calls) == number:
            os.kill(os.getpid(), signal.SIGKILL)
        return made
    return dying

if node in MIDST:
    home, name, number = MIDST[node]
    setattr(home, name, dying_at(getattr(home, name), number))
elif node:
    component = getattr(definition, node)
    component.execute = staticmethod(dying_at(component.execute, 1))
run_pipeline(config)
"""


@pytest.fixture
def run(tmp_path):
    """Returns a function (name, node, *flags): a process that dies in a node, or "" in none."""
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)
    root = str(Path(__file__).resolve().parents[2])
    environment = {**os.environ, "PYTHONPATH": root, "TF_CPP_MIN_LOG_LEVEL": "3"}

    def start(name, node, *flags):
        folder = tmp_path / name
        words = [*FLAGS, f"--root={folder}", f"--push_dir={folder / 'served'}", *flags]
        command = [sys.executable, "-u", script, node, *words]
        done = subprocess.run(
            command, env=environment, capture_output=True, text=True, timeout=500, check=False
        )
        assert done.returncode == (-signal.SIGKILL if node else 0), done.stderr[-3000:]
        return done.stdout

    return start


def known(folder):
    """Returns the fingerprint of every node's outputs in a store's last run, and all executions by state."""
    store = Store(folder / "metadata.sqlite")
    (facts,) = store.runs()
    found, states = {}, {}
    for execution in store.executions(facts["run"]):
        states.setdefault(execution["node"], []).append(execution["state"])
        for key, artifact in execution["outputs"].items():
            found[key] = artifact.fingerprint
    return facts["state"], found, states


@pytest.mark.slow
def test_a_run_that_is_killed_in_every_component_ends_as_an_undisturbed_one(run, tmp_path):
    run("whole", "")
    for node in NODES:
        told = run("killed", node, *([] if node == NODES[0] else ["--resume"]))
        # Only after Trainer's own kill is there a training to go on with.
        assert ("going on from" in told) == (node == "Evaluator"), told
        visible = [path.name for path in (tmp_path / "killed").iterdir() if not path.name.startswith(".")]
        assert node not in visible  # nothing of it is published
    assert "going on from" not in run("killed", "", "--resume")
    whole, killed = known(tmp_path / "whole"), known(tmp_path / "killed")
    assert whole[0] == killed[0] == "complete"
    assert killed[1] == whole[1]
    for node in NODES:
        assert killed[2][node].count("failed") == 1 and "complete" in killed[2][node]
    served = [path.name for path in (tmp_path / "killed/served").iterdir() if path.name.isdigit()]
    assert served == ["1"]
