"""Crop policies: which rectangles of a picture become training images, and how they are cut."""

import numpy as np
from PIL import Image

from tfdogs.data.sources.base import Box

LONG_ASPECT = 1.5  # from here on `multi` takes two crops

HELD = 0.93  # share of a box in another one from which on its dog is before the other

POLICIES = {}
SQUARES = (
    "box_square",
    "box_expand",
    "box_pad",
    "box_and_full",
)  # policies whose first crop is a box's square


def policy(function):
    """Registers a crop policy under its function's name.

    A policy maps (width, height, box, boxes, margin) to a list of rectangles in pixels. `box` is the one to
    crop and `boxes` are all of the picture, clamped to it; the policy is called once for each.
    """
    POLICIES[function.__name__] = function
    return function


@policy
def box_square(width, height, box, boxes, margin):
    """The square round the box with the box's longer side, clamped and shifted into the picture."""
    return [_square(width, height, box, max(_sides(box)))]


@policy
def box_expand(width, height, box, boxes, margin):
    """As `box_square`, with `margin` times the longer side added on every side."""
    return [_square(width, height, box, max(_sides(box)) * (1 + 2 * margin))]


@policy
def box_pad(width, height, box, boxes, margin):
    """The square round the box, never moved; what lies outside the picture is filled by reflection."""
    side, (x, y) = max(_sides(box)), _centre(box)
    return [Box(x - side / 2, y - side / 2, x + side / 2, y + side / 2)]


@policy
def box_squash(width, height, box, boxes, margin):
    """The box itself, squeezed to a square."""
    return [box]


@policy
def multi(width, height, box, boxes, margin):
    """Two squares at the ends of a box of aspect over 1.5, else as `box_square`."""
    w, h = _sides(box)
    if max(w, h) <= LONG_ASPECT * min(w, h):
        return box_square(width, height, box, boxes, margin)
    if w > h:
        ends = box._replace(right=box.left + h), box._replace(left=box.right - h)
    else:
        ends = box._replace(bottom=box.top + w), box._replace(top=box.bottom - w)
    return [_square(width, height, end, min(w, h)) for end in ends]


@policy
def box_and_full(width, height, box, boxes, margin):
    """As `box_square`, and with the first box also the picture's largest centred square."""
    full = center(width, height, box, boxes, margin) if box == boxes[0] else []
    return box_square(width, height, box, boxes, margin) + full


@policy
def center(width, height, box, boxes, margin):
    """The picture's largest centred square, once a picture; boxes are ignored."""
    return [_square(width, height, Box(0, 0, width, height), min(width, height))] if box == boxes[0] else []


def narrower(width, height, box, others, side):
    """Returns squares of a side between a box's shorter and longer one: at its ends and in its middle.

    Args:
        width, height: of the picture, in pixels.
        box: the `Box`.
        others: the picture's other boxes.
        side: of the squares, in pixels.

    Returns:
        List of `Box`es, that of which another box covers least first; of equal ones the upper one, since
        heads are above, or the middle one.
    """
    w, h = _sides(box)
    squares = []
    for place in (0.5, 0, 1) if w > h else (0, 0.5, 1):
        x, y = (box.left + place * max(w - side, 0), box.top + place * max(h - side, 0))
        part = Box(x, y, x + min(side, w), y + min(side, h))
        squares.append(_square(width, height, part, side))
    return sorted(squares, key=lambda square: covered(square, others)[0])


def beside(box, others):
    """Returns the other boxes but those that hold all of a box, or nearly so."""
    return [other for other in others if overlap(box, other) < HELD * area(box)]


def covered(rectangle, others):
    """Returns the greatest share of a rectangle that one of the other boxes covers, and that box or None."""
    shares = [(overlap(rectangle, other) / area(rectangle), other) for other in others]
    return max(shares, key=lambda pair: pair[0], default=(0.0, None))


def clamp(box, width, height):
    """Returns the part of `box` in a picture of `width` x `height`; None where it is under a pixel."""
    inside = _intersect(box, width, height)
    return inside if all(side >= 1 for side in _sides(inside)) else None


def area(box):
    """Returns the area of a box, in square pixels."""
    return (box.right - box.left) * (box.bottom - box.top)


def overlap(a, b):
    """Returns the area that two boxes share, in square pixels."""
    width = min(a.right, b.right) - max(a.left, b.left)
    height = min(a.bottom, b.bottom) - max(a.top, b.top)
    return max(width, 0) * max(height, 0)


def likeness(a, b):
    """Returns the share of two boxes' union that both cover, 0 to 1."""
    shared = overlap(a, b)
    return shared / (area(a) + area(b) - shared)


def cut(image, rectangle, size):
    """Cuts a rectangle out of an image and resizes it with antialiasing (Lanczos).

    Args:
        image: a PIL.Image, mode L or RGB.
        rectangle: `Box` in pixels of the image, some of it inside. Where it reaches outside, the image is
            reflected at its edges, as often as needed.
        size: height and width of the result, in pixels.

    Returns:
        A PIL.Image of `size` x `size`, in the mode of `image`.
    """
    inside = _intersect(rectangle, image.width, image.height)
    if inside == rectangle:
        return image.resize((size, size), Image.Resampling.LANCZOS, box=tuple(rectangle), reducing_gap=3.0)
    # Only what is inside is resized, then reflected at the final size: before, it could fill any memory.
    columns = _span(rectangle.left, rectangle.right, inside.left, inside.right, size)
    rows = _span(rectangle.top, rectangle.bottom, inside.top, inside.bottom, size)
    shape = columns[1] - columns[0], rows[1] - rows[0]
    part = image.resize(shape, Image.Resampling.LANCZOS, box=tuple(inside), reducing_gap=3.0)
    pixels = np.asarray(part)
    pixels = pixels[_reflected(size, *rows)][:, _reflected(size, *columns)]
    return Image.fromarray(np.ascontiguousarray(pixels))


def _intersect(box, width, height):
    return Box(max(box.left, 0), max(box.top, 0), min(box.right, width), min(box.bottom, height))


def _sides(box):
    return box.right - box.left, box.bottom - box.top


def _centre(box):
    return (box.left + box.right) / 2, (box.top + box.bottom) / 2


def _square(width, height, box, side):
    """Returns the square of `side` round the box's centre, made to fit into the picture."""
    side = min(side, width, height)
    x, y = _centre(box)
    left = min(max(x - side / 2, 0), width - side)
    top = min(max(y - side / 2, 0), height - side)
    return Box(left, top, min(left + side, width), min(top + side, height))


def _span(low, high, inner_low, inner_high, size):
    """Returns where [inner_low, inner_high] lies, at least a pixel, in `size` pixels for [low, high]."""
    scale = size / (high - low)
    first = min(round((inner_low - low) * scale), size - 1)
    return first, max(round((inner_high - low) * scale), first + 1)


def _reflected(size, first, end):
    """Returns, for each of `size` positions, its index into a strip at [first, end) that is reflected."""
    n = end - first
    phase = (np.arange(size) - first) % (2 * n)
    return np.where(phase < n, phase, 2 * n - 1 - phase)
