import numpy as np
import pytest
import tensorflow as tf


def _check_gradients(compute, variables, *, step=1e-2, rtol=2e-3):
    """Compares gradients with central differences along random directions, a variable at a time."""
    with tf.GradientTape() as tape:
        value = compute()
    gradients = [tf.convert_to_tensor(gradient) for gradient in tape.gradient(value, variables)]
    rng = np.random.default_rng(0)
    for variable, gradient in zip(variables, gradients):
        start = variable.numpy()
        # Towards the gradient, lest the slope be smaller than float32's rounding; and a random part.
        across = rng.normal(size=start.shape)
        along = gradient.numpy() / max(np.linalg.norm(gradient), 1e-12)
        direction = along + 0.3 * across / np.linalg.norm(across)
        values = []
        for sign in (1, -1):
            variable.assign(start + sign * step * direction)
            values.append(float(compute()))
        variable.assign(start)
        slope = (values[0] - values[1]) / (2 * step)
        expected = float(np.sum(gradient * direction))
        assert abs(slope) > 1e-4, variable.name  # or this would show nothing
        np.testing.assert_allclose(expected, slope, rtol=rtol, err_msg=variable.name)


@pytest.fixture
def check_gradients():
    """Returns a function (compute, variables) that compares gradients with finite differences."""
    return _check_gradients
