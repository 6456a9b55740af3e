"""The one module that imports TF-GAN: what of it the rest of tfdogs uses, under our names."""

import socket
import warnings

import tensorflow as tf

with warnings.catch_warnings():
    # tensorflow-hub, which it imports, still asks for pkg_resources.
    warnings.filterwarnings("ignore", message="pkg_resources is deprecated", category=UserWarning)
    import tensorflow_gan as _tfgan
    import tensorflow_hub

_losses = _tfgan.losses.wargs
# Without it every loss is also put into a collection of TF 1's.
_QUIET = {"loss_collection": None}


def cross_entropy_discriminator(real, fake, smoothing):
    """-(1 - s) log D(x) - s log(1 - D(x)) - log(1 - D(G(z))), mean over the batch, from logits [N, 1]."""
    # TF-GAN, like Keras, smooths towards 1/2: twice the amount gives the target 1 - s.
    return _losses.modified_discriminator_loss(real, fake, label_smoothing=2.0 * smoothing, **_QUIET)


def non_saturating_generator(fake):
    """-log D(G(z)), mean over the batch, from logits [N, 1]."""
    return _losses.modified_generator_loss(fake, label_smoothing=0.0, **_QUIET)


def least_squares_discriminator(real, fake, smoothing):
    """(D(x) - (1 - s))^2 / 2 + D(G(z))^2 / 2, mean over the batch, from scores [N, 1]."""
    return _losses.least_squares_discriminator_loss(real, fake, real_label=1.0 - smoothing, **_QUIET)


def least_squares_generator(fake):
    """(D(G(z)) - 1)^2 / 2, mean over the batch, from scores [N, 1]."""
    return _losses.least_squares_generator_loss(fake, **_QUIET)


def hinge_discriminator(real, fake):
    """max(0, 1 - D(x)) + max(0, 1 + D(G(z))), mean over the batch, from scores [N, 1]."""
    return _losses.wasserstein_hinge_discriminator_loss(real, fake, **_QUIET)


def wasserstein_discriminator(real, fake):
    """D(G(z)) - D(x), mean over the batch, from scores [N, 1]."""
    return _losses.wasserstein_discriminator_loss(real, fake, **_QUIET)


def wasserstein_generator(fake):
    """-D(G(z)), mean over the batch, from scores [N, 1]; the hinge loss's generator has the same."""
    return _losses.wasserstein_generator_loss(fake, **_QUIET)


def auxiliary_classifier(class_logits, labels):
    """-log softmax(class_logits)[label], mean over the batch, from logits [N, K] and int labels [N]."""
    # AC-GAN's (Odena et al. 2017): its generator's loss on fakes, its discriminator's on either kind.
    return _losses.acgan_generator_loss(class_logits, tf.one_hot(labels, class_logits.shape[-1]), **_QUIET)


def frechet_distance(reals, fakes):
    """The Fréchet distance of features [M, D] and [N, D] in float64, a float; covariances with N - 1."""
    arrays = [tf.cast(features, tf.float64) for features in (reals, fakes)]
    return float(_tfgan.eval.frechet_classifier_distance_from_activations(*arrays))


def kernel_distance(reals, fakes, block_size):
    """KID of features [M, D] and [N, D] in float64: (value, standard error or NaN for one block), floats."""
    arrays = [tf.cast(features, tf.float64) for features in (reals, fakes)]
    distance = _tfgan.eval.kernel_classifier_distance_and_std_from_activations
    return tuple(float(value) for value in distance(*arrays, max_block_size=block_size))


def classifier_score(logits):
    """The Inception score of all logits [N, K] at once, in float64, a float."""
    return float(_tfgan.eval.classifier_score_from_logits(tf.cast(logits, tf.float64)))


INCEPTION_URL = _tfgan.eval.INCEPTION_TFHUB
INCEPTION_SIZE = _tfgan.eval.INCEPTION_DEFAULT_IMAGE_SIZE


def fetch_inception(timeout=10.0):
    """Returns the folder of TF-GAN's Inception in TensorFlow Hub's cache; fetches it on the first call.

    Args:
        timeout: seconds without an answer after which the connection is given up.

    Raises:
        OSError: it cannot be reached.
    """
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(timeout)  # TensorFlow Hub has no such setting, and would wait for minutes
    try:
        return tensorflow_hub.resolve(INCEPTION_URL)
    finally:
        socket.setdefaulttimeout(before)


def load_inception(folder):
    """Loads TF-GAN's Inception from the folder of its SavedModel.

    Returns:
        A function: float32 [N, 299, 299, 3] in [-1, 1] -> (pool_3 float32 [N, 2048], logits [N, 1008]).
    """
    module = tensorflow_hub.load(str(folder))

    def run(images):
        outputs = _tfgan.eval.run_classifier_fn(images, module)
        names = (_tfgan.eval.INCEPTION_FINAL_POOL, _tfgan.eval.INCEPTION_OUTPUT)
        return tuple(tf.reshape(outputs[name], [images.shape[0], -1]) for name in names)

    return run
