"""Which split a picture belongs to: its content and the seed decide, whatever stands beside it."""

import hashlib

from PIL import Image


def digest(data):
    """Returns 16 bytes that stand for a picture.

    Args:
        data: its encoded bytes, or a PIL.Image where it has no encoded form: then its pixels count.
    """
    content = data.tobytes() if isinstance(data, Image.Image) else data
    return hashlib.blake2b(content, digest_size=16).digest()


def uniform(seed, digest):
    """Returns a number in [0, 1) that only seed and picture decide: adding pictures moves no other ones.

    A picture is held out for evaluation where it is under the share of these.
    """
    data = hashlib.blake2b(digest, digest_size=8, key=seed.to_bytes(8, "little")).digest()
    return int.from_bytes(data, "little") / 2**64
