"""Numbers that callers give."""

import numpy as np
import pytest
import tensorflow as tf

from tfdogs.models import scalars


def test_whole_numbers():
    for value in (3, 3.0, np.int8(3), np.float32(3), np.array(3), tf.constant(3), 6 / 2):
        number = scalars.whole("epochs", value)
        assert number == 3 and type(number) is int
    assert scalars.seed(2**63 - 1) == 2**63 - 1 and scalars.seed(-1.0) == -1
    with pytest.raises(ValueError, match=r"seed must be a whole number in the range of int64. Received: 9"):
        scalars.seed(2**63)


@pytest.mark.parametrize("value", [0, -1, 2.5, True, "3", None, [3], np.nan, np.inf, b"3", 1j])
def test_what_is_none(value):
    with pytest.raises(ValueError, match=r"^epochs must be a whole number of 1 or more. Received: "):
        scalars.whole("epochs", value, 1)


def test_switches():
    scalars.switch("jit_compile", False)
    scalars.switch("run_eagerly", None, None)
    for value in ("auto", None, 1):
        with pytest.raises(ValueError, match=rf"jit_compile must be True or False. Received: {value!r}"):
            scalars.switch("jit_compile", value)


def test_arguments_become_ints_in_place():
    given = {"batch_size": 4.0, "validation_freq": (1, 2), "steps_per_epoch": None, "verbose": "auto"}
    scalars.check_arguments(given)
    assert given == {"batch_size": 4, "validation_freq": [1, 2], "steps_per_epoch": None, "verbose": "auto"}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("batch_size", 0),
        ("epochs", -1),
        ("initial_epoch", "1"),
        ("steps_per_epoch", 1.5),
        ("validation_steps", 0),
        ("validation_freq", 0),
        ("validation_freq", [0, 1]),
        ("validation_split", 1.0),
        ("validation_split", -0.1),
        ("validation_split", "0.1"),
        ("workers", -1),
        ("use_multiprocessing", "no"),
    ],
)
def test_arguments_that_are_none(name, value):
    with pytest.raises(ValueError, match=rf"{name} must be .*Received: "):
        scalars.check_arguments({name: value})
