"""`limit` works before TensorFlow does: its cases have a process of their own."""

import json
import subprocess
import sys

import pytest
import tensorflow as tf

from tfdogs.training import threads
from tfdogs.training.config import TrainConfig

_SCRIPT = """
import json, os, sys
import tensorflow as tf
from tfdogs.training import threads
from tfdogs.training.config import TrainConfig

def limit(cores, **flags):
    tf.config.threading.set_intra_op_parallelism_threads(0)
    os.sched_getaffinity = lambda pid: set(range(cores))
    chosen = threads.limit(TrainConfig(data_dir="data", model_dir="run", **flags))
    return [chosen, tf.config.threading.get_intra_op_parallelism_threads()]

found = [
    limit(2, updates="alternating"),
    limit(2),
    limit(4),
    limit(2, op_threads=0),
    limit(4, op_threads=3),
]
tf.zeros([1]) + 1  # now it has begun to work
found.append([threads.limit(TrainConfig(data_dir="data", model_dir="run", op_threads=2)), 3])
json.dump(found, sys.stdout)
"""


def test_the_flags_choice_is_tensorflows_until_it_has_begun():
    done = subprocess.run([sys.executable, "-c", _SCRIPT], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == [[0, 0], [1, 1], [0, 0], [0, 0], [3, 3], [3, 3]]


@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        ({}, 8),
        ({"steps_per_execution": 3}, 3),
        ({"batch_size": 64}, 2),  # 2 * 64 * 64**2 = 2**19
        ({"batch_size": 129}, 1),
        ({"d_steps": 4}, 2),
        ({"checkpoint_kimg": 0.2}, 3),  # four calls to the shortest interval
        ({"eval_kimg": 0.3}, 4),
        ({"log_kimg": 0.016}, 1),
    ],
    ids=str,
)
def test_small_steps_are_taken_together(flags, expected):
    config = TrainConfig(data_dir="data", model_dir="run", **{"batch_size": 16, **flags})
    assert threads.steps_to_a_call(config, 64) == expected


def test_replicas_take_one_step_at_a_time(monkeypatch):
    strategy = tf.distribute.get_strategy()
    monkeypatch.setattr(type(strategy.extended), "_num_replicas_in_sync", 2)
    config = TrainConfig(data_dir="data", model_dir="run", batch_size=16)
    assert threads.steps_to_a_call(config, 64) == 1
