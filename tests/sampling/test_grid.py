import hypothesis
import hypothesis.strategies as st
import numpy as np
import pytest
from PIL import Image

from tfdogs.sampling import grid


def numbered(count, height=2, width=3, channels=3):
    """Images of one value each: 0, 1, ..."""
    return np.broadcast_to(
        np.arange(count, dtype=np.uint8)[:, None, None, None], (count, height, width, channels)
    )


def test_tile_puts_images_in_rows_with_a_white_gap():
    sheet = grid.tile(numbered(3, 1, 1, 1), columns=2, gap=1)
    assert sheet.dtype == np.uint8
    assert sheet[..., 0].tolist() == [[0, 255, 1], [255, 255, 255], [2, 255, 255]]


@hypothesis.settings(max_examples=25, deadline=None)
@hypothesis.given(
    st.integers(1, 20),
    st.integers(0, 25),
    st.integers(0, 3),
    st.integers(1, 4),
    st.integers(1, 4),
    st.sampled_from([1, 3]),
)
def test_tile_places_every_image_where_it_belongs(count, columns, gap, height, width, channels):
    images = np.random.default_rng(count).integers(0, 256, (count, height, width, channels), np.uint8)
    sheet = grid.tile(images, columns=columns, gap=gap)
    across = min(count, columns or int(np.ceil(np.sqrt(count))))
    down = -(-count // across)
    assert sheet.shape == (down * (height + gap) - gap, across * (width + gap) - gap, channels)
    left = np.full_like(sheet, 255)
    for index, image in enumerate(images):
        y, x = index // across * (height + gap), index % across * (width + gap)
        np.testing.assert_array_equal(sheet[y : y + height, x : x + width], image)
        left[y : y + height, x : x + width] = sheet[y : y + height, x : x + width]
    np.testing.assert_array_equal(sheet, left)


@pytest.mark.parametrize("count, shape", [(1, (1, 1)), (2, (1, 2)), (5, (2, 3)), (9, (3, 3)), (10, (3, 4))])
def test_tile_is_near_square_by_default(count, shape):
    assert grid.tile(numbered(count, 1, 1, 1), gap=0).shape[:2] == shape


@pytest.mark.parametrize(
    "images, options, message",
    [
        (np.zeros((0, 2, 2, 3), np.uint8), {}, "N over 0"),
        (np.zeros((1, 2, 2, 3), np.float32), {}, "float32"),
        (np.zeros((2, 2, 3), np.uint8), {}, r"\[2, 2, 3\]"),
        (np.zeros((1, 2, 2, 3), np.uint8), {"columns": -1}, "columns=-1"),
        (np.zeros((1, 2, 2, 3), np.uint8), {"gap": -1}, "gap=-1"),
    ],
)
def test_tile_refuses(images, options, message):
    with pytest.raises(ValueError, match=message):
        grid.tile(images, **options)


@pytest.mark.parametrize("shape, mode", [((4, 5, 3), "RGB"), ((4, 5, 1), "L"), ((4, 5), "L")])
def test_save_png_round_trips_and_leaves_nothing_else(tmp_path, shape, mode):
    image = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
    path = tmp_path / "a.png"
    path.write_bytes(b"old")
    grid.save_png(image, path)
    with Image.open(path) as read:
        assert read.mode == mode and read.format == "PNG"
        np.testing.assert_array_equal(np.asarray(read), image.reshape(np.asarray(read).shape))
    assert list(tmp_path.iterdir()) == [path]
    assert grid.encode_png(image) == path.read_bytes()


def test_save_png_keeps_the_old_file_when_the_disk_fails(tmp_path, monkeypatch):
    path = tmp_path / "a.png"
    path.write_bytes(b"old")

    def fail(self, target):
        raise OSError("disk full")

    monkeypatch.setattr(grid.Path, "replace", fail)
    with pytest.raises(OSError, match="disk full"):
        grid.save_png(np.zeros((2, 2, 3), np.uint8), path)
    assert path.read_bytes() == b"old" and list(tmp_path.iterdir()) == [path]
