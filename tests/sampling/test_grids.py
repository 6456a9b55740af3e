"""Sheets of rows and columns: classes, truncation, style mixing."""

import types

import numpy as np
import pytest

from tfdogs.sampling import class_grid, style_mixing, table, truncation_grid
from tfdogs.sampling.drawing import Drawing
from tfdogs.sampling.sampler import CHUNK, Sampler
from tfdogs.sampling.seeds import Seeds

SEEDS = Seeds.parse("3,9")


class Recorder:
    """A sampler whose images tell by their colour what was asked for: seed, label, truncation."""

    chunk = CHUNK

    def __init__(self, num_classes=0, **generator):
        self.num_classes = num_classes
        self.generator = types.SimpleNamespace(**generator)

    def images(self, seeds, *, labels=None, truncation=None):
        labels = np.zeros(len(seeds)) if labels is None else labels
        colours = np.stack([seeds, labels, np.full(len(seeds), 10 * (truncation or 20))], axis=-1)
        return np.broadcast_to(colours[:, None, None], (len(seeds), 64, 64, 3)).astype(np.uint8)


@pytest.fixture
def drawn(monkeypatch):
    """The arguments of the table that is drawn."""
    calls = []
    monkeypatch.setattr(table, "draw", lambda images, **titles: calls.append((images, titles)))
    return calls


def test_a_row_a_class_and_the_same_seeds_down_each_column(drawn):
    counts = []
    drawing = Drawing(Recorder(num_classes=5), SEEDS, truncation=0.5, progress=counts.append)
    class_grid.draw(drawing, [4, 0, 1], classes=["a", "b", "c", "d", "e"])
    ((images, titles),) = drawn
    assert titles == {"rows": ["e", "a", "b"], "columns": ["seed 3", "seed 9"]}
    assert images[:, :, 0, 0].tolist() == [[[s, label, 5] for s in (3, 9)] for label in (4, 0, 1)]
    assert sum(counts) == 6


def test_a_row_a_seed_under_each_cut_off(drawn):
    counts = []
    truncation_grid.draw(Drawing(Recorder(num_classes=5), SEEDS, progress=counts.append), [0.5, 2.0, None])
    ((images, titles),) = drawn
    assert titles == {"rows": ["seed 3", "seed 9"], "columns": ["0.5", "2", "none"]}
    assert images[:, :, 0, 0].tolist() == [[[s, s % 5, t] for t in (5, 20, 200)] for s in (3, 9)]
    assert sum(counts) == 6


def test_default_cut_offs():
    assert truncation_grid.default_columns(Recorder())[-2:] == [1.0, None]
    assert truncation_grid.default_columns(Recorder(truncates_styles=True))[-1] == 1.0


@pytest.fixture(scope="module")
def styles():
    """A tiny StyleGAN2 of 3 classes, whose mean style is not 0."""
    import keras

    from tfdogs.models.stylegan2.generator import StyleGAN2Generator

    keras.utils.set_random_seed(0)
    generator = StyleGAN2Generator(16, 3, 4, num_classes=3, base_channels=2, mapping_layers=2)
    generator.build()
    generator.w_mean.assign(generator.w_mean + 0.1)
    return Sampler(generator, 4, num_classes=3)


def test_rows_give_the_coarse_layers_and_columns_the_fine_ones(styles, drawn):
    generator = styles.generator
    seeds = np.array([3, 9, 10])
    drawing = Drawing(styles, Seeds.parse("3,9-10"), truncation=0.7)
    for layers in (1, generator.num_ws - 1):
        style_mixing.draw(drawing, layers)
    for layers, (images, titles) in zip((1, generator.num_ws - 1), drawn):
        assert images.shape == (4, 4, 16, 16, 3) and titles["rows"] == titles["columns"]
        own = styles.images(seeds, truncation=0.7).astype(int)
        for mine in (images[0, 1:], images[1:, 0], images[range(1, 4), range(1, 4)]):
            assert np.abs(mine - own).max() <= 1
        w = generator.to_w(styles.latents(seeds), seeds % 3)
        w = (generator.w_mean + 0.7 * (w - generator.w_mean)).numpy()
        ws = np.stack([w[0]] * layers + [w[2]] * (generator.num_ws - layers))
        expected = np.clip(np.round((generator.from_w(ws[None]).numpy()[0] + 1) * 127.5), 0, 255)
        assert np.abs(images[1, 3] - expected).max() <= 1
    assert not np.array_equal(drawn[0][0], drawn[1][0])
