import numpy as np

from tfdogs.models.r3gan.discriminative_basis import DiscriminativeBasis
from tfdogs.models.r3gan.generative_basis import GenerativeBasis


def test_the_bases(random, randomized):
    z, x = random(3, 5), random(3, 4, 4, 2)
    generative, discriminative = randomized(GenerativeBasis(4, 2), z), randomized(DiscriminativeBasis(), x)
    picture, kernel, bias = generative.get_weights()
    expected = (z @ kernel + bias).numpy()[:, None, None] * picture
    np.testing.assert_allclose(generative(z), expected, atol=1e-5)
    expected = np.einsum("nhwc,hwc->nc", x, discriminative.get_weights()[0])
    np.testing.assert_allclose(discriminative(x), expected, atol=1e-4)
