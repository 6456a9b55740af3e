"""Decoding of untrusted bytes: every format's pixels, and a reason for everything that has none."""

import io
import struct
import warnings
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, features

from tfdogs.data import pictures
from tfdogs.data.pictures import BadPicture, decode, read, turned
from tfdogs.data.sources.base import Box


def encode(image, form="PNG", **options):
    buffer = io.BytesIO()
    image.save(buffer, form, **options)
    return buffer.getvalue()


def noise(width=40, height=30, channels=3, seed=0):
    shape = (height, width, channels) if channels > 1 else (height, width)
    return Image.fromarray(np.random.default_rng(seed).integers(0, 256, shape, np.uint8))


def png_header(width, height):
    """A PNG that claims a size and holds no pixels."""

    def chunk(name, data):
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(b"\0" * 100)) + chunk(b"IEND", b"")


def reason_of(data):
    with pytest.raises(BadPicture) as e, warnings.catch_warnings():
        warnings.simplefilter("error")
        decode(data, 3)
    return e.value.reason


def oriented(image, orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    return encode(image, "JPEG", exif=exif, quality=95)


@pytest.mark.parametrize("form", ["PNG", "BMP", "TIFF", "PPM"])
def test_lossless_formats_keep_their_pixels(form):
    image = noise()
    np.testing.assert_array_equal(np.asarray(decode(encode(image, form), 3)), np.asarray(image))
    np.testing.assert_array_equal(np.asarray(decode(encode(image, form), 1)), np.asarray(image.convert("L")))


@pytest.mark.parametrize("form", ["JPEG", "WEBP", "GIF"])
def test_lossy_formats_keep_colour_and_size(form):
    image = decode(encode(Image.new("RGB", (20, 10), (200, 60, 30)), form), 3)
    assert image.size == (20, 10) and image.mode == "RGB"
    np.testing.assert_allclose(np.asarray(image)[5, 5], (200, 60, 30), atol=5)


@pytest.mark.parametrize("mode", ["RGBA", "LA", "PA"])
def test_what_is_transparent_becomes_white(mode):
    image = Image.new("RGBA", (4, 4), (255, 0, 0, 0))
    image.putpixel((0, 0), (0, 0, 0, 255))
    pixels = np.asarray(decode(image.convert(mode), 3))
    assert pixels[0, 0].tolist() == [0, 0, 0] and pixels[3, 3].tolist() == [255, 255, 255]


def test_a_transparent_palette_colour_becomes_white():
    image = Image.new("P", (4, 4), 1)
    image.putpalette([0, 0, 0, 255, 0, 0])
    image.putpixel((0, 0), 0)
    data = encode(image, "PNG", transparency=1)
    assert np.asarray(decode(data, 1)).tolist()[0] == [0, 255, 255, 255]


def test_half_transparent_grey_is_mixed_with_white():
    pixels = np.asarray(decode(Image.new("LA", (4, 4), (0, 128)), 1))
    np.testing.assert_allclose(pixels, 127, atol=1)


def test_palettes_and_bits_are_expanded():
    palette = noise(8, 8).quantize(16)
    np.testing.assert_array_equal(np.asarray(decode(encode(palette), 3)), np.asarray(palette.convert("RGB")))
    bits = Image.new("1", (4, 4), 1)
    assert decode(encode(bits), 1).getextrema() == (255, 255)


def test_cmyk_is_converted():
    data = encode(Image.new("CMYK", (16, 16), (0, 255, 255, 0)), "JPEG", quality=95)
    red, green, blue = np.asarray(decode(data, 3))[8, 8].tolist()
    assert red > 200 and green < 60 and blue < 60


@pytest.mark.parametrize("form", ["PNG", "TIFF"])
def test_sixteen_bits_are_scaled_to_eight(form):
    values = np.array([[0, 257, 32896, 65535]], np.uint16)
    grey = np.asarray(decode(encode(Image.fromarray(values), form), 1))
    assert grey.tolist() == [[0, 1, 128, 255]]


def test_an_animation_gives_its_first_frame():
    frames = [Image.new("RGB", (8, 8), colour) for colour in ("red", "blue")]
    data = encode(frames[0], "GIF", save_all=True, append_images=frames[1:])
    assert np.asarray(decode(data, 3))[0, 0].tolist() == [255, 0, 0]


@pytest.mark.parametrize("orientation", range(1, 9))
def test_orientation_is_applied(orientation):
    upright = Image.new("RGB", (32, 16), "blue")
    upright.paste("red", (0, 0, 16, 8))
    turns = {2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}  # the transposition that is undone
    stored = upright if orientation == 1 else upright.transpose(turns[orientation])
    image = decode(oriented(stored, orientation), 3)
    assert image.size == (32, 16)
    np.testing.assert_allclose(np.asarray(image)[4, 8], (255, 0, 0), atol=10)
    np.testing.assert_allclose(np.asarray(image)[12, 24], (0, 0, 255), atol=10)


def test_with_boxes_the_frame_decides_on_orientation():
    data = oriented(Image.new("RGB", (32, 16)), 6)  # stored lying, to be shown standing
    assert decode(data, 3).size == (16, 32)
    assert decode(data, 3, boxes=(), frame=None).size == (32, 16)
    assert decode(data, 3, boxes=(), frame=(320, 160)).size == (32, 16)
    assert decode(data, 3, boxes=(), frame=(160, 320)).size == (16, 32)
    assert decode(data, 3, boxes=[Box(0, 0, 32, 16)]).size == (32, 16)
    assert decode(data, 3, boxes=[Box(0, 0, 16, 32)]).size == (16, 32)
    assert decode(data, 3, boxes=[Box(0, 0, 40, 40)]).size == (32, 16)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_what_is_cut_from_stored_pixels_is_yet_to_be_turned(orientation):
    data = oriented(noise(32, 16), orientation)
    upright = decode(data, 3)
    for frame, boxes in ((None, [Box(0, 0, 9, 9)]), ((32, 16), ()), ((1, 1), ())):
        image, turn = read(data, 3, frame=frame, boxes=boxes)
        assert image.size == (32, 16) and (turn is None) == (orientation == 1)
        np.testing.assert_array_equal(np.asarray(turned(image, turn)), np.asarray(upright))
    assert read(data, 3).turn is None


def test_damaged_metadata_cost_no_picture():
    whole = oriented(noise(), 6)
    at = whole.index(b"Exif\0\0") + 6
    for damage in (b"\xff" * 8, b"II*\0\xff\xff\xff\x7f", b"MM\0*\0\0\0\1"):
        data = whole[:at] + damage + whole[at + 8 :]
        assert sorted(decode(data, 3).size) == [30, 40]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "unreadable"),
        (b"this is a letter, not a dog\n" * 20, "unreadable"),
        (encode(noise(), "JPEG")[:400], "truncated"),
        (encode(noise())[:-900], "truncated"),
        (encode(noise(), "JPEG")[:15], "truncated"),
        (png_header(9000, 9000), "decompression_bomb"),
        (png_header(60_000, 60_000), "decompression_bomb"),
        (png_header(2**31 - 1, 2**31 - 1), "decompression_bomb"),
        (encode(noise(), "EPS"), "unreadable"),
        (encode(Image.new("F", (8, 8), 0.5), "TIFF"), "unreadable"),
        (encode(Image.new("I", (8, 8), 70_000), "TIFF"), "unreadable"),
        (encode(Image.new("I", (8, 8), -1), "TIFF"), "unreadable"),
        (encode(noise(), "WEBP")[:-100], "truncated"),
    ],
)
def test_what_is_no_picture_has_a_reason(data, reason):
    assert reason_of(data) == reason


