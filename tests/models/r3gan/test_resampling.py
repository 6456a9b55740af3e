import numpy as np
import tensorflow as tf

from tfdogs.models.r3gan.downsample import Downsample
from tfdogs.models.r3gan.upsample import Upsample


def test_upsampling_is_a_1x1_convolution_and_bilinear_interpolation(random, randomized):
    x = random(2, 6, 6, 3)
    layer = randomized(Upsample(4), x)
    projected = tf.einsum("nhwc,co->nhwo", x, layer.get_weights()[0][0, 0])
    expected = tf.image.resize(projected, (12, 12))
    np.testing.assert_allclose(layer(x)[:, 1:-1, 1:-1], expected[:, 1:-1, 1:-1], atol=1e-5)


def test_downsampling_is_upsamplings_transpose(random, randomized):
    x, y = random(2, 6, 6, 3), random(2, 12, 12, 4, seed=1)
    up, down = randomized(Upsample(4), x), Downsample(3)
    down.build(y.shape)
    down.set_weights([up.get_weights()[0].swapaxes(2, 3)])
    np.testing.assert_allclose(tf.reduce_sum(up(x) * y), 4 * tf.reduce_sum(x * down(y)), rtol=1e-4)
    flat = down(tf.ones((1, 12, 12, 4)))[0, 2:4, 2:4].numpy()
    np.testing.assert_allclose(
        flat, np.broadcast_to(down.get_weights()[0][0, 0].sum(0), flat.shape), rtol=1e-5
    )
