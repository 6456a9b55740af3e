import pytest


@pytest.fixture
def extractor(make_extractor):
    """An extractor with ImageNet's classes."""
    return make_extractor()