def _with_chunk(data, name, content, *, crc=None, after=None):
    """Puts a chunk into a PNG, behind its header or at its end."""
    chunk = struct.pack(">I", len(content)) + name + content
    chunk += struct.pack(">I", zlib.crc32(name + content) if crc is None else crc)
    at = len(data) - 12 if after == "IDAT" else 33
    return data[:at] + chunk + data[at:]


@pytest.mark.parametrize("after", [None, "IDAT"])
@pytest.mark.parametrize(
    ("name", "content", "crc"),
    [
        (b"tEXt", b"Comment\0hello", 1),
        (b"zTXt", b"Comment\0\0" + zlib.compress(bytes(2**24)), None),
        (b"iTXt", b"Comment\0\1\0\0\0" + zlib.compress(bytes(2**24)), None),
        (b"iCCP", b"profile\0\0no zlib at all", 1),
        (b"eXIf", b"II*\0", 1),
    ],
)
def test_bad_metadata_of_a_png_cost_no_sound_pixels(name, content, crc, after):
    image = noise()
    data = _with_chunk(encode(image), name, content, crc=crc, after=after)
    np.testing.assert_array_equal(np.asarray(decode(data, 3)), np.asarray(image))
    assert reason_of(data[: len(encode(image)) // 2]) in ("truncated", "unreadable")


def test_mending_keeps_transparency_and_orientation_and_can_be_refused():
    palette = Image.new("P", (32, 16), 1)
    palette.putpalette([0, 0, 0, 255, 0, 0])
    exif = Image.Exif()
    exif[0x0112] = 6
    data = _with_chunk(encode(palette, "PNG", transparency=1, exif=exif), b"tEXt", b"a\0b", crc=1)
    image = decode(data, 3)
    assert image.size == (16, 32) and image.getextrema() == ((255, 255),) * 3
    with pytest.raises(BadPicture):
        decode(data, 3, mend=False)


@pytest.mark.skipif(not features.check("avif"), reason="this Pillow reads no AVIF")
def test_avif():
    image = decode(encode(Image.new("RGB", (20, 10), (200, 60, 30)), "AVIF"), 3)
    assert image.size == (20, 10)
    np.testing.assert_allclose(np.asarray(image)[5, 5], (200, 60, 30), atol=8)


def test_formats_of_phones_that_are_not_read_are_named(monkeypatch):
    monkeypatch.setattr(pictures, "FORMATS", ("JPEG", "PNG"))
    for brand, words in ((b"avif", "AVIF, which Pillow reads from 11.3"), (b"heic", "a HEIC")):
        with pytest.raises(BadPicture) as e:
            decode(b"\0\0\0\x1cftyp" + brand + bytes(50), 3)
        assert e.value.reason == "unreadable" and words in e.value.detail


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "Git LFS .*: `git lfs pull` gets it"),
        (b"\xef\xbb\xbf\n<!doctype HTML><html>", "a web page: the download failed"),
        (b'{"error": "not found"}', "JSON, such as the message of a download that failed"),
        (b"<svg/>", "SVG: convert it to JPEG or PNG"),
        (b"%PDF-1.4", "a PDF: convert it"),
        (b"\0\0\0\x0cJXL \r\n\x87\n", "a JPEG XL: convert it"),
        (bytes(600), "only zero bytes at its beginning: copy or download it again"),
        (b"PK\3\4" + bytes(50), "a zip archive: unpack it"),
        (b"a letter", "none of JPEG, PNG"),
    ],
)
def test_what_bears_a_pictures_name_in_vain_is_named(data, words):
    with pytest.raises(BadPicture, match=words) as e:
        decode(data, 3)
    assert e.value.reason == "unreadable"


