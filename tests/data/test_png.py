"""The PNG encoder against two decoders."""

import io

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from tfdogs.data.png import encode


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 40), st.integers(1, 40), st.sampled_from([1, 3]), st.integers(0, 99))
def test_pixels_survive(width, height, channels, seed):
    shape = (height, width, 3) if channels == 3 else (height, width)
    pixels = np.random.default_rng(seed).integers(0, 256, shape, np.uint8)
    data = encode(Image.fromarray(pixels))
    with Image.open(io.BytesIO(data)) as image:
        assert image.format == "PNG" and image.mode == ("RGB" if channels == 3 else "L")
        np.testing.assert_array_equal(np.asarray(image), pixels)
    np.testing.assert_array_equal(tf.io.decode_png(data).numpy().reshape(shape), pixels)


@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_smooth_images_become_small(mode):
    image = Image.linear_gradient("L").resize((64, 64)).convert(mode)
    assert len(encode(image)) < len(image.tobytes()) / 8


def test_equal_pixels_give_equal_bytes():
    image = Image.linear_gradient("L")
    assert encode(image) == encode(image.copy())
