"""Two tiny exports, of a conditional and an unconditional GAN, which nothing has trained."""

import pytest

CLASSES = ("beagle", "pug", "toy poodle")


def _make_gan(num_classes=0, *, model="dcgan", image_size=28, channels=3, **options):
    """A GAN without an average whose images differ, as far as one can without training it."""
    from tfdogs.models import registry
    from tfdogs.models.gan import GAN

    generator, discriminator = registry.build(
        model,
        image_size=image_size,
        channels=channels,
        latent_dim=6,
        num_classes=num_classes,
        g_channels=2,
        d_channels=2,
        **({"d_norm": "none"} if model == "dcgan" else {}),
    )
    for weight in generator.weights:
        if "kernel" in weight.name or "embeddings" in weight.name:
            weight.assign(weight * 20)
    return GAN(generator=generator, discriminator=discriminator, ema=None, **options)


def _make_export(gan, path, classes=()):
    """EXPORT with version 1 and what serves it."""
    from tfdogs.serving import deployment, saved_model

    saved_model.export(gan, path, classes=classes, card={"model": "dcgan", "data": "nothing"})
    deployment.write(path, "dogs")
    return path


@pytest.fixture(scope="session")
def make_gan():
    """Returns a maker of tiny GANs, of our models, whose images differ."""
    return _make_gan


@pytest.fixture(scope="session")
def gan():
    """The conditional GAN, of 3 classes, 28 px, a latent of 6 numbers."""
    return _make_gan(len(CLASSES))


@pytest.fixture(scope="session")
def plain_gan():
    """The unconditional GAN, 28 px, a latent of 6 numbers."""
    return _make_gan()


@pytest.fixture(scope="session")
def export_dir(gan, tmp_path_factory):
    """EXPORT of the conditional GAN, its version 1 and what serves it. To be read only."""
    return _make_export(gan, tmp_path_factory.mktemp("conditional") / "export", CLASSES)


@pytest.fixture(scope="session")
def plain_export_dir(plain_gan, tmp_path_factory):
    """EXPORT of the unconditional GAN, its version 1 and what serves it. To be read only."""
    return _make_export(plain_gan, tmp_path_factory.mktemp("plain") / "export")


@pytest.fixture(scope="session")
def signatures(export_dir):
    """The signatures of `export_dir`'s version 1, name to function."""
    import tensorflow as tf

    model = tf.saved_model.load(str(export_dir / "1"))
    yield model.signatures  # whose variables live as long as the model does


@pytest.fixture(scope="session")
def plain_signatures(plain_export_dir):
    """The signatures of `plain_export_dir`'s version 1, name to function."""
    import tensorflow as tf

    model = tf.saved_model.load(str(plain_export_dir / "1"))
    yield model.signatures
