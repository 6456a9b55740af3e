import numpy as np
import pytest

from tfdogs.sampling import table


def numbered(rows, columns, size=64, channels=3):
    """Images of one value each: 0, 1, ... along the rows."""
    values = np.arange(rows * columns, dtype=np.uint8).reshape(rows, columns, 1, 1, 1)
    return np.broadcast_to(values, (rows, columns, size, size, channels))


@pytest.mark.parametrize("channels", [1, 3])
def test_images_lie_where_they_belong(channels):
    sheet = table.draw(numbered(2, 3, channels=channels))
    assert sheet.dtype == np.uint8 and sheet.shape == (2 * 66 - 2, 3 * 66 - 2, 3)
    for row, column in np.ndindex(2, 3):
        cell = sheet[row * 66 : row * 66 + 66, column * 66 : column * 66 + 66]
        assert (cell[:64, :64] == 3 * row + column).all() and (cell[64:] == 255).all()


def test_titles_stand_beside_the_images_and_not_on_them():
    images = numbered(2, 2)
    plain, titled = table.draw(images), table.draw(images, rows=["pug", "beagle"], columns=["one", "two"])
    height, width = plain.shape[:2]
    np.testing.assert_array_equal(titled[-height:, -width:], plain)
    margin, header = titled[-height:, :-width], titled[:-height, -width:]
    for part in (margin[:64], margin[66:], header[:, :64], header[:, 66:]):
        assert part.min() < 128  # there is ink
    other = table.draw(images, rows=["pug", "poodle"], columns=["one", "two"])
    assert other.shape == titled.shape or other.shape[1] != titled.shape[1]
    assert table.draw(images, rows=["a", "b"]).shape[1] < table.draw(images, rows=["aaaaaaaa", "b"]).shape[1]


def test_small_images_are_enlarged_by_a_whole_number():
    images = np.random.default_rng(0).integers(0, 256, (1, 1, 28, 28, 3), np.uint8)
    np.testing.assert_array_equal(table.draw(images), np.kron(images[0, 0], np.ones((3, 3, 1), np.uint8)))


def test_any_title_can_be_drawn():
    titles = ["ソテツ", "x" * 500]
    sheet = table.draw(numbered(2, 2), rows=titles, columns=titles)
    assert sheet.shape[1] < 2 * 66 + 500
    assert table.draw(numbered(1, 1), rows=["rex.jpg\n0.5"]).shape[0] == 64


@pytest.mark.parametrize(
    "images, titles, message",
    [
        (np.zeros((0, 1, 2, 2, 3), np.uint8), {}, "none of them 0"),
        (np.zeros((1, 2, 2, 3), np.uint8), {}, r"\[1, 2, 2, 3\]"),
        (np.zeros((1, 1, 2, 2, 3), np.float32), {}, "float32"),
        (np.zeros((1, 1, 2, 2, 3), np.uint8), {"rows": ["a", "b"]}, "Received: 2 and 0 for 1 by 1"),
        (np.zeros((1, 1, 2, 2, 3), np.uint8), {"columns": ["a", "b"]}, "Received: 0 and 2 for 1 by 1"),
    ],
)
def test_what_cannot_be_drawn(images, titles, message):
    with pytest.raises(ValueError, match=message):
        table.draw(images, **titles)


def test_titles_with_line_breaks_and_other_controls_are_drawn():
    images = numbered(1, 1)
    sheet = table.draw(images, rows=["rex\r\x1b.jpg"], columns=["toy\npoodle"])
    np.testing.assert_array_equal(sheet, table.draw(images, rows=["rex??.jpg"], columns=["toy?poodle"]))
