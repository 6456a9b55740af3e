"""Files as they are found."""

import io

import numpy as np
import pytest
from PIL import Image, PngImagePlugin

from tfdogs.competition.picture import RGB, read
from tfdogs.data.paper_dogs import draw

DOG = draw(3, size=32)


def test_a_png(png):
    picture = read(png(DOG))
    assert (picture.problem, picture.size, picture.colour) == ("", (32, 32), RGB)
    np.testing.assert_array_equal(picture.pixels, np.asarray(DOG))
    assert picture.contrast > 6 and len(picture.digest) == 16


def test_the_digest_is_of_the_pixels(png):
    first = read(png(DOG))
    assert read(png(DOG, compress_level=0)).digest == first.digest
    assert read(png(DOG.convert("RGBA"))).digest == first.digest
    other = np.array(DOG)
    other[0, 0, 0] ^= 1
    assert read(png(other)).digest != first.digest
    flat = np.zeros([4, 8, 3], np.uint8)
    assert read(png(flat)).digest != read(png(flat.reshape(8, 4, 3))).digest


@pytest.mark.parametrize(
    ("image", "options", "colour"),
    [
        (DOG.convert("L"), {}, "grey 8 bit"),
        (DOG.convert("LA"), {}, "grey with alpha 8 bit"),
        (DOG.convert("RGBA"), {}, "RGB with alpha 8 bit"),
        (DOG.quantize(16), {}, "palette 4 bit"),
        (DOG.convert("1"), {}, "grey 1 bit"),
        (Image.fromarray(np.asarray(DOG.convert("L"), np.uint16) * 257), {}, "grey 16 bit"),
        (DOG, {"transparency": (0, 0, 0)}, "RGB 8 bit with a transparent colour"),
    ],
)
def test_other_kinds_of_pixels_are_named(png, image, options, colour):
    picture = read(png(image, **options))
    assert (picture.problem, picture.colour, picture.size) == ("", colour, (32, 32))


def test_an_animation_is_no_picture(png):
    frames = [draw(i, size=32) for i in range(2)]
    picture = read(png(frames[0], save_all=True, append_images=frames[1:]))
    assert (picture.problem, picture.size, picture.pixels) == ("an animated PNG", (32, 32), None)


def test_the_names_of_chunks_may_stand_in_texts(png):
    text = PngImagePlugin.PngInfo()
    text.add_text("chunks", "acTL tRNS IDAT")
    assert read(png(DOG, pnginfo=text))[:3] == ("", (32, 32), RGB)


def test_rgb_of_16_bits_which_pillow_takes_for_8(png):
    data = bytearray(png(DOG))
    data[24] = 16
    assert read(bytes(data)).colour == "RGB 16 bit"


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"", "an empty file"),
        (b"hello", "no picture"),
        (b"\x89PNG\r\n\x1a\n", "a PNG that is cut off"),
        (b"\x89PNG\r\n\x1a\n" + bytes(40), "a PNG whose header is damaged"),
    ],
)
def test_what_is_no_png(data, problem):
    assert read(data) == (problem, *read(b"")[1:])


@pytest.mark.parametrize("form", ["JPEG", "GIF", "BMP", "WEBP"])
def test_other_formats_are_named(png, form):
    assert read(png(DOG, form)).problem == f"a {form}"


@pytest.mark.parametrize("cut", [20, 300, 600])
def test_a_png_that_is_cut_off(png, cut):
    data = png(DOG)
    picture = read(data[: len(data) - cut])
    assert picture.problem.startswith("a PNG that is ") and picture.pixels is None
    assert picture.size == (32, 32)


def test_a_large_png_is_not_decoded(png):
    picture = read(png(Image.new("RGB", (1025, 1024))))
    assert (picture.problem, picture.size, picture.pixels) == ("", (1025, 1024), None)


def test_a_png_that_says_it_is_huge_costs_nothing(png):
    data = bytearray(png(DOG))
    data[16:24] = b"\x7f\xff\xff\xff" * 2
    assert read(bytes(data)).size == (2**31 - 1, 2**31 - 1)


def test_text_that_inflates(png):
    text = PngImagePlugin.PngInfo()
    text.add_text("bomb", " " * 2**24, zip=True)
    buffer = io.BytesIO()
    DOG.save(buffer, "PNG", pnginfo=text)
    assert read(buffer.getvalue()).problem.startswith("a PNG that is ")
