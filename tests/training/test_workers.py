"""Two processes that train one run together, on loopback."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from tfdogs.training import run
from tfdogs.training.callbacks import metrics_log
from tfdogs.training.checkpoints import Checkpoints
from tfdogs.training.snapshots import Snapshots

RUN = {"checkpoints", "config.json", "data.json", "metrics.jsonl", "samples", "tensorboard"}


def free_ports(count):
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]


def environment(cluster, kind, index, scratch):
    """Returns the environment of a worker, with a folder of its own for temporary files."""
    scratch.mkdir(parents=True, exist_ok=True)
    config = json.dumps({"cluster": cluster, "task": {"type": kind, "index": index}})
    return {**os.environ, "TF_CONFIG": config, "TMPDIR": str(scratch), "TF_CPP_MIN_LOG_LEVEL": "3"}


def flags_of(config):
    values = config.to_dict().items()
    return [f"--{name}={str(value).lower() if isinstance(value, bool) else value}" for name, value in values]


@contextlib.contextmanager
def launched(config, tmp_path, *, chief=False, changes=((), ()), program=("-m", "tfdogs.train")):
    """Starts two workers and gives their processes, the chief's first; none outlives the context."""
    first, second = (f"127.0.0.1:{port}" for port in free_ports(2))
    cluster = {"chief": [first], "worker": [second]} if chief else {"worker": [first, second]}
    tasks = [("chief", 0), ("worker", 0)] if chief else [("worker", 0), ("worker", 1)]
    flags, processes = flags_of(config), []
    try:
        for number, (task, more) in enumerate(zip(tasks, changes)):
            processes.append(
                subprocess.Popen(
                    [sys.executable, *program, *flags, *more],
                    env=environment(cluster, *task, tmp_path / f"scratch{number}"),
                    stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE,
                    text=True,
                )
            )
        yield processes
    finally:
        for process in processes:
            with process:  # waits, and closes its pipes
                process.kill()


def ended(processes, status=0, timeout=300):
    """Waits for the workers; returns what each has printed, and told as an error."""
    deadline = time.monotonic() + timeout
    found = [process.communicate(timeout=max(deadline - time.monotonic(), 1)) for process in processes]
    assert [process.returncode for process in processes] == [status] * 2, found
    return found


def train_on_two(config, tmp_path, **options):
    with launched(config, tmp_path, **options) as processes:
        return ended(processes)


def state(config, name=None):
    """Everything that a run must keep, of its newest checkpoint or of that of a name."""
    gan = run.build(config, run.load_card(Path(config.model_dir)))
    checkpoints = Checkpoints(Path(config.model_dir, "checkpoints"), gan)
    assert checkpoints.restore().name == name
    networks = (gan.generator, gan.discriminator, gan.ema_generator)
    optimizers = (gan.g_optimizer, gan.d_optimizer)
    found = {
        **{name: network.weights for name, network in zip(("g", "d", "average"), networks)},
        **{name: optimizer.variables for name, optimizer in zip(("g_slots", "d_slots"), optimizers)},
        "states": list(gan.states.values()),
        "counters": [gan.images_seen, gan.steps_done],
    }
    return {name: [variable.numpy() for variable in variables] for name, variables in found.items()}


def assert_alike(first, second, start):
    for name, values in first.items():
        for a, b in zip(values, second[name], strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5, err_msg=name)
    for name in ("g", "d", "average"):
        moved = max(np.abs(a - b).max() for a, b in zip(first[name], start[name]))
        assert moved > 1e-3  # far over the tolerance


@pytest.fixture
def make_shared(make_config):
    """A maker of configurations with BatchNorm, ADA and its state, lazy R1 and flips: all to be agreed on."""
    both = {"augment": "ada:color", "ada_p": 0.5, "ada_kimg": 0.1}

    def make(**changes):
        return make_config(**{**both, "total_kimg": 0.024, "checkpoint_kimg": 0.012, "g_lr": 2e-3, **changes})

    return make


@pytest.fixture
def make_tiny(make_config):
    """A maker of configurations that are built in no time and train for long."""
    kimg = dict.fromkeys(("log_kimg", "sheet_kimg", "checkpoint_kimg"), 500.0)

    def make(**changes):
        plain = {"model": "mlp", "r1": 0.0, "augment": "", "total_kimg": 1000.0}
        return make_config(**{**plain, **kimg, **changes})

    return make


