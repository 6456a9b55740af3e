"""What earlier commits saved still loads."""

from pathlib import Path

import keras
import numpy as np

import tfdogs

OLD = Path(__file__).with_name("old_files")


def test_a_keras_file_of_before_networks_had_parts_and_options():
    """Of 18e5687: dcgan with classes and R1, Keras' own Adam, two steps."""
    gan = keras.models.load_model(OLD / "dcgan.keras")
    assert isinstance(gan, tfdogs.GAN) and int(gan.images_seen) == 8
    row = gan.generate(1, seed=5)[0, 10, :8, 0].astype(int)
    np.testing.assert_allclose(row, [128, 127, 127, 128, 127, 127, 127, 128], atol=1)
    assert abs(gan.generate(2, seed=5).astype(int).sum() - 199_683) < 20  # of 1,568 pixels
    images = np.random.default_rng(0).integers(0, 256, (4, 28, 28, 1), np.uint8)
    gan.fit(images, np.arange(4) % 2, batch_size=4, verbose=0)
    assert int(gan.images_seen) == 12


def test_no_property_of_a_network_is_a_list_of_layers(make_gan):
    """Keras' saver goes into those too: the weights of a layer would be at another place in the file."""
    for model in ("dcgan", "sngan", "sagan", "biggan", "stylegan2", "r3gan", "mlp"):
        gan = make_gan(model=model)
        for network in (gan.generator, gan.discriminator):
            own = {
                name for kind in type(network).__mro__ if "tfdogs" in kind.__module__ for name in vars(kind)
            }
            for name in own:
                value = getattr(network, name) if isinstance(getattr(type(network), name), property) else None
                assert not isinstance(value, (list, tuple)) or not any(
                    isinstance(item, keras.layers.Layer) for item in value
                ), f"{type(network).__name__}.{name}"