def test_the_limit_of_pixels_counts_before_decoding():
    with pytest.raises(BadPicture) as e:
        decode(png_header(8001, 8000), 3)
    assert (e.value.reason, e.value.measure) == ("decompression_bomb", 8001 * 8000)
    assert e.value.detail == "more than 64000000 pixels: make it smaller"
    with pytest.raises(BadPicture, match="make it smaller"):
        decode(png_header(60_000, 60_000), 3)
    assert reason_of(png_header(8000, 8000)) != "decompression_bomb"


def test_too_many_bytes_are_refused_unread(monkeypatch):
    monkeypatch.setattr(pictures, "MAX_FILE_BYTES", 1000)
    with pytest.raises(BadPicture) as e:
        decode(encode(noise()), 3)
    assert e.value.reason == "file_too_large" and e.value.measure > 1000


@settings(max_examples=150, deadline=None)
@given(
    form=st.sampled_from(["PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP", "PPM"]),
    edits=st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), max_size=8),
    keep=st.floats(0.02, 1),
)
def test_damaged_files_give_a_picture_or_a_reason(form, edits, keep):
    data = bytearray(encode(noise(20, 20), form))
    for place, value in edits:
        data[int(place * len(data))] = value
    try:
        image = decode(bytes(data[: int(keep * len(data)) + 1]), 3)
    except BadPicture as e:
        assert e.reason in ("unreadable", "truncated", "decompression_bomb") and "\n" not in e.detail
    else:
        assert image.mode == "RGB"