def test_two_workers_train_as_one_does_and_the_chief_alone_writes(make_shared, tmp_path):
    one, two = (make_shared(model_dir=str(tmp_path / name)) for name in ("one", "two"))
    (out, errors), (other_out, other_errors) = train_on_two(two, tmp_path)
    assert "done: 0.024 kimg of 0.024, saved in" in out
    assert "Traceback" not in errors + other_errors
    assert other_out.splitlines()[1:] == ["done: 0.024 kimg of 0.024, saved by the chief"]
    run.train(one)
    start = run.build(one, run.load_card(Path(one.model_dir)))
    start = {"g": start.generator, "d": start.discriminator, "average": start.generator}
    start = {name: network.get_weights() for name, network in start.items()}
    assert_alike(state(one, "kimg000000.024"), state(two, "kimg000000.024"), start)
    assert {path.name for path in Path(two.model_dir).iterdir()} == RUN
    names = sorted(path.name for path in Path(two.model_dir, "checkpoints").iterdir())
    assert names == ["kimg000000.012", "kimg000000.024"]
    assert not list((tmp_path / "scratch1").iterdir())  # what it wrote for the company is gone
    found = [metrics_log.read(Path(config.model_dir, "metrics.jsonl")) for config in (one, two)]
    for line, same in zip(*found, strict=True):
        for name in line.keys() - {"seconds", "images_per_second"}:
            np.testing.assert_allclose(same[name], line[name], rtol=1e-3, atol=1e-5, err_msg=name)


@pytest.mark.slow
def test_two_workers_resume_as_one_goes_on(make_shared, tmp_path):
    options = {"d_steps": 2, "conditional": True, "checkpoint_kimg": 0.032}

    def make(name, kimg):
        return make_shared(**options, model_dir=str(tmp_path / name), total_kimg=kimg)

    run.train(make("one", 0.032))
    start = state(make("one", 0.032), "kimg000000.032")
    train_on_two(make("two", 0.032), tmp_path)
    (out, _), _ = train_on_two(make("two", 0.064), tmp_path, chief=True)  # over the end of an epoch
    assert "going on from" in out
    run.train(make("one", 0.064))
    one, two = (state(make(name, 0.064), "kimg000000.064") for name in ("one", "two"))
    assert_alike(one, two, start)


DIVERGING = """
import sys
from tfdogs import cli, train
from tfdogs.training.callbacks.divergence import Divergence
from tfdogs.training.config import TrainConfig

moments, check = [12], Divergence.on_train_batch_end

def on_train_batch_end(self, batch, logs=None):
    if moments and int(self.model.images_seen.numpy()) == moments[0]:
        moments.pop()
        logs = {"d_loss": float("nan")}
    check(self, batch, logs)

Divergence.on_train_batch_end = on_train_batch_end
cli.main(TrainConfig, train.run, summary="", argv=["train", *sys.argv[1:]])
"""


@pytest.mark.slow
def test_two_workers_go_back_together_and_on_with_half_the_rates_as_one_does(make_shared, tmp_path):
    def make(name):
        return make_shared(model_dir=str(tmp_path / name), checkpoint_kimg=0.008, schedule_kimg=0.0)

    told = train_on_two(make("two"), tmp_path, program=("-c", DIVERGING))
    first, second = ([line for line in out.splitlines() if "rollback 1 of 3" in line] for out, _ in told)
    assert len(first) == 1 and "kimg000000.008, from now on with --g_lr=0.001 and" in first[0] and not second
    config = make("one")
    script = [sys.executable, "-c", DIVERGING, *flags_of(config)]
    subprocess.run(script, capture_output=True, check=True)
    start = run.build(config, run.load_card(Path(config.model_dir)))
    start = {"g": start.generator, "d": start.discriminator, "average": start.generator}
    start = {name: network.get_weights() for name, network in start.items()}
    one, two = (state(make(name), "kimg000000.024") for name in ("one", "two"))
    assert_alike(one, two, start)
    (line,) = metrics_log.read(Path(make("two").model_dir, "rollbacks.jsonl"))
    assert (line["kimg"], line["back_to"], line["g_lr"]) == (0.012, 0.008, 0.001)
    logged = [line["kimg"] for line in metrics_log.read(Path(make("two").model_dir, "metrics.jsonl"))]
    assert logged == [0.008, 0.016, 0.024]


