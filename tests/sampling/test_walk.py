import numpy as np
import pytest
from PIL import Image

from tfdogs.sampling import walk
from tfdogs.sampling.drawing import Drawing
from tfdogs.sampling.sampler import CHUNK
from tfdogs.sampling.seeds import Seeds


class Recorder:
    """Records the latents and labels that it is to draw."""

    latent_dim, chunk = 2, CHUNK

    def __init__(self, latent, num_classes=0):
        self.latent, self.num_classes = latent, num_classes
        self.z, self.labels = [], []

    def latents(self, seeds, truncation=None):
        self.truncation = truncation
        return np.array([[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0]], np.float32)[seeds % 3]

    def from_latents(self, z, labels=None, truncation=None):
        assert truncation == self.truncation  # a generator of styles has it from here
        self.z.extend(z)
        self.labels.extend([] if labels is None else labels)
        return np.zeros((len(z), 1, 1, 3), np.uint8)


def test_frames_go_round_a_closed_loop():
    sampler, counts = Recorder("normal"), []
    drawing = Drawing(sampler, Seeds.first(0, 3), truncation=0.5, progress=counts.append)
    assert sum(1 for _ in walk.frames(drawing, 20)) == 60 == sum(counts)
    assert sampler.truncation == 0.5
    z = np.array(sampler.z)
    np.testing.assert_array_equal(z[[0, 20, 40]], [[1, 0], [0, 1], [-1, 0]])
    np.testing.assert_allclose(np.linalg.norm(z, axis=1), 1, atol=1e-6)
    np.testing.assert_allclose(z[10], np.sqrt([0.5, 0.5]), atol=1e-6)
    steps = np.linalg.norm(np.diff(np.concatenate([z, z[:1]]), axis=0), axis=1)
    assert steps.max() < 2 * np.pi / 40 + 1e-6  # the last step, home, is no jump


def test_frames_between_uniform_latents_go_straight():
    sampler = Recorder("uniform")
    list(walk.frames(Drawing(sampler, Seeds.first(0, 2)), 4))
    np.testing.assert_allclose(sampler.z[:4], [[1, 0], [0.75, 0.25], [0.5, 0.5], [0.25, 0.75]])


def test_frames_have_the_class_of_the_first_stop():
    sampler = Recorder("normal", num_classes=3)
    list(walk.frames(Drawing(sampler, Seeds.first(1, 3)), 4))
    assert sampler.labels == [1] * 12
    sampler = Recorder("normal", num_classes=3)
    list(walk.frames(Drawing(sampler, Seeds.first(1, 3), label=2), 4))
    assert sampler.labels == [2] * 12


def test_frames_are_drawn_as_they_are_read():
    sampler = Recorder("normal")
    next(walk.frames(Drawing(sampler, Seeds.first(0, 100)), 100))
    assert len(sampler.z) == CHUNK


@pytest.mark.parametrize("channels", [1, 3])
def test_save_gif_repeats_for_ever_at_the_pace_asked_for(tmp_path, channels):
    images = np.random.default_rng(0).integers(0, 256, (5, 8, 6, channels), np.uint8)
    walk.save_gif(iter(images), tmp_path / "walk.gif", fps=20)
    with Image.open(tmp_path / "walk.gif") as gif:
        assert gif.n_frames == 5 and gif.size == (6, 8)
        assert gif.info["duration"] == 50 and gif.info["loop"] == 0
        for index, image in enumerate(images):
            gif.seek(index)
            # 48 colours fit into a frame's palette: nothing is lost.
            np.testing.assert_array_equal(np.asarray(gif.convert("RGB")), np.broadcast_to(image, (8, 6, 3)))
