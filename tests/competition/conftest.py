"""Small zips: of paper dogs, and of whatever a test puts in."""

import io
import zipfile

import pytest
from PIL import Image

from tfdogs.data.paper_dogs import draw

NUM_IMAGES, SIZE = 12, 32


def _png(image, form="PNG", **options):
    image = image if isinstance(image, Image.Image) else Image.fromarray(image)
    buffer = io.BytesIO()
    image.save(buffer, form, **options)
    return buffer.getvalue()


@pytest.fixture(scope="session")
def png():
    """Returns a maker of a picture file's bytes, of a PIL.Image or an array."""
    return _png


@pytest.fixture(scope="session")
def dogs():
    """Name -> PNG bytes of 12 paper dogs of 32 px, a dict; make a copy to change it."""
    return {f"image_{i:05}.png": _png(draw(i, size=SIZE)) for i in range(NUM_IMAGES)}


@pytest.fixture
def make_zip(tmp_path):
    """Returns a maker of a zip of (name or ZipInfo, bytes) pairs or of a dict."""

    def make(files, method=zipfile.ZIP_DEFLATED):
        path = tmp_path / "images.zip"
        with zipfile.ZipFile(path, "w", method) as archive:
            for name, data in files.items() if isinstance(files, dict) else files:
                archive.writestr(name, data)
        return path

    return make