@pytest.mark.slow
def test_what_diverges_ends_both_where_that_is_asked_for(make_tiny, tmp_path):
    config = make_tiny(g_lr=1e38, d_lr=1e38, schedule_kimg=0.0, on_divergence="stop")
    with launched(config, tmp_path) as processes:
        found = ended(processes, status=1)
    for _, errors in found:
        assert "training has diverged at kimg" in errors.splitlines()[-1] and "Traceback" not in errors
    assert not Path(config.model_dir, "rollbacks.jsonl").exists()


def wait_for(path, processes):
    """Waits until a file or folder is there, or a worker has ended."""
    while not path.exists() and all(process.poll() is None for process in processes):
        time.sleep(0.05)


@pytest.mark.slow
def test_a_signal_to_one_worker_saves_and_ends_both(make_tiny, tmp_path):
    config = make_tiny()
    with launched(config, tmp_path) as processes:
        wait_for(Path(config.model_dir, "tensorboard"), processes)  # `fit` has begun
        time.sleep(2)
        processes[1].send_signal(signal.SIGTERM)
        (_, errors), (_, other_errors) = ended(processes, status=1)
    last, other_last = (text.splitlines()[-1] for text in (errors, other_errors))  # Keras may warn before it
    assert "stopped by SIGTERM at" in last and last == other_last
    (saved,) = Path(config.model_dir, "checkpoints").iterdir()
    assert f"at {float(saved.name[4:]):.3f} kimg" in last


@pytest.mark.slow
def test_the_chiefs_clock_ends_both(make_tiny, tmp_path):
    config = make_tiny(max_wall_seconds=0.001)
    for (out, _), end in zip(train_on_two(config, tmp_path), ("saved in", "saved by the chief")):
        assert "time is over: 0.004 kimg of 1000" in out and end in out
    assert run.load(config.model_dir).kimg == 0.004


@pytest.mark.slow
@pytest.mark.parametrize("dies", [0, 1])
def test_a_worker_that_dies_does_not_leave_the_other_waiting(make_tiny, tmp_path, dies):
    config = make_tiny(checkpoint_kimg=0.1)
    with launched(config, tmp_path) as processes:
        wait_for(Path(config.model_dir, "checkpoints"), processes)
        processes[dies].kill()
        _, errors = processes[1 - dies].communicate(timeout=200)
        assert processes[1 - dies].returncode == 1
    assert "the other workers cannot be reached any more" in errors and "Traceback" not in errors


@pytest.mark.slow
def test_the_chief_alone_scores_and_what_it_decides_ends_both(make_shared, tmp_path):
    import keras

    pooled = [keras.Input((8, 8, 3)), keras.layers.AveragePooling2D(2), keras.layers.Flatten()]
    keras.Sequential(pooled).save(tmp_path / "pool.keras")
    config = make_shared(
        total_kimg=1.0, g_lr=0.0, d_lr=0.0, steps_per_execution=2, eval_kimg=0.008, eval_images=20,
        eval_metrics="fid", eval_extractor=str(tmp_path / "pool.keras"), cache_dir=str(tmp_path / "cache"),
        early_stop=2, ema_kimg=0.0, ema_snapshot_kimg=0.008,
    )  # fmt: skip
    (out, _), (other_out, _) = train_on_two(config, tmp_path, chief=True)
    assert "done: 0.016 kimg" in out and "fid has not improved since kimg" in out
    assert "done: 0.016 kimg" in other_out
    run_dir = Path(config.model_dir)
    assert {path.name for path in run_dir.iterdir()} == RUN | {"best", "ema", "evaluations.jsonl"}
    assert [line["kimg"] for line in metrics_log.read(run_dir / "evaluations.jsonl")] == [0.0, 0.008, 0.016]
    assert len(Snapshots(run_dir).paths()) == 2 and run.load(run_dir, best=True).kimg < 0.02
    (out, _), _ = train_on_two(config, tmp_path)  # it has ended for good, which the chief alone can see
    assert "done already" in out and run.load(run_dir).kimg == 0.016


@pytest.mark.slow
def test_workers_with_other_flags_are_refused_before_they_wait_for_ever(make_tiny, tmp_path):
    config = make_tiny()
    with launched(config, tmp_path, changes=((), ("--batch_size=8", "--log_kimg=3"))) as processes:
        for _, errors in ended(processes, status=2):
            assert errors.endswith("Not the same are: --batch_size, --log_kimg\n")
    assert not Path(config.model_dir).exists()
