"""Checks inside a graph: what is wrong with a request is one sentence that names the row."""

import math

import tensorflow as tf

from tfdogs.sampling.sampler import CHUNK, chunk_size

MAX_ROWS = 1024  # of one request, which has fewer where images are large


def max_rows(image_shape):
    """Returns how many rows a request for images (H, W, C) may have: `MAX_ROWS`, at 1024 px 256."""
    return MAX_ROWS * chunk_size(image_shape) // CHUNK


_MAX_SHOWN = 40  # characters of a text that is quoted


def admit(inputs, rules, *, most=MAX_ROWS):
    """Lets inputs through once they are found to be in order: whoever uses what it returns waits for that.

    Args:
        inputs: dict of name to tensor, all with a first dimension N.
        rules: dict of name to (rule, test): what the input must be, and a function from the input to a bool
            tensor of its shape. They are checked in this order, after the numbers of rows.
        most: rows that there may be.

    Returns:
        The tensors of `inputs`, a dict.

    Raises:
        tf.errors.InvalidArgumentError: when it runs, N is over `most` or not the same for all, or a
            rule is broken.
    """
    rows = {name: tf.shape(tensor)[0] for name, tensor in inputs.items()}
    counts = tf.stack(list(rows.values()))
    done = _require_scalar(
        tf.reduce_all(counts == counts[0]),
        "all inputs must have the same number of rows. Received: ",
        tf.strings.reduce_join([f"{name} " for name in rows] + tf.strings.as_string(counts), separator=", "),
    )
    with tf.control_dependencies([done]):
        done = _require_scalar(
            counts[0] <= most,
            f"a request must have at most {most} rows. Received: ",
            tf.strings.as_string(counts[0]),
        )
    for name, (rule, test) in rules.items():
        with tf.control_dependencies([done]):
            tensor = tf.identity(inputs[name])
            done = require(test(tensor), tensor, f"{name} must be {rule}")
    with tf.control_dependencies([done]):
        return {name: tf.identity(tensor) for name, tensor in inputs.items()}


def require(ok, values, rule, unit=""):
    """Returns an operation that fails where a row breaks a rule.

    Args:
        ok: bool tensor [N, ...], True where the rule is kept.
        values: tensor of the same shape: what was received, numbers or any bytes.
        rule: the sentence to begin the error with.
        unit: text after the value; default none.

    Raises:
        tf.errors.InvalidArgumentError: when it runs, something in `ok` is False; the error has the rule, the
            first value that breaks it and its row.
    """
    flags = tf.cast(tf.reshape(ok, [-1]), tf.int32)
    first = tf.argmin(tf.pad(flags, [[0, 1]], constant_values=1))  # padded: there may be no rows
    value = tf.reshape(values, [-1])[first : first + 1]
    if value.dtype == tf.string:
        value = _quoted(value)
    else:
        value = tf.strings.as_string(value, shortest=value.dtype.is_floating)
    return _require_scalar(
        tf.reduce_all(ok),
        f"{rule}. Received: ",
        tf.strings.reduce_join(value),
        f"{unit} in row ",
        tf.strings.as_string(first // math.prod(values.shape[1:])),
    )


def _quoted(text):
    """Returns any bytes as one short line of UTF-8: what is none, or does not print, is U+FFFD.

    An error's message must be UTF-8: Python, gRPC and JSON fail on any other.
    """
    text = tf.strings.substr(text, 0, 4 * _MAX_SHOWN)  # bytes, of which a character has up to 4
    text = tf.strings.unicode_transcode(text, "UTF-8", "UTF-8", errors="replace")
    text = tf.strings.substr(text, 0, _MAX_SHOWN, unit="UTF8_CHAR")
    return tf.strings.regex_replace(text, r"[\p{C}\p{Zl}\p{Zp}]", "\N{REPLACEMENT CHARACTER}")


def _require_scalar(ok, *parts):
    return tf.debugging.Assert(ok, [tf.strings.join(parts)])
