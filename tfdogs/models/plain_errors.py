"""What a step raises, traced or not, as the line that it began with."""

import contextlib
import re

import tensorflow as tf

_ASSERTED = re.compile(r"assertion failed: \[((?:images|labels) must .*)\]")
_EAGER = re.compile(r"Summarized data: (b.(?:images|labels) must .*)", re.DOTALL)  # a line for each part
_TEXT = re.compile(r"b(['\"])(.*)\1")
_TRACED = "in user code:"
_ADAPTER = "Failed to find data adapter that can handle input: "
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
        line = _asserted(str(e))
        if line is None:
            raise
        raise ValueError(line) from None
    except (ValueError, TypeError) as e:
        text = str(e)
        if text.startswith(_ADAPTER):
            raise ValueError(
                "images must be an array [N, H, W, C], a tf.data.Dataset, a keras.utils.Sequence or a "
                f"generator, and labels an array [N] beside an array. Received: {text.removeprefix(_ADAPTER)}"
            ) from e
        if _TRACED not in text:
            raise
        raise type(e)(" ".join(_RAISED.split(text)[-1].split())) from e


def _asserted(text):
    """Returns the parts of an assertion of ours in a line, or None."""
    found = _ASSERTED.search(text)
    if found:
        return found[1].replace("] [", " ")
    found = _EAGER.search(text)
    return " ".join(_TEXT.sub(r"\2", part) for part in found[1].splitlines()) if found else None
