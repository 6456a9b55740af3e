import keras
import numpy as np
import pytest
from keras import layers

from tfdogs.models import convnets, strided
from tfdogs.models.leaky_relu import LeakyReLU

STARTS = [(28, 2, 7), (32, 3, 4), (48, 3, 6), (50, 3, 7), (63, 3, 8)]
STARTS += [(64, 4, 4), (100, 4, 7), (127, 4, 8), (128, 5, 4)]


@pytest.mark.parametrize(("size", "levels", "start"), STARTS)
def test_the_stack_starts_from_4_to_8_pixels_and_covers_the_image(size, levels, start):
    assert convnets.doublings(size) == levels
    body = convnets.upsampler(size, 1, 1, input_dim=2)
    assert body.layers[1].target_shape[:2] == (start, start)
    assert body.output_shape == (None, size, size, 1)


def test_width_doubles_up_to_eight_times():
    assert [convnets.width(3, level) for level in range(6)] == [3, 6, 12, 24, 24, 24]


def test_a_layer_each_halving():
    down = convnets.downsampler(64, 3, 2, norm=convnets.batch_norm)
    kinds = [type(layer) for layer in down.layers]
    assert kinds.count(strided.Conv2D) == 4 and kinds.count(layers.BatchNormalization) == 3
    assert kinds[:3] == [strided.Conv2D, LeakyReLU, strided.Conv2D]
    assert down.output_shape == (None, 4 * 4 * 16)
    bare = convnets.downsampler(64, 3, 2, norm=None)
    # A bias before a normalization would do nothing; without one it does.
    assert [c.use_bias for c in convolutions(down)] == [False] * 4
    assert [c.use_bias for c in convolutions(bare)] == [False, True, True, True]


def convolutions(model):
    return [layer for layer in model.layers if isinstance(layer, layers.Conv2D)]


def test_cropping_is_centred():
    body = convnets.upsampler(50, 1, 1, input_dim=2)
    (crop,) = [layer for layer in body.layers if isinstance(layer, layers.Cropping2D)]
    assert crop.cropping == ((3, 3), (3, 3))


def test_initial_weights_are_dcgans():
    keras.utils.set_random_seed(0)
    body = convnets.upsampler(64, 3, 16, input_dim=100)
    kernels = [w for w in body.trainable_weights if "kernel" in w.name]
    gammas = np.concatenate([w for w in body.trainable_weights if "gamma" in w.name])
    for kernel in kernels:
        assert abs(np.std(kernel) - 0.02) < 0.003 and abs(np.mean(kernel)) < 0.003
    assert abs(gammas.mean() - 1) < 0.01 and abs(gammas.std() - 0.02) < 0.006


def test_batch_norm_has_pytorchs_constants():
    # PyTorch's momentum of 0.1 is Keras' of 0.9.
    norm = convnets.batch_norm()
    assert (norm.momentum, norm.epsilon) == (0.9, 1e-5)
