import keras
import numpy as np

from tfdogs.models.r3gan import R3GANGenerator
from tfdogs.models.r3gan.residual_block import ResidualBlock


def test_a_residual_block_by_its_definition(random, randomized):
    x = random(2, 5, 5, 4)
    block = randomized(ResidualBlock(3, expansion=2, group_width=2), x)
    first, first_bias, middle, middle_bias, last = block.get_weights()
    assert middle.shape == (3, 3, 2, 8)  # 8 channels in 4 groups

    def act(x):
        return np.where(x > 0, x, 0.2 * x)

    h = act(x.numpy() @ first[0, 0] + first_bias)
    groups = [
        keras.backend.conv2d(h[..., i : i + 2], middle[..., i : i + 2], padding="same")
        for i in range(0, 8, 2)
    ]
    expected = x + act(np.concatenate(groups, -1) + middle_bias) @ last[0, 0]
    np.testing.assert_allclose(block(x), expected, atol=1e-4)


def test_only_the_last_convolution_of_a_block_starts_at_zero():
    generator = R3GANGenerator(32, base_channels=2, blocks=1, group_width=2)
    generator.build()
    zero = {w.name.split("/")[-1] for w in generator.weights if not np.any(w)}
    assert zero == {"first_bias:0", "middle_bias:0", "last:0", "bias:0"}
