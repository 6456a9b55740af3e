"""What the GAN refuses, each with a line that says what it received."""

import dataclasses

import keras
import numpy as np
import pytest
from keras import layers

import tfdogs
from tfdogs.losses import adversarial
from tfdogs.models import build

IMAGES = np.zeros((4, 8, 8, 3), np.uint8)


def networks(num_classes=0):
    return build("mlp", image_size=8, latent_dim=4, g_channels=1, d_channels=1, num_classes=num_classes)


def gan(num_classes=0):
    generator, discriminator = networks(num_classes)
    model = tfdogs.GAN(generator=generator, discriminator=discriminator)
    model.compile()
    return model


def pair_error(match, generator=None, discriminator=None, **kwargs):
    g, d = networks()
    with pytest.raises(ValueError, match=match) as error:
        tfdogs.GAN(generator=generator or g, discriminator=discriminator or d, **kwargs)
    assert "Received" in str(error.value)


def head(*stack):
    return keras.Sequential([keras.Input((8, 8, 3)), layers.Flatten(), *stack])


def test_arguments_out_of_range():
    pair_error("loss must be one of hinge, .*Received: bce", loss="bce")
    for loss in ("hinge", "relativistic", "wasserstein"):
        pair_error(f"0 but for least_squares, .*loss={loss}", loss=loss, label_smoothing=0.1)
    for wrong in (-0.1, 0.5, np.nan):
        pair_error(f"label_smoothing must be .*label_smoothing={wrong}", label_smoothing=wrong)
    pair_error("d_steps must be a whole number of 1 or more. Received: 0", d_steps=0)
    pair_error("latent must be one of normal, uniform. Received: latent='cauchy'", latent="cauchy")
    pair_error("must be over 0. Received: half_life_kimg=0", ema=0)


WRONG_KINDS = {
    "generator": keras.Sequential,
    "discriminator": "dcgan",
    "label_smoothing": "0.1",
    "auxiliary": None,
    "instance_noise": [0.1],
    "ema": "yes",
    "regularizers": tfdogs.R1(),
    "tracks": [0.5],
    "augment": tfdogs.DiffAugment,
    "top_k": 5,
    "d_steps": 1.5,
    "num_classes": "3",
    "seed": [1],
    "latent_dim": -1,
    "simultaneous": "no",
}


@pytest.mark.parametrize("name", WRONG_KINDS)
def test_arguments_of_another_kind(name):
    pair_error(rf"^{name} must be .*Received: ", **{name: WRONG_KINDS[name]})


@pytest.mark.parametrize("one", [tfdogs.R1, keras.regularizers.L2(), "r1"])
def test_regularizers_of_another_kind(one):
    pair_error(r"^regularizers must be .*such as \[tfdogs.R1\(\)\]. Received: ", regularizers=[one])


def test_what_simultaneous_updates_need():
    def error(match, **kwargs):
        pair_error(f"simultaneous needs {match}", simultaneous=True, **kwargs)

    for loss in ("hinge", "least_squares", "relativistic_average_hinge"):
        error(f"a loss out of minimax, .*: {loss}", loss=loss)
    own = dataclasses.replace(adversarial.get("wasserstein"), name="own")
    error("a loss out of .*: own", loss=own)
    error("top_k=None", top_k=tfdogs.TopK(0.5))
    for norm in (layers.BatchNormalization, layers.experimental.SyncBatchNormalization):
        mixing = head(norm(name="mixing"), layers.Dense(1))
        error("a discriminator that judges each image on its own. Received: mixing", discriminator=mixing)
    half = head(layers.Dense(1, dtype="mixed_float16", name="half"), layers.Dense(1, dtype="float32"))
    error("a discriminator in float32 or bfloat16. Received: half", discriminator=half)
    error("an interval of 2 or more .*: r2", regularizers=[tfdogs.R2()])
    g, d = networks()
    fine = [tfdogs.R1(), tfdogs.R2(interval=2), tfdogs.Orthogonal(network="discriminator"), tfdogs.DRAGAN()]
    tfdogs.GAN(generator=g, discriminator=d, simultaneous=True, regularizers=fine)


def test_networks_that_do_not_fit():
    pair_error("must give logits", discriminator=head(layers.Dense(1, "sigmoid")))
    pair_error("one logit an image", discriminator=head(layers.Dense(2)))
    pair_error("must draw images", generator=keras.Sequential([keras.Input((4,)), layers.Dense(192)]))


def test_data_that_does_not_fit():
    with pytest.raises(ValueError, match=r"shape \(8, 8, 3\): .*Received for training: shape \(9, 9, 3\)"):
        gan().fit(np.zeros((4, 9, 9, 3), np.uint8), verbose=0)
    with pytest.raises(ValueError, match=r"fit needs labels beside the images. Received: none"):
        gan(num_classes=3).fit(IMAGES, verbose=0)
    with pytest.raises(ValueError, match=r"images must be uint8.*Received: dtype int32"):
        gan().fit(IMAGES.astype(np.int32), verbose=0)


def test_one_optimizer_for_two():
    optimizer = keras.optimizers.Adam()
    with pytest.raises(ValueError, match=r"must be two optimizers. Received: the same one twice"):
        gan().compile(g_optimizer=optimizer, d_optimizer=optimizer)


def oblong():
    """A pair of networks of one's own, for images 8 pixels high and 12 wide."""
    generator = keras.Sequential(
        [keras.Input((5,)), keras.layers.Dense(8 * 12 * 3, "tanh"), keras.layers.Reshape((8, 12, 3))]
    )
    discriminator = keras.Sequential(
        [keras.Input((None, None, 3)), keras.layers.GlobalMaxPooling2D(), keras.layers.Dense(1)]
    )
    return generator, discriminator


def test_images_need_not_be_square_but_of_one_shape():
    generator, discriminator = oblong()
    gan = tfdogs.GAN(generator=generator, discriminator=discriminator, augment=tfdogs.ADA(initial_p=0.5))
    gan.compile()
    images = np.random.default_rng(0).integers(0, 256, (4, 8, 12, 3), np.uint8)
    gan.fit(images, batch_size=2, verbose=0)
    assert gan.generate(3).shape == (3, 8, 12, 3)
    # This discriminator would judge any shape.
    with pytest.raises(ValueError, match=r"shape \(8, 12, 3\): resize the images.*shape \(8, 8, 3\)$"):
        gan.fit(images[:, :, :8], batch_size=2, verbose=0)
