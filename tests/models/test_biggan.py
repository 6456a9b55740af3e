import keras
import numpy as np
import pytest
import tensorflow as tf

from tfdogs.models.attention import SelfAttention
from tfdogs.models.biggan import BigGANDiscriminator, BigGANGenerator


@pytest.fixture(autouse=True)
def seeded():
    keras.utils.set_random_seed(0)


def kernels(network):
    return [w for w in network.trainable_weights if w.name.startswith("kernel")]


def test_parameters_follow_the_papers_table():
    # Brock et al. 2019, appendix B: ch 96, 128 px, z 120 in six parts of 20, a shared embedding of 128.
    generator = BigGANGenerator(128, 3, 120, base_channels=96, num_classes=1000, attention=64)
    shapes = [block.compute_output_shape((None, 4, 4, 1))[-1] for block in generator.stack[:4]]
    assert shapes == [1536, 768, 384, 192] and isinstance(generator.stack[4], SelfAttention)
    assert generator.project.units == 4 * 4 * 1536
    assert generator.first_dim == 20
    assert {block.norm1.condition_dim for block in generator.stack[:4]} == {148}
    assert (generator.embedding.input_dim, generator.embedding.output_dim) == (1000, 128)


@pytest.mark.parametrize(("latent_dim", "expected"), [(9, [3, 3, 3]), (11, [4, 4, 3]), (2, [1, 1, 0])])
@pytest.mark.parametrize("classes", [0, 2])
def test_the_latent_is_cut_into_parts(latent_dim, expected, classes):
    generator = BigGANGenerator(28, 1, latent_dim, base_channels=1, embedding_dim=6, num_classes=classes)
    generator.build()
    z = np.arange(2 * latent_dim, dtype="float32").reshape(2, latent_dim)
    labels = np.array([1, 0]) if classes else None
    first, conditions = generator.split(tf.constant(z), labels)
    shared = 6 if classes else 0
    joined = np.concatenate([first, *(c[:, shared:] for c in conditions)], axis=1)
    np.testing.assert_array_equal(joined, z)
    assert [first.shape[1], *(c.shape[1] - shared for c in conditions)] == expected
    for condition in conditions:
        if classes:
            np.testing.assert_array_equal(condition[:, :6], generator.embedding(labels))
    assert generator((z, labels) if classes else z).shape == (2, 28, 28, 1)


def test_without_classes_every_part_of_the_latent_counts():
    generator = BigGANGenerator(32, 1, 8, base_channels=1)
    z = tf.random.stateless_normal((2, 8), (0, 0))
    with tf.GradientTape() as tape:
        tape.watch(z)
        loss = tf.reduce_sum(tf.square(generator(z)))
    assert np.all(np.abs(tape.gradient(loss, z)) > 0)


def test_the_start_is_orthogonal():
    generator = BigGANGenerator(28, 1, 12, base_channels=2, num_classes=2)
    discriminator = BigGANDiscriminator(28, 1, base_channels=2, num_classes=2)
    for network in (generator, discriminator):
        network.build()
        assert len(kernels(network)) > 10
        for kernel in kernels(network):
            matrix = kernel.numpy().reshape(-1, kernel.shape[-1])
            matrix = matrix if matrix.shape[0] >= matrix.shape[1] else matrix.T
            np.testing.assert_allclose(matrix.T @ matrix, np.eye(matrix.shape[1]), atol=1e-5)


@pytest.mark.parametrize(
    ("make", "shape"), [(BigGANGenerator, (2, 120)), (BigGANDiscriminator, (2, 28, 28, 1))]
)
def test_leaky_relu_reaches_the_network(make, shape):
    networks = [make(28, 1, base_channels=1, activation=name) for name in ("relu", "leaky_relu")]
    for network in networks:
        network.build()
    networks[1].set_weights(networks[0].get_weights())
    inputs = np.random.default_rng(0).normal(size=shape).astype("float32")
    outputs = [network(inputs).numpy() for network in networks]
    assert np.abs(outputs[0] - outputs[1]).max() > 1e-3
    assert networks[1].get_config()["activation"] == "leaky_relu"


def test_the_auxiliary_classifier_does_not_see_the_labels():
    discriminator = BigGANDiscriminator(28, 1, base_channels=1, num_classes=3, auxiliary=True)
    discriminator.build()
    images = np.random.default_rng(0).uniform(-1, 1, (4, 28, 28, 1)).astype("float32")
    labels = np.array([0, 1, 2, 0])
    logits, classes = discriminator.judge_and_classify((images, labels), training=False)
    np.testing.assert_allclose(logits, discriminator((images, labels)), rtol=1e-5)
    assert classes.shape == (4, 3) and classes.dtype == tf.float32
    others, same = discriminator.judge_and_classify((images, labels[::-1].copy()), training=False)
    np.testing.assert_array_equal(same, classes)
    assert np.abs(others.numpy() - logits.numpy()).max() > 1e-4
    twin = BigGANDiscriminator.from_config(discriminator.get_config())
    twin.build()
    assert twin.auxiliary and len(twin.weights) == len(discriminator.weights)
    assert discriminator.get_config() == twin.get_config()


def test_a_classifier_needs_classes():
    with pytest.raises(ValueError, match=r"auxiliary classifier needs classes. Received: num_classes=0"):
        BigGANDiscriminator(28, 1, auxiliary=True)
