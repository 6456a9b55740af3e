"""Encoded pictures to a discriminator's input, inside a graph: any bytes are pixels or a named row."""

import tensorflow as tf

from tfdogs.serving.row_checks import require

MAX_PIXELS = 2**24  # of a picture
MAX_REQUEST_PIXELS = 2**26  # of a request's pictures together
# libjpeg goes over the whole picture for each scan, and a scan can have 33 bytes: a bomb of another kind.
# Encoders make about ten.
MAX_SCANS = 50
MAX_SCAN_PIXELS = 2**28  # pixels times scans, of a request's pictures together
_PNG, _JPEG = b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff"
_HEADER = 33  # bytes of a PNG up to the end of its first chunk, IHDR
_DAMAGED = "must be a whole JPEG or PNG"


def read(data, image_shape):
    """Decodes pictures of any size and resizes what lies in their middle: a square, for square results.

    As `tfdogs.data.pictures.decode` reads pictures for training, transparency laid over white, and resized
    by Lanczos with antialiasing; but for a camera's orientation tag, which is applied there and not here:
    who sends a photograph that needs it turns the pixels first.

    Args:
        data: string [N], JPEG or PNG files' bytes.
        image_shape: (H, W, C) of the result, C 1 or 3.

    Returns:
        uint8 [N, H, W, C].

    Raises:
        tf.errors.InvalidArgumentError: when it runs; names the first row that is neither a JPEG nor a PNG, or
            damaged or cut short, or of more than `MAX_PIXELS` pixels, or a JPEG of more than `MAX_SCANS`
            scans, or that brings the request over `MAX_REQUEST_PIXELS` or `MAX_SCAN_PIXELS`. Sizes are those
            of the headers, and nothing is decoded before all of them are in order.
    """
    lengths = tf.strings.length(data)
    damage = f"image_bytes {_DAMAGED}", " bytes"
    zero = tf.zeros([], tf.int64)
    found, pixels, scans = _where_readable(_extent, data, (zero, zero))
    done = require(found, lengths, *damage)
    alone, together = ("", ""), (" in all rows of a request", " up to the picture")
    for values, most, unit, (scope, place) in (
        (pixels, MAX_PIXELS, " pixels", alone),
        (scans, MAX_SCANS, " scans", alone),
        (tf.cumsum(pixels), MAX_REQUEST_PIXELS, " pixels", together),
        (tf.cumsum(pixels * scans), MAX_SCAN_PIXELS, " pixels times scans", together),
    ):
        with tf.control_dependencies([done]):
            rule = f"image_bytes must have at most {most}{unit}{scope}"
            done = require(values <= most, values, rule, unit + place)
    with tf.control_dependencies([done]):
        data = tf.identity(data)  # or decoding might begin before

    def decode(data):
        image = tf.cond(_is_png(data), lambda: _decode_png(data), lambda: _decode_jpeg(data))
        return (tf.ensure_shape(_fit(image, image_shape), image_shape),)

    found, images = _where_readable(decode, data, (tf.zeros(image_shape, tf.uint8),))
    with tf.control_dependencies([require(found, lengths, *damage)]):
        return tf.identity(images)


def _where_readable(function, data, empty):
    """Calls a function on the rows that it does not fail on.

    Args:
        function: from a string scalar to a tuple of tensors.
        data: string [N].
        empty: a tuple like it.

    Returns:
        bool [N], where it did not fail, and the function's tensors there, each [M, ...].
    """
    count = tf.shape(data, tf.int64)[0]
    # A decoder's error says nothing of the row; tf.data can leave out the rows that have one.
    rows = tf.data.Dataset.from_tensor_slices((tf.range(count), data))
    readable = rows.map(lambda row, data: (row, *function(data))).ignore_errors()
    last = tf.data.Dataset.from_tensors((count, *empty))
    batch = (
        readable.concatenate(last).batch(count + 1).get_single_element()
    )  # which there has to be, so `last`
    rows, *results = (tensor[:-1] for tensor in batch)
    return (tf.scatter_nd(rows[:, None], tf.ones_like(rows), [count]) > 0, *results)


def _is_png(data):
    return tf.strings.substr(data, 0, len(_PNG)) == _PNG


def _extent(data):
    """Returns a picture's pixels by its header and the number of its scans, 0 of a PNG, int64 scalars."""
    is_png = _is_png(data)
    is_jpeg = tf.strings.substr(data, 0, len(_JPEG)) == _JPEG
    with tf.control_dependencies([tf.debugging.Assert(is_png | is_jpeg, [_DAMAGED])]):
        return tf.cond(is_png, lambda: _png_extent(data), lambda: _jpeg_extent(data))


def _png_extent(data):
    """Returns a PNG's pixels by its header, and 0 scans, int64 scalars."""
    header = tf.cast(_header(data), tf.int64)
    powers = tf.constant([2**24, 2**16, 2**8, 1], tf.int64)
    width, height = (tf.minimum(tf.reduce_sum(header[i : i + 4] * powers), 2**31) for i in (16, 20))
    return width * height, tf.zeros([], tf.int64)


def _jpeg_extent(data):
    """Returns a JPEG's pixels by its header and the number of its scans, int64 scalars."""
    pixels = tf.reduce_prod(tf.image.extract_jpeg_shape(data, tf.int64)[:2])
    return pixels, tf.size(tf.strings.split(data, b"\xff\xda"), tf.int64) - 1


def _decode_png(data):
    """Returns a PNG over white, uint8 [height, width, 3]."""
    header = _header(data)
    depth, is_grey = tf.cast(header[24], tf.int32), header[25] == 0
    # Beside grey samples of 1, 2 or 4 bits, opaque is all bits of a sample, not 255.
    opaque = tf.where(is_grey & (depth < 8), 2 ** tf.minimum(depth, 8) - 1, 255)
    image = tf.cast(tf.io.decode_png(data, channels=4), tf.uint16)
    colour, alpha = image[..., :3], image[..., 3:] * tf.cast(255 // opaque, tf.uint16)
    return tf.cast((colour * alpha + 255 * (255 - alpha) + 127) // 255, tf.uint8)


def _decode_jpeg(data):
    return tf.io.decode_jpeg(data, channels=3, dct_method="INTEGER_ACCURATE")


def _header(data):
    """Returns a PNG's signature and IHDR chunk, uint8 [33]."""
    header = tf.io.decode_raw(tf.strings.substr(data, 0, _HEADER), tf.uint8)
    is_header = tf.strings.substr(data, 12, 4) == b"IHDR"
    with tf.control_dependencies([tf.debugging.Assert(is_header, [_DAMAGED])]):
        return tf.ensure_shape(header, [_HEADER])


def _fit(image, image_shape):
    """Cuts the middle of the right proportions out of an image, uint8 [h, w, 3], and resizes it."""
    size = tf.shape(image, tf.int64)[:2]
    proportions = tf.constant(image_shape[:2], tf.int64)
    cut = tf.minimum(size, tf.maximum(size[::-1] * proportions // proportions[::-1], 1))
    middle = tf.slice(image, tf.concat([(size - cut) // 2, [0]], 0), tf.concat([cut, [3]], 0))
    middle = tf.image.resize(middle, image_shape[:2], method="lanczos3", antialias=True)
    if image_shape[2] == 1:
        middle = tf.image.rgb_to_grayscale(middle)
    return tf.cast(tf.clip_by_value(tf.round(middle), 0.0, 255.0), tf.uint8)
