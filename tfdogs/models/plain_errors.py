"""What a traced step raises, as the line that it began with."""

import contextlib
import re

import tensorflow as tf

_ASSERTED = re.compile(r"assertion failed: \[((?:images|labels) must .*)\]")
_TRACED = "in user code:"
_RAISED = re.compile(r"^ *(?:ValueError|TypeError): ", re.MULTILINE)


@contextlib.contextmanager
def plain_errors():
    """Makes a line of the report that Keras and TensorFlow make of an error in a step.

    Raises:
        ValueError: images or labels are not what a step wants.
    """
    try:
        yield
    except tf.errors.InvalidArgumentError as e:
        found = _ASSERTED.search(str(e))
        if found is None:
            raise
        raise ValueError(found[1].replace("] [", " ")) from None  # the parts of an assertion
    except (ValueError, TypeError) as e:
        text = str(e)
        if _TRACED not in text:
            raise
        raise type(e)(" ".join(_RAISED.split(text)[-1].split())) from e
