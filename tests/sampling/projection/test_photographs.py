import numpy as np
import pytest
from PIL import Image

from tfdogs.data import crops
from tfdogs.data.sources.base import Box
from tfdogs.errors import TfdogsError, UsageError
from tfdogs.sampling.projection.photographs import Photographs


@pytest.fixture
def picture(tmp_path):
    """A PNG of 40 by 24 pixels."""
    pixels = np.random.default_rng(0).integers(0, 256, (24, 40, 3), np.uint8)
    Image.fromarray(pixels).save(tmp_path / "rex.png")
    return tmp_path / "rex.png"


def test_the_largest_centred_square_as_prepare_cuts_it(picture):
    names, images = Photographs(picture).read(8, 3)
    with Image.open(picture) as whole:
        expected = np.asarray(crops.cut(whole, Box(8, 0, 32, 24), 8))
    assert names == ["rex.png"]
    np.testing.assert_array_equal(images, expected[None])
    grey = Photographs(str(picture)).read(8, 1)[1]
    assert grey.shape == (1, 8, 8, 1) and grey.dtype == np.uint8


def test_all_of_a_folder(picture, tmp_path):
    Image.new("L", (9, 30)).save(tmp_path / "dark.jpg")
    (tmp_path / "notes.txt").write_text("not a picture")
    names, images = Photographs(tmp_path).read(8, 3)
    assert names == ["dark.jpg", "rex.png"] and images.shape == (2, 8, 8, 3)
    assert images[0].max() == 0


def test_what_cannot_be_read_is_named(picture, tmp_path):
    picture.write_bytes(picture.read_bytes()[:100])
    with pytest.raises(TfdogsError, match=r"rex\.png cannot be read as a picture"):
        Photographs(tmp_path).read(8, 3)
    (tmp_path / "text.jpg").write_text("no")
    with pytest.raises(TfdogsError, match=r"text\.jpg cannot be read as a picture"):
        Photographs(tmp_path / "text.jpg").read(8, 3)


def test_where_there_is_nothing_to_read(tmp_path):
    with pytest.raises(UsageError, match="--image: no such file"):
        Photographs(tmp_path / "nowhere.jpg")
    with pytest.raises(UsageError, match=r"1 to 100 pictures, not 0\. Received: --image="):
        Photographs(tmp_path)
    (tmp_path / "words.txt").write_text("no")
    with pytest.raises(UsageError, match="--image must be a picture, or a folder"):
        Photographs(tmp_path / "words.txt")
