import numpy as np

from tfdogs.exhibition import exhibits
from tfdogs.exhibition.exhibits import Exhibit
from tfdogs.sampling.drawing import Picture
from tfdogs.sampling.grid import encode_png
from tfdogs.sampling.story import read_png


def test_a_runs_images_are_named_by_their_seeds(tmp_path):
    images = np.random.default_rng(0).integers(0, 256, (2, 4, 6, 3), np.uint8)
    pictures = [Picture(seed, 1, encode_png(image)) for seed, image in zip((7, 123456), images)]
    hung = exhibits.hang(pictures, tmp_path, size=(6, 4), classes=("cat", "dog"))
    assert hung == [Exhibit(7, 7, "dog", 6, 4), Exhibit(123456, 123456, "dog", 6, 4)]
    for name, image in zip(("image_00007.png", "image_123456.png"), images):
        np.testing.assert_array_equal(read_png(tmp_path / name)[1], image)


def test_seeds_are_written_where_they_are_known(tmp_path):
    path = tmp_path / "seeds.csv"
    exhibits.write_seeds([Exhibit(1, None, "", 4, 4)], path)
    assert not path.exists()
    exhibits.write_seeds([Exhibit(1, None, "", 4, 4), Exhibit(2, 40, "a, b", 4, 4)], path)
    assert path.read_text() == 'name,seed,label\nimage_00002.png,40,"a, b"\n'
