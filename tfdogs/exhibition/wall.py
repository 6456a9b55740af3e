"""The wall: columns of images, every second one lower by half an image, as bricks lie."""

# Columns and the narrowest window that has room for them, in CSS pixels. All are even: of an odd number of
# columns the two outermost would both be the long ones.
WIDTHS = ((2, 0), (4, 0), (6, 520), (8, 760), (12, 1000))
_TILE = 116  # CSS pixels; the widest that an image gets


def place(index, columns):
    """Returns where image `index` hangs: (column, row), both from 0, a row being half an image high.

    Images are hung in rows of `columns / 2`: the first, third, fifth column, then, half an image lower, the
    second, fourth, sixth. Twelve columns of 78 images thus have 7 and 6 by turns, and so do those of any
    other number up to the last row.

    Args:
        index: number of the image on the wall, from 0.
        columns: an even number of columns.
    """
    row, step = divmod(index, columns // 2)
    return 2 * step + row % 2, row


def widest(count):
    """Returns the most columns, at most 12, that `count` images fill with 2 and 1 by turns; at least 2."""
    return max((columns for columns, _ in WIDTHS if 2 * count >= 3 * columns), default=2)


def css(count):
    """Returns the rules that hang `count` images, the items of a grid of class "wall", on any screen."""
    most = widest(count)
    rules = [f".wall {{ max-width: {most * _TILE}px; }}"]
    for columns, pixels in WIDTHS:
        if columns > most or (columns == 2 and most > 2):
            continue
        grid = [f".wall {{ grid-template-columns: repeat({columns}, minmax(0, 1fr)); }}"]
        # The row follows by itself: a grid puts each item below the one before it, as high as is free.
        for index in range(columns):
            column, _ = place(index, columns)
            grid.append(f".wall li:nth-child({columns}n+{index + 1}) {{ grid-column: {column + 1}; }}")
        rules.append(
            f"@media (min-width: {pixels}px) {{\n  " + "\n  ".join(grid) + "\n}"
            if pixels
            else "\n".join(grid)
        )
    return "\n".join(rules) + "\n"
