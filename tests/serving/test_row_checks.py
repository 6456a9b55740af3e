import re

import pytest
import tensorflow as tf

from tfdogs.serving.row_checks import MAX_ROWS, admit, max_rows, require

LOST = "\N{REPLACEMENT CHARACTER}"
QUOTED = {
    "plain": (b"breeds", "breeds"),
    "empty": (b"", ""),
    "accents": ("café".encode(), "café"),
    "cut inside a character": (b"a" + "é".encode() * 30, "a" + "é" * 30),
    "long": ("aé語🐶".encode() * 1000, "aé語🐶" * 10),
    "long, at an odd byte": (b"a" + "🐶".encode() * 1000, "a" + "🐶" * 39),
    "no UTF-8": (b"\xff\xfe", LOST * 2),
    "long and no UTF-8": (b"\xff" * 1000, LOST * 40),
    "half a character": (b"dog \xe8\xaa", f"dog {LOST}"),
    "a surrogate": (b"\xed\xa0\x80x", None),
    "lines": (b"a\nb\r\n\x00\x1b[31m\x7f", f"a{LOST}b{LOST * 4}[31m{LOST}"),
    "lines of other kinds": ("a\x85b\u2028c\u2029d".encode(), f"a{LOST}b{LOST}c{LOST}d"),
    "reversed writing": ("a\u202eb\u200fc\ufeffd".encode(), f"a{LOST}b{LOST}c{LOST}d"),
}


@pytest.fixture(scope="module")
def admit_dogs():
    """Lets through what is b"dog"."""
    rules = {"field": ("a dog", lambda field: field == b"dog")}
    return tf.function(
        lambda field: admit({"field": field}, rules)["field"],
        input_signature=[tf.TensorSpec([None], tf.string)],
    )


@pytest.mark.parametrize(("text", "shown"), QUOTED.values(), ids=QUOTED)
def test_whatever_is_quoted_is_one_line_of_utf_8(admit_dogs, text, shown):
    with pytest.raises(tf.errors.InvalidArgumentError) as caught:
        admit_dogs(tf.constant([b"dog", text, b"cat"]))
    (line,) = (line for line in caught.value.message.splitlines() if "Received" in line)
    found = re.search(r"field must be a dog\. Received: (.*) in row 1\]$", line)[1]
    assert shown is None or found == shown
    assert found.isprintable() and len(found) <= 40
    assert (admit_dogs(tf.constant([b"dog"] * 3)).numpy() == b"dog").all()


def test_numbers_are_quoted_as_they_were_sent():
    for values, received in (
        ([1.0, 0.1], "0.1"),
        ([1.0, -float("inf")], "-inf"),
        ([2**62, -(2**63)], str(-(2**63))),
    ):
        values = tf.constant(values)
        with pytest.raises(tf.errors.InvalidArgumentError, match=rf"be 1\. Received: {received} mm in row 1"):
            require(tf.constant([True, False]), values, "x must be 1", " mm")


def test_rows_are_counted_before_rules():
    rules = {"a": ("true", lambda a: a)}
    for a, b, message in (
        ([False], [1, 2], "same number of rows. Received: a 1, b 2"),
        (
            [False] * (MAX_ROWS + 1),
            [1] * (MAX_ROWS + 1),
            f"at most {MAX_ROWS} rows. Received: {MAX_ROWS + 1}",
        ),
        ([True, False], [1, 2], "a must be true. Received: false in row 1"),
    ):
        with pytest.raises(tf.errors.InvalidArgumentError, match=re.escape(message)):
            admit({"a": tf.constant(a), "b": tf.constant(b)}, rules)
    assert admit({"a": tf.constant([], tf.bool)}, rules)["a"].shape == (0,)


def test_fewer_rows_of_large_images():
    assert [max_rows((size, size, 3)) for size in (28, 512, 1024)] == [MAX_ROWS, MAX_ROWS, MAX_ROWS // 4]
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"at most 2 rows\. Received: 3"):
        admit({"a": tf.zeros(3)}, {}, most=2)
