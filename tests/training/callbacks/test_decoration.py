import errno
import os

import pytest
import tensorflow as tf

from tfdogs.errors import TfdogsError
from tfdogs.training.callbacks.decoration import Decoration
from tfdogs.training.callbacks.tensorboard import TensorBoard

FULL = tf.errors.ResourceExhaustedError(None, None, "/a/b; No space left on device [Op:FlushSummaryWriter]")


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (OSError(errno.EFBIG, os.strerror(errno.EFBIG), "x.png"), "File too large"),
        (TfdogsError("cannot write x.png: Is a directory"), "cannot write x.png: Is a directory"),
        (FULL, "No space left on device"),
    ],
)
def test_it_warns_once_and_goes_on(error, words, capsys):
    decoration = Decoration("sheets")
    for _ in range(3):
        with decoration():
            raise error
    assert capsys.readouterr().err == f"warning: cannot write sheets ({words}); training goes on without\n"


OUT_OF_MEMORY = tf.errors.ResourceExhaustedError(None, None, "OOM when allocating")


@pytest.mark.parametrize("error", [ValueError("a fault"), OUT_OF_MEMORY])
def test_another_error_comes_through(error):
    with pytest.raises(type(error)), Decoration("sheets")():
        raise error


def test_tensorboard_where_a_file_is_in_its_way(tmp_path, capsys):
    (tmp_path / "tensorboard").write_text("mine")
    board = TensorBoard(tmp_path / "tensorboard")
    board.write({"loss": 1.0}, 1)
    board.write({"loss": 1.0}, 2)
    board.close()
    errors = capsys.readouterr().err
    assert errors.count("\n") == 1 and f"cannot write {tmp_path}/tensorboard (" in errors


def test_tensorboard_writes(tmp_path):
    board = TensorBoard(tmp_path)
    board.write({"loss": 1.0}, 1)
    board.close()
    (path,) = tmp_path.glob("events*")
    events = [e for e in tf.compat.v1.train.summary_iterator(str(path)) if e.summary.value]
    assert [(e.step, e.summary.value[0].tag) for e in events] == [(1, "loss")]
