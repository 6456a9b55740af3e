"""The version that a path means, and what `connect` makes of targets."""

import shutil

import pytest
import tensorflow as tf

from tfdogs.errors import TfdogsError, UsageError
from tfdogs.serving import client
from tfdogs.serving.client import LocalClient, connect


class Echo(tf.Module):
    """Answers a seed with its digits."""

    @tf.function(
        input_signature=[tf.TensorSpec([None], tf.int64, "seed"), tf.TensorSpec([None], name="truncation")]
    )
    def draw(self, seed, truncation):
        return {"image_bytes": tf.strings.as_string(seed)}


@pytest.fixture(scope="module")
def export(tmp_path_factory):
    """An export with versions 1 and 10 and other things."""
    export, echo = tmp_path_factory.mktemp("local") / "export", Echo()
    tf.saved_model.save(echo, str(export / "1"), signatures={"serving_default": echo.draw})
    shutil.copytree(export / "1", export / "10")
    (export / ".11.partial").mkdir()
    (export / "page").mkdir()
    (export / "12").touch()
    (export / "\u0661\u0663").mkdir()  # 13 in Arabic digits
    return export


def test_the_newest_version_unless_told_otherwise(export):
    with connect(export) as newest, connect(str(export), version=1) as first:
        assert newest.status() == [(10, "AVAILABLE")] and first.status() == [(1, "AVAILABLE")]
        assert newest.generate([3, -4]) == first.generate([3, -4]) == [b"3", b"-4"]


def test_a_versions_own_folder(export, monkeypatch):
    with connect(export / "1") as found:
        assert found.status() == [(1, "AVAILABLE")]
    monkeypatch.chdir(export / "10")
    assert LocalClient(".").status() == [(10, "AVAILABLE")]
    with pytest.raises(UsageError, match=r"version must be that of the folder. Received: 7 for"):
        connect(export / "1", version=7)


def test_versions_that_are_not_there(export, tmp_path):
    with pytest.raises(UsageError, match="has not got version 2; it has: 1, 10 "):
        connect(export, version=2)
    with pytest.raises(UsageError, match="has not got a version; it has: none "):
        connect(tmp_path)


def test_a_damaged_version(tmp_path):
    (tmp_path / "1").mkdir()
    (tmp_path / "1/saved_model.pb").write_bytes(b"nothing")
    with pytest.raises(TfdogsError, match="no SavedModel that can be loaded"):
        connect(tmp_path)


@pytest.mark.parametrize("target", ["ftp://a:1", "/no/such/folder", "localhost:8501", "://", ""])
def test_targets_that_are_none(target):
    legal = "http://HOST:PORT, https://HOST:PORT, grpc://HOST:PORT or the folder of an export"
    with pytest.raises(UsageError, match=f"target must be {legal}. Received: "):
        connect(target)


@pytest.mark.parametrize("scheme", ["http", "https", "grpc", "ftp"])
@pytest.mark.parametrize("password", ["secret", "sec/ret", "sec@ret", "sec\nret"])
def test_passwords_are_refused_and_not_shown(scheme, password):
    with pytest.raises(UsageError, match=r"^target must be .* Received: \w+://\*\*\*@host:8501$"):
        connect(f"{scheme}://me:{password}@host:8501")


def test_options_are_checked():
    with pytest.raises(UsageError, match="deadline"):
        connect("http://a:1", deadline=0)
    with pytest.raises(UsageError, match="retries"):
        connect("grpc://a:1", retries=-1)
    for target in ("http://a:1", "grpc://a:1"):
        with pytest.raises(UsageError, match=r"ca_file goes with https:// only\. Received: "):
            connect(target, ca_file="ca.pem")


def test_names_are_found_lazily():
    assert set(client.__all__) <= set(dir(client))
    with pytest.raises(AttributeError, match="no attribute 'Cat'"):
        _ = client.Cat
