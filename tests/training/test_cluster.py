import json
import subprocess
import sys

import pytest
import tensorflow as tf

from tfdogs.errors import UsageError
from tfdogs.training.cluster import Cluster
from tfdogs.training.workers import Workers

TWO = ["host0:2222", "host1:2222"]


def environment(cluster, kind="worker", index=0):
    return {"TF_CONFIG": json.dumps({"cluster": cluster, "task": {"type": kind, "index": index}})}


@pytest.mark.parametrize(
    ("cluster", "kind", "index", "addresses", "place"),
    [
        ({"worker": TWO}, "worker", 0, TWO, 0),
        ({"worker": TWO}, "worker", 1, TWO, 1),
        ({"worker": TWO, "chief": ["[::1]:1"]}, "chief", 0, ["[::1]:1", *TWO], 0),
        ({"worker": TWO, "chief": ["10.0.0.1:1"]}, "worker", 1, ["10.0.0.1:1", *TWO], 2),
    ],
)
def test_the_chief_or_else_worker_0_comes_first(cluster, kind, index, addresses, place):
    found = Cluster.from_environment(environment(cluster, kind, index))
    assert found == Cluster(tuple(addresses), place) and found.chief == (place == 0)


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"TF_CONFIG": ""},
        {"TF_CONFIG": "{}"},
        {"TF_CONFIG": '{"cluster": {}, "task": {"type": "worker", "index": 0}}'},
        environment({"worker": TWO[:1]}),
        environment({"chief": TWO[:1]}, "chief"),
    ],
)
def test_one_process_is_no_cluster(values):
    assert Cluster.from_environment(values) is None


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("{", r"must be JSON \(Expecting"),
        ("[1]", "must be a JSON object"),
        ('{"cluster": [1]}', 'must have an object as its "cluster"'),
        (environment({"worker": TWO, "ps": TWO}), "roles worker and chief only, and no ps"),
        (environment({"worker": TWO, "evaluator": TWO}, "evaluator"), "and no evaluator"),
        (environment({"worker": "host0:2222"}), 'a list of "host:port" as the cluster\'s "worker"'),
        (environment({"worker": []}), 'a list of "host:port"'),
        (environment({"worker": [1, 2]}), 'a list of "host:port"'),
        (environment({"worker": ["host0:2222", "host1"]}), "'host1' is none"),
        (environment({"worker": ["host0:2222", "host1:65536"]}), "'host1:65536' is none"),
        (environment({"worker": TWO[:1] * 2}), "an address of its own for each process"),
        (environment({"worker": TWO, "chief": TWO}), "one chief at most"),
        (json.dumps({"cluster": {"worker": TWO}}), 'must say which process this is by its "task"'),
        (environment({"worker": TWO}, "chief"), "'chief' is none"),
        (environment({"worker": TWO}, "worker", 2), "whose index is 0 to 1"),
        (environment({"worker": TWO}, "worker", -1), "whose index is 0 to 1"),
        (environment({"worker": TWO}, "worker", "0"), "whose index is 0 to 1"),
        (environment({"worker": TWO}, "worker", None), "whose index is 0 to 1"),
    ],
)
def test_what_is_malformed_is_told_with_what_is_legal(text, rule):
    values = text if isinstance(text, dict) else {"TF_CONFIG": text}
    with pytest.raises(UsageError, match=rf"^TF_CONFIG .*{rule}.*Legal is .*Received: TF_CONFIG=") as error:
        Cluster.from_environment(values)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("strategy", ["one", "mirrored"])
def test_a_strategy_for_one_machine_does_not_go_with_several(make_config, monkeypatch, strategy):
    monkeypatch.setenv("TF_CONFIG", environment({"worker": TWO})["TF_CONFIG"])
    with pytest.raises(UsageError, match=f"--strategy must be auto or multi_worker .*={strategy}"):
        Workers.of(make_config(strategy=strategy))


def test_several_workers_and_xla_exclude_each_other(make_config, monkeypatch):
    monkeypatch.setenv("TF_CONFIG", environment({"worker": TWO})["TF_CONFIG"])
    with pytest.raises(UsageError, match="--xla does not go together with several devices"):
        Workers.of(make_config(xla=True))


def test_several_workers_need_a_cluster(make_config, monkeypatch):
    monkeypatch.delenv("TF_CONFIG", raising=False)
    with pytest.raises(UsageError, match="--strategy needs several workers, and TF_CONFIG names none"):
        Workers.of(make_config(strategy="multi_worker"))


def test_the_command_tells_a_malformed_one_in_one_line(make_config, monkeypatch):
    monkeypatch.setenv("TF_CONFIG", environment({"worker": TWO, "ps": TWO})["TF_CONFIG"])
    command = [sys.executable, "-m", "tfdogs.train", "--data_dir=nowhere", "--model_dir=nowhere"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 2 and done.stderr.count("\n") == 1
    assert done.stderr.startswith("tfdogs.train: TF_CONFIG must have the roles worker and chief only")


def test_it_is_too_late_once_tensorflow_has_computed(make_config, monkeypatch):
    tf.constant(1)
    monkeypatch.setenv("TF_CONFIG", environment({"worker": TWO})["TF_CONFIG"])
    with pytest.raises(UsageError, match="training must be the first that a process does with TensorFlow"):
        Workers.of(make_config())


def test_one_process_agrees_with_itself():
    workers = Workers()
    assert workers.chief and not workers.several and workers.replicas == 1
    assert workers.any(True, False) == [True, False]
    assert workers.differing({"seed": 1, "data": "x"}) == []
    with pytest.raises(KeyError), workers.together():
        raise KeyError
