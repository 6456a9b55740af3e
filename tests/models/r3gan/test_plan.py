import pytest

from tfdogs.models.r3gan import R3GANDiscriminator, R3GANGenerator
from tfdogs.models.r3gan.residual_block import ResidualBlock


def test_widths_and_depths():
    generator = R3GANGenerator(64, base_channels=4, blocks=2, expansion=2, group_width=0)
    discriminator = R3GANDiscriminator(64, base_channels=4, blocks=2, patch=2)
    for network, sizes in ((generator, [4, 8, 16, 32, 64]), (discriminator, [32, 16, 8, 4])):
        network.build()
        blocks = [layer for layer in network.body.layers if isinstance(layer, ResidualBlock)]
        shapes = list(dict.fromkeys(block.output_shape[1:] for block in blocks))
        widths = [32, 32, 16, 8, 4] if network is generator else [4, 8, 16, 32]
        assert shapes == [(size, size, width) for size, width in zip(sizes, widths)]
        assert len(blocks) == 2 * len(sizes)


@pytest.mark.parametrize(
    "wrong",
    [{"blocks": 0}, {"expansion": 0}, {"group_width": -1}, {"patch": 0}, {"patch": 3}, {"patch": 16}],
)
@pytest.mark.parametrize("network", [R3GANGenerator, R3GANDiscriminator])
def test_options_out_of_range(network, wrong):
    name, value = next(iter(wrong.items()))
    with pytest.raises(ValueError, match=f"Received: .*{name}={value}"):
        network(32, **wrong)
