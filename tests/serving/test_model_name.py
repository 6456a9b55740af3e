import types

import pytest

from tfdogs.errors import UsageError
from tfdogs.serving.export_config import ExportConfig
from tfdogs.serving.model_name import check_name, is_name

GOOD = ("dogs", "7", "_", "-a", "a.b-c_D", "a..b", "x" * 100)
BAD = ("", ".", "..", ".a", "a/b", "a b", "a\n", "caf\u00e9", "a\u0663", "a:b", "a'b", "a\x00", "x" * 101)


@pytest.mark.parametrize("name", GOOD)
def test_names(name):
    assert is_name(name) and check_name(types.SimpleNamespace(name=name)) is None
    assert ExportConfig(model_dir="run", export_dir="export", name=name).name == name


@pytest.mark.parametrize("name", BAD)
def test_what_is_no_name(name):
    assert not is_name(name)
    if name:  # which means the one that is there
        with pytest.raises(UsageError, match="--name must be letters, digits"):
            ExportConfig(model_dir="run", export_dir="export", name=name)
