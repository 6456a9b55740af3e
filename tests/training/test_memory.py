import re
import resource
import types

import pytest
import tensorflow as tf

import tfdogs
from tfdogs.errors import TfdogsError
from tfdogs.models import build
from tfdogs.training import memory

CONFIG = types.SimpleNamespace(batch_size=16, g_channels=4, d_channels=4)


def make(name="dcgan", **kwargs):
    sizes = {"image_size": 256, "latent_dim": 4, "g_channels": 4, "d_channels": 4}
    generator, discriminator = build(name, **{**sizes, **kwargs})
    return tfdogs.GAN(generator=generator, discriminator=discriminator, ema=None)


def test_peak_in_words():
    kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    found = re.fullmatch(r"([\d.]+) GiB of this process at its peak", memory.peak())
    assert float(found[1]) == pytest.approx(kib / 2**20, abs=0.1)


def test_the_least_that_a_step_needs_grows_with_the_batch():
    gan = make()
    # What its layers read: 4 channels of 128 x 128, then 8 of 64 x 64, up to 32 of 4 x 4, and D the images.
    between = sum(c * side**2 for c, side in zip([4, 8, 16, 32, 32, 32], [128, 64, 32, 16, 8, 4]))
    g, d = 4 * (4 + between), 4 * (3 * 256**2 + between)
    assert memory.least(gan, 3) - memory.least(gan, 2) == g + 2 * d


def test_half_precision_needs_less():
    whole, half = (make(dtype=dtype) for dtype in (None, "mixed_bfloat16"))
    grown = [memory.least(gan, 3) - memory.least(gan, 2) for gan in (whole, half)]
    assert 0.45 < grown[1] / grown[0] < 0.55


def test_a_conditional_pair():
    gan = make("biggan", g_channels=1, d_channels=1, num_classes=2, embedding_dim=2)
    assert memory.least(gan, 4) > memory.least(gan, 2) > 0


def test_a_step_that_cannot_fit_is_refused_before_it_begins(monkeypatch):
    gan = make()
    needed = memory.least(gan, 16)
    available = types.SimpleNamespace(available=needed)
    monkeypatch.setattr(memory.psutil, "virtual_memory", lambda: available)
    memory.check(gan, CONFIG)
    available.available = needed - 1
    message = (
        r"needs at least 0\.\d GiB of memory, .* lower --batch_size, or .* Received: --batch_size=16, --g_ch"
    )
    with pytest.raises(TfdogsError, match=message):
        memory.check(gan, CONFIG)
    available.available = 0
    memory.check(make(image_size=28), CONFIG)  # too small to look at


def test_a_device_without_memory_left_is_one_line():
    message = r"^out of memory: lower --batch_size, .*=16.* TensorFlow: OOM when"
    error = tf.errors.ResourceExhaustedError(None, None, "OOM when allocating\n tensor" + 300 * "x")
    with pytest.raises(TfdogsError, match=message) as e, memory.reporting(CONFIG):
        raise error
    assert "\n" not in str(e.value) and len(str(e.value)) < 400
