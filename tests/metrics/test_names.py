import subprocess
import sys

import pytest

import tfdogs.metrics


def test_names_are_there_without_tensorflow():
    """Commands check their flags, which scores name, before TensorFlow is loaded."""
    code = "import sys, tfdogs.metrics; sys.exit('tensorflow' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize("name", tfdogs.metrics.__all__)
def test_every_name_is_a_function_or_a_class(name):
    """Not a module, though several modules have the name of their function."""
    assert callable(getattr(tfdogs.metrics, name))
    assert name in dir(tfdogs.metrics)


def test_other_names_are_refused():
    with pytest.raises(AttributeError, match=r"'tfdogs\.metrics' has no attribute 'frechet_inception'"):
        _ = tfdogs.metrics.frechet_inception
