"""What tests of GANs share."""

import pytest


@pytest.fixture(scope="session")
def rewinding():
    """Returns a maker, from a compiled GAN, of a function that takes it back to its start and returns it.

    Tracing is what costs: so one GAN serves several tests.
    """

    def make(gan):
        variables = (*gan.weights, *gan.g_optimizer.variables, *gan.d_optimizer.variables)
        start = [v.numpy() for v in variables]

        def rewind():
            for v, value in zip(variables, start):
                v.assign(value)
            return gan

        return rewind

    return make
