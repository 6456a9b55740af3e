import numpy as np
import pytest
import tensorflow as tf

from tfdogs.models.r3gan import grouped_conv
from tfdogs.models.r3gan.residual_block import ResidualBlock


@pytest.mark.parametrize("native", [True, False])
def test_groups_whether_or_not_tensorflow_trains_them(native, monkeypatch, random, randomized):
    x = random(2, 4, 4, 4)
    block = randomized(ResidualBlock(1, expansion=1, group_width=2), x)

    def gradients():
        with tf.GradientTape() as tape:
            tape.watch(x)
            with tf.GradientTape() as inner:
                inner.watch(x)
                y = tf.reduce_sum(tf.tanh(block(x)))
            penalty = tf.reduce_sum(tf.square(inner.gradient(y, x)))
        return [y, penalty, *tape.gradient(penalty, block.trainable_weights)]

    expected = gradients()
    monkeypatch.setattr(grouped_conv, "_trains_groups", lambda dtype: native)
    for ours, theirs in zip(gradients(), expected):
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(
    ("channels", "width", "expected"),
    [(64, 16, 4), (8, 16, 1), (24, 16, 1), (48, 16, 3), (40, 16, 2), (64, 0, 1)],
)
def test_groups(channels, width, expected):
    assert grouped_conv.groups(channels, width) == expected
