import os
import pickle

import pytest

from tfdogs.data.sources.folder import FolderSource
from tfdogs.data.sources.tree import MAX_BYTES
from tfdogs.errors import TfdogsError


def _items(path):
    return {item.name: item for item in FolderSource(path).items()}


def test_order_is_by_name_whatever_the_order_of_creation(tmp_path):
    for name in ("b/2.jpg", "c.jpg", "a/9.jpg", "b/10.jpg", "a.jpg"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"x")
    assert list(_items(tmp_path)) == ["a.jpg", "c.jpg", "a/9.jpg", "b/10.jpg", "b/2.jpg"]


def test_links_are_not_followed(tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "out").mkdir()
    (tmp_path / "out/secret.jpg").write_bytes(b"secret")
    (tmp_path / "in/link.jpg").symlink_to(tmp_path / "out/secret.jpg")
    (tmp_path / "in/dangling.jpg").symlink_to(tmp_path / "nothing")
    (tmp_path / "in/folder").symlink_to(tmp_path / "out")
    (tmp_path / "in/loop").symlink_to(tmp_path / "in")
    (tmp_path / "in/a.jpg").write_bytes(b"a")
    items = _items(tmp_path / "in")
    assert {name: item.problem for name, item in items.items()} == {
        "a.jpg": None,
        "dangling.jpg": "not_a_regular_file",
        "link.jpg": "not_a_regular_file",
    }


def test_the_folder_itself_may_be_a_link(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "real/a.jpg").write_bytes(b"a")
    (tmp_path / "link").symlink_to(tmp_path / "real")
    assert list(_items(tmp_path / "link")) == ["a.jpg"]


def test_pipes_and_giants_are_not_read(tmp_path):
    os.mkfifo(tmp_path / "pipe.png")
    with (tmp_path / "giant.png").open("wb") as f:
        f.truncate(MAX_BYTES + 1)  # sparse: takes no room
    problems = {name: item.problem for name, item in _items(tmp_path).items()}
    assert problems == {"giant.png": "file_too_large", "pipe.png": "not_a_regular_file"}


def test_a_file_that_vanished_is_an_oserror(tmp_path):
    (tmp_path / "a.jpg").write_bytes(b"a")
    source = FolderSource(tmp_path)
    (item,) = source.items()
    (tmp_path / "a.jpg").unlink()
    with pytest.raises(OSError, match=r"a\.jpg"):
        source.load(item)


def test_a_folder_that_cannot_be_listed_is_named(tmp_path):
    with pytest.raises(TfdogsError, match=r"cannot list .*gone"):
        list(FolderSource(tmp_path / "gone").items())


def test_names_that_are_no_utf8_come_through(tmp_path):
    try:
        (tmp_path / os.fsdecode(b"\xff\xfe.jpg")).write_bytes(b"x")
    except OSError:
        pytest.skip("this file system takes UTF-8 names only")
    source = FolderSource(tmp_path)
    (item,) = pickle.loads(pickle.dumps(list(source.items())))
    assert os.fsencode(item.name) == b"\xff\xfe.jpg"
    assert source.load(item) == b"x"
