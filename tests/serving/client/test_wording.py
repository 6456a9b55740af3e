"""What servers say, unwrapped."""

import pytest
import tensorflow as tf

from tfdogs.serving.client.wording import sentence

RULE = "truncation must be 0 (none) or in (0, 1000]. Received: -1 in row 3"


@pytest.mark.parametrize(
    "text",
    [
        f"assertion failed: [{RULE}] [[{{{{node admit/Assert}}}}]]",
        f"assertion failed: [{RULE}]\n\t [[{{{{node admit/Assert}}}}]]",
        f"assertion failed: [{RULE}]",
        f"{{{{function_node __inference_f_7}}}} assertion failed: [{RULE}]\n\t [[{{{{node Assert}}}}]]",
        f"2 root error(s) found.\n  (0) INVALID_ARGUMENT: assertion failed: [{RULE}]\n\t [[{{{{node a}}}}]]\n"
        "\t [[b/_3]]\n  (1) INVALID_ARGUMENT: assertion failed: [another]\n\t [[{{node a}}]]\n0 successful "
        "operations.\n0 derived errors ignored.",
    ],
)
def test_of_a_failed_assertion_the_sentence_is_left(text):
    assert sentence(text) == RULE


@pytest.mark.parametrize("text", ["no such signature", "assertion failed", "it said [a] [[b]]", ""])
def test_other_texts_stay(text):
    assert sentence(text) == text


def test_one_line_of_bounded_length():
    assert sentence("a\n\t b " + "x" * 5000) == "a b " + "x" * 996


def test_what_tensorflow_escapes_is_read_back():
    rule = "no field \"Züri\" or '狗\\\\303' in row 1"

    @tf.function
    def fail():
        tf.debugging.Assert(False, [tf.constant(rule)])

    with pytest.raises(tf.errors.InvalidArgumentError) as caught:
        fail()
    text = next(line for line in caught.value.message.splitlines() if "assertion failed" in line)
    assert sentence(f"{text}\n\t [[{{{{node Assert}}}}]]") == rule
