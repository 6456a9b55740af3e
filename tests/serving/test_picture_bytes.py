import io
import re
import struct
import zlib

import numpy as np
import pytest
import tensorflow as tf
from PIL import ExifTags, Image

from tfdogs.data import pictures
from tfdogs.data.paper_dogs import draw
from tfdogs.serving.picture_bytes import MAX_PIXELS, MAX_REQUEST_PIXELS, MAX_SCAN_PIXELS, read

# Pale: where Lanczos overshoots, Pillow clips after the rows and after the columns, TensorFlow at the end.
DOG = draw(3, seed=1, size=90).point(lambda value: 60 + value // 2)


@pytest.fixture(scope="module")
def read_rgb():
    """Reads files as 16 px RGB."""
    return _reader((16, 16, 3))


def _reader(shape):
    function = tf.function(lambda data: read(data, shape), input_signature=[tf.TensorSpec([None], tf.string)])
    return lambda files: function(tf.constant(files, tf.string)).numpy()


def encode(image, form="png", **options):
    buffer = io.BytesIO()
    image.save(buffer, form, **options)
    return buffer.getvalue()


def png(width, height, *, depth=8, kind=2, data=b""):
    """A PNG with any header, and image data that need not fit it."""

    def chunk(name, content):
        return (
            struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))
        )

    header = struct.pack(">IIBBBBB", width, height, depth, kind, 0, 0, 0)
    parts = ((b"IHDR", header), (b"IDAT", zlib.compress(data)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(*part) for part in parts)


def as_prepared(file, size, mode="RGB"):
    """The central square as python -m tfdogs.prepare reads and resizes it."""
    image = pictures.decode(file, len(mode))
    side = min(image.size)
    left, top = (image.width - side) // 2, (image.height - side) // 2
    box = (left, top, left + side, top + side)
    return np.asarray(image.crop(box).resize((size, size), Image.Resampling.LANCZOS), int)


def test_any_size_is_read_as_the_pictures_for_training_were(read_rgb):
    files = [
        encode(DOG.resize(size), form)
        for size in ((90, 61), (40, 97), (7, 9), (16, 16))
        for form in ("png", "jpeg")
    ]
    files += [
        encode(DOG.convert("L")),
        encode(DOG.convert("L"), "jpeg"),
        encode(DOG, "jpeg", progressive=True),
    ]
    files.append(encode(DOG.convert("P", palette=Image.Palette.ADAPTIVE)))
    files.append(encode(Image.fromarray(np.asarray(DOG.convert("L"), np.uint16) * 257)))  # 16 bits a sample
    images = read_rgb(files)
    assert images.dtype == np.uint8 and images.shape == (len(files), 16, 16, 3)
    for image, file in zip(images, files):
        np.testing.assert_allclose(image, as_prepared(file, 16), rtol=0, atol=2)
    np.testing.assert_array_equal(images[6], as_prepared(files[6], 16))  # of the size already: as it is


def test_orientation_tags_are_not_applied(read_rgb):
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6
    for form in ("png", "jpeg"):
        file = encode(DOG, form, exif=exif)
        as_stored, turned = read_rgb([encode(DOG, form), encode(pictures.decode(file, 3), form)])
        np.testing.assert_array_equal(read_rgb([file])[0], as_stored)
        assert (turned != as_stored).any()


def test_transparency_is_laid_over_white(read_rgb):
    rng = np.random.default_rng(0)
    alpha = Image.fromarray(rng.integers(0, 256, (16, 16), dtype=np.uint8))
    files = []
    for mode in ("RGB", "L"):
        image = DOG.resize((16, 16)).convert(mode)
        image.putalpha(alpha)
        files.append(encode(image))
    files.append(encode(DOG.resize((16, 16)).convert("P", palette=Image.Palette.ADAPTIVE), transparency=3))
    for image, file in zip(read_rgb(files), files):
        np.testing.assert_allclose(image, as_prepared(file, 16), rtol=0, atol=1)


@pytest.mark.parametrize("depth", [1, 2, 4])
def test_grey_of_few_bits(read_rgb, depth):
    row = b"\0" + np.random.default_rng(depth).bytes(2 * depth)
    file = png(16, 16, depth=depth, kind=0, data=row * 16)
    np.testing.assert_array_equal(read_rgb([file])[0], as_prepared(file, 16))


def test_grey_models():
    files = [encode(DOG), encode(DOG, "jpeg")]
    images = _reader((8, 8, 1))(files)
    assert images.shape == (2, 8, 8, 1)
    for image, file in zip(images, files):
        np.testing.assert_allclose(image[..., 0], as_prepared(file, 8, "L"), rtol=0, atol=2)


def test_proportions_are_kept():
    read_wide = _reader((8, 12, 3))
    for size, box in (((60, 90), (0, 25, 60, 65)), ((90, 30), (22, 0, 67, 30)), ((1, 9), (0, 4, 1, 5))):
        image = DOG.resize(size)
        expected = np.asarray(image.crop(box).resize((12, 8), Image.Resampling.LANCZOS), int)
        np.testing.assert_allclose(read_wide([encode(image)])[0], expected, rtol=0, atol=2)


PNG, JPEG = encode(DOG), encode(DOG, "jpeg", progressive=True)
LAST_SCAN = JPEG[JPEG.rfind(b"\xff\xda") : -2]
DAMAGED = {
    "empty": b"",
    "text": b"a dog",
    "gif": encode(DOG, "gif"),
    "bmp": encode(DOG, "bmp"),
    "webp": encode(DOG, "webp"),
    "png signature": PNG[:8],
    "png half": PNG[: len(PNG) // 2],
    "png without its end": PNG[:-12],
    "png with a flipped bit": PNG[:200] + bytes([PNG[200] ^ 1]) + PNG[201:],
    "png of another first chunk": PNG[:12] + b"IDAT" + PNG[16:],
    "png with too little data": png(16, 16, data=b"\0" * 9),
    "png without pixels": png(0, 16),
    "jpeg start": JPEG[:3],
    "jpeg half": JPEG[: len(JPEG) // 2],
    "jpeg without its end": JPEG[:-2],
}
REFUSED = {
    **{
        name: (file, f"be a whole JPEG or PNG. Received: {len(file)} bytes") for name, file in DAMAGED.items()
    },
    # There are no such pixels to decode: that it is this rule shows that nothing tried.
    "png bomb": (png(30000, 30000), "have at most 16777216 pixels. Received: 900000000 pixels"),
    "png just too large": (png(4096, 4097), f"have at most {MAX_PIXELS} pixels. Received: 16781312 pixels"),
    "png as large as a header can say": (
        png(2**32 - 1, 2**32 - 1),
        f"have at most {MAX_PIXELS} pixels. Received: {2**62}",
    ),
    "jpeg bomb": (
        re.sub(rb"(?s)(?<=\xff\xc2...).{4}", b"\x75\x30\x75\x30", JPEG, count=1),
        "have at most 16777216 pixels. Received: 900000000 pixels",
    ),
    "jpeg of many scans": (JPEG[:-2] + 100 * LAST_SCAN + JPEG[-2:], "have at most 50 scans. Received: 110"),
}


@pytest.mark.parametrize(("file", "message"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_read_is_named_by_its_row(read_rgb, file, message):
    with pytest.raises(
        tf.errors.InvalidArgumentError, match=re.escape(f"image_bytes must {message}")
    ) as caught:
        read_rgb([PNG, JPEG, file, PNG, file])
    assert "in row 2]" in str(caught.value)
    np.testing.assert_array_equal(*read_rgb([PNG, PNG]))


def jpeg_of(width, height, scans):
    """A JPEG with any size in its header, and so many scans."""
    sized = re.sub(rb"(?s)(?<=\xff\xc2...).{4}", struct.pack(">HH", height, width), JPEG, count=1)
    start, once = sized.find(b"\xff\xda"), JPEG.count(b"\xff\xda")
    return sized[:start] + sized[start:-2] + (scans - once) * LAST_SCAN + sized[-2:]


# Their headers promise pixels that are not there: only what reads no pixels can find the sum, not the damage.
TOGETHER = {
    "png": (
        [PNG, *[png(4096, 4096)] * 4, PNG],
        f"at most {MAX_REQUEST_PIXELS} pixels in all rows of a request. "
        f"Received: {4 * MAX_PIXELS + 90 * 90} pixels up to the picture in row 4]",
    ),
    "png and jpeg": (
        [jpeg_of(4096, 2048, 12), *[png(4096, 4096)] * 3, jpeg_of(2896, 2897, 12)],
        f"at most {MAX_REQUEST_PIXELS} pixels in all rows of a request. "
        f"Received: {2**23 + 3 * 2**24 + 2896 * 2897} pixels up to the picture in row 4]",
    ),
    "many small": (
        [png(512, 512)] * 300,
        f"Received: {MAX_REQUEST_PIXELS + 512 * 512} pixels up to the picture in row 256]",
    ),
    "jpeg scans": (
        [PNG, jpeg_of(2048, 2048, 40), jpeg_of(2048, 2048, 40)],
        f"at most {MAX_SCAN_PIXELS} pixels times scans in all rows of a request. "
        f"Received: {2 * 40 * 2**22} pixels times scans up to the picture in row 2]",
    ),
}


@pytest.mark.parametrize(("files", "message"), TOGETHER.values(), ids=TOGETHER)
def test_the_pictures_of_a_request_have_a_budget_together(read_rgb, files, message):
    with pytest.raises(tf.errors.InvalidArgumentError, match=re.escape(message)):
        read_rgb(files)


def test_a_row_that_breaks_a_rule_is_named_before_the_sum(read_rgb):
    for bad, message in (
        (png(30000, 30000), "at most 16777216 pixels. Received: 900000000"),
        (b"", "a whole"),
    ):
        with pytest.raises(tf.errors.InvalidArgumentError, match=f"{message}.* in row 5]"):
            read_rgb([*[png(4096, 4096)] * 5, bad])


def test_no_pictures(read_rgb):
    assert read_rgb([]).shape == (0, 16, 16, 3)
