import errno
import os

import tensorflow as tf

from tfdogs.errors import TfdogsError, harmless, of_disk, reason, with_path

FULL = os.strerror(errno.ENOSPC)
MESSAGE = f"{{{{node x}}}} /run/a.data; {FULL} [Op:SaveV2]"
OF_TENSORFLOW = tf.errors.ResourceExhaustedError(None, None, MESSAGE)


def test_what_a_disk_says_is_said_without_noise():
    for error in (OSError(errno.ENOSPC, FULL, "/run/a.data"), OF_TENSORFLOW):
        assert of_disk(error) == reason(error) == FULL
        assert with_path(error) == f"/run/a.data: {FULL}"
    assert with_path(OSError(errno.ENOSPC, FULL)) == FULL


def test_other_errors_are_of_no_disk():
    memory = tf.errors.ResourceExhaustedError(None, None, "OOM when allocating\n tensor")
    for error in (ValueError("no \n number"), memory, KeyError("x")):
        assert of_disk(error) is None
    assert reason(memory) == with_path(memory) == "OOM when allocating tensor"


def test_what_is_harmless_is_told_in_a_line(capsys):
    for error in (OSError(errno.ENOSPC, FULL), TfdogsError("no font"), ValueError("multi\nline")):
        with harmless("preview.png"):
            raise error
    lines = capsys.readouterr().err.splitlines()
    reasons = (FULL, "no font", "ValueError: multi line")
    assert lines == [f"warning: cannot write preview.png ({text}); all else is there" for text in reasons]
