import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tfdogs.exhibition import wall

COLUMNS = st.sampled_from([columns for columns, _ in wall.WIDTHS])


def columns_of(count, columns):
    """Returns for each column the images in it, from the top."""
    hung = [[] for _ in range(columns)]
    for index in range(count):
        hung[wall.place(index, columns)[0]].append(index)
    return hung


@settings(max_examples=30)
@given(count=st.integers(1, 500), columns=COLUMNS)
def test_every_image_hangs_once_and_columns_are_n_and_n_minus_1_by_turns(count, columns):
    hung = columns_of(count, columns)
    assert sorted(index for column in hung for index in column) == list(range(count))
    long, short = ([len(column) for column in hung[first::2]] for first in (0, 1))
    # But for the last row, which is hung from the left, the long ones are equal, and so are the short ones.
    assert max(long) - min(long) + max(short) - min(short) <= 1
    assert 0 <= max(long) - max(short) <= 1 and 0 <= min(long) - min(short) <= 1
    assert long == sorted(long, reverse=True) and short == sorted(short, reverse=True)


@settings(max_examples=30)
@given(n=st.integers(1, 40), columns=COLUMNS)
def test_columns_of_full_rows_have_exactly_n_and_n_minus_1(n, columns):
    hung = columns_of(columns * n - columns // 2, columns)
    assert [len(column) for column in hung] == [n, n - 1] * (columns // 2)


def test_the_wall_of_78():
    assert wall.widest(78) == 12
    assert [len(column) for column in columns_of(78, 12)] == [7, 6] * 6


@settings(max_examples=30)
@given(count=st.integers(1, 500), columns=COLUMNS)
def test_neighbours_are_shifted_by_half_an_image_and_none_overlap(count, columns):
    rows = [[wall.place(index, columns)[1] for index in column] for column in columns_of(count, columns)]
    for number, column in enumerate(rows):
        assert column == list(range(number % 2, number % 2 + 2 * len(column), 2))


@settings(max_examples=30)
@given(count=st.integers(1, 500))
def test_there_are_as_many_columns_as_images_fill(count):
    def filled(columns):
        hung = columns_of(count, columns)
        return len(hung[-2]) >= 2 and len(hung[-1]) >= 1

    assert wall.widest(count) == max((columns for columns, _ in wall.WIDTHS if filled(columns)), default=2)


@pytest.mark.parametrize("count", [1, 2, 5, 9, 17, 18, 78, 1000])
def test_the_style_sheet_hangs_as_place_says(count):
    text = wall.css(count)
    grids = re.findall(r"repeat\((\d+), .*?(?=repeat|\Z)", text, re.S)
    blocks = re.split(r"grid-template-columns: ", text)[1:]
    assert max(map(int, grids)) == wall.widest(count)
    for columns, block in zip(map(int, grids), blocks):
        rules = re.findall(r"nth-child\((\d+)n\+(\d+)\) \{ grid-column: (\d+)", block)
        assert [(int(a), int(b)) for a, b, _ in rules] == [(columns, i + 1) for i in range(columns)]
        assert [int(c) - 1 for *_, c in rules] == [wall.place(i, columns)[0] for i in range(columns)]
    widths = [int(w) for w in re.findall(r"min-width: (\d+)px", text)]
    assert widths == sorted(set(widths))
