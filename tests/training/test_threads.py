"""`limit` works before TensorFlow does: the cases have a process of their own."""

import json
import subprocess
import sys

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
