import numpy as np
import pytest
import tensorflow as tf

from tfdogs.metrics import InceptionScore


def test_closed_forms():
    metric = InceptionScore(5)
    for _ in range(3):
        metric.update_state(None, np.eye(5, dtype=np.float32))
    assert float(metric.result()) == pytest.approx(5)
    metric.reset_state()
    metric.update_state(None, np.full((4, 5), 0.2))
    metric.update_state(None, np.zeros((0, 5)))
    assert float(metric.result()) == pytest.approx(1)


def test_logits_are_refused():
    with pytest.raises(tf.errors.InvalidArgumentError, match="needs probabilities"):
        InceptionScore(3).update_state(None, np.array([[1.0, -1, 1]]))
