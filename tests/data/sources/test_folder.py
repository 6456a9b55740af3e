import os
import pickle

import pytest

from tfdogs.data.sources.annotated import AnnotatedSource
from tfdogs.data.sources.base import Box
from tfdogs.data.sources.folder import FolderSource
from tfdogs.data.sources.tree import MAX_BYTES
from tfdogs.errors import TfdogsError

VOC = """<annotation><object><name>dog</name><bndbox><xmin>1</xmin><ymin>1</ymin><xmax>9</xmax>
<ymax>9</ymax></bndbox></object></annotation>"""


def _items(path):
    return {item.name: item for item in FolderSource(path).items()}


def test_order_is_by_name_whatever_the_order_of_creation(tmp_path):
    for name in ("b/2.jpg", "c.jpg", "a/9.jpg", "b/10.jpg", "a.jpg"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"x")
    assert list(_items(tmp_path)) == ["a.jpg", "c.jpg", "a/9.jpg", "b/10.jpg", "b/2.jpg"]


def test_links_that_are_not_followed_are_named(tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "out").mkdir()
    (tmp_path / "out/secret.jpg").write_bytes(b"secret")
    (tmp_path / "in/link.jpg").symlink_to(tmp_path / "out/secret.jpg")
    (tmp_path / "in/dangling").symlink_to(tmp_path / "nothing")
    (tmp_path / "in/folder").symlink_to(tmp_path / "out")
    (tmp_path / "in/loop").symlink_to(tmp_path / "in")
    (tmp_path / "in/itself").symlink_to(tmp_path / "in/itself")
    (tmp_path / "in/above").symlink_to("..")
    (tmp_path / "in/a.jpg").write_bytes(b"a")
    items = _items(tmp_path / "in")
    assert {name: item.problem for name, item in items.items()} == {
        "a.jpg": None,
        **dict.fromkeys(["above", "dangling", "folder", "itself", "link.jpg", "loop"], "link"),
    }
    assert "which holds it" in items["loop"].detail and "which holds it" in items["above"].detail
    assert "does not exist" in items["dangling"].detail
    for name in ("folder", "link.jpg"):
        assert f"{tmp_path / 'out'}" in items[name].detail and "outside of the folder" in items[name].detail


def test_links_that_the_system_cannot_follow_are_named(tmp_path, monkeypatch):
    (tmp_path / "a").mkdir()
    (tmp_path / "a/1.jpg").write_bytes(b"a")
    (tmp_path / "long.jpg").symlink_to("n" * 300)
    (tmp_path / "file").symlink_to("a/1.jpg/2.jpg")
    (tmp_path / "to").symlink_to("fro")
    (tmp_path / "fro").symlink_to("to")
    (tmp_path / "closed").symlink_to("/root/mine")
    follow = os.path.realpath

    def realpath(path, **kwargs):
        if str(path).endswith("closed"):
            raise PermissionError(13, "Permission denied")  # as of /proc/1/root
        return follow(path, **kwargs)

    monkeypatch.setattr(os.path, "realpath", realpath)
    details = {name: item.detail for name, item in _items(tmp_path).items() if item.problem == "link"}
    assert details == {
        "closed": "cannot be followed: Permission denied",
        "file": "cannot be followed: Not a directory",
        "fro": "cannot be followed: Too many levels of symbolic links",
        "long.jpg": "cannot be followed: File name too long",
        "to": "cannot be followed: Too many levels of symbolic links",
    }


def test_a_computers_own_folder_may_be_closed(tmp_path, monkeypatch):
    (tmp_path / "lost+found").mkdir()
    (tmp_path / "pug").mkdir()
    (tmp_path / "pug/1.jpg").write_bytes(b"a")
    scan = os.scandir

    def scandir(path):
        if str(path).endswith(closed):
            raise PermissionError(13, "Permission denied")
        return scan(path)

    monkeypatch.setattr(os, "scandir", scandir)
    closed = "lost+found"
    assert list(_items(tmp_path)) == ["pug/1.jpg"]
    closed = "pug"
    with pytest.raises(TfdogsError, match=r"cannot list .*pug: Permission denied"):
        _items(tmp_path)


def test_links_within_the_folder_are_followed(tmp_path):
    for name in ("a/1.jpg", "b/2.jpg", "store/c/3.jpg", "store/c/deep/4.jpg"):
        (tmp_path / "in" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "in" / name).write_bytes(name.encode())
    (tmp_path / "in/pug").symlink_to("store/c")
    (tmp_path / "in/a/5.jpg").symlink_to("../b/2.jpg")
    source = FolderSource(tmp_path / "in")
    items = {item.name: item for item in source.items()}
    assert items["pug/3.jpg"].class_name == "pug" and items["pug/deep/4.jpg"].class_name == "deep"
    assert source.load(items["pug/3.jpg"]) == b"store/c/3.jpg" and source.load(items["a/5.jpg"]) == b"b/2.jpg"
    assert {item.problem for item in items.values()} == {None} and len(source) == len(items) == 7


def test_links_to_links_do_not_multiply_a_folder(tmp_path):
    for depth in range(12):
        (tmp_path / "in" / str(depth)).mkdir(parents=True)
        for side in "lr":
            (tmp_path / f"in/{depth}/{side}").symlink_to(f"../{depth + 1}" if depth < 11 else "../0")
    (tmp_path / "in/11/x.jpg").write_bytes(b"x")
    items = _items(tmp_path / "in")
    assert len(items) < 100
    assert any(item.problem is None for item in items.values())
    again = [item for item in items.values() if item.problem]
    assert {item.problem for item in again} == {"link"}
    assert any("another link" in item.detail for item in again)


def test_annotations_behind_a_link_are_found(tmp_path):
    (tmp_path / "in/store").mkdir(parents=True)
    (tmp_path / "in/a.jpg").write_bytes(b"a")
    (tmp_path / "in/store/note").write_text(VOC)
    (tmp_path / "in/a.xml").symlink_to("store/note")
    source = AnnotatedSource(FolderSource(tmp_path / "in"), str(tmp_path / "in"))
    (item,) = source.items()
    assert source.complete(item).boxes == (Box(0, 0, 9, 9),)
    assert source.left_out().suffixes == {"others": 1}


def test_sheets_of_a_data_dir_are_no_pictures(tmp_path):
    for name in ("a/1.jpg", "a/preview.png", "out/dataset.json", "out/preview.png", "out/rejects.png"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"x")
    (tmp_path / "out/train-00000-of-00001.tfrecord").write_bytes(b"x")
    source = FolderSource(tmp_path)
    assert {item.name: item.problem for item in source.items()} == {"a/1.jpg": None, "a/preview.png": None}
    assert source.left_out().suffixes["sheet of a data_dir"] == 2 and len(source) == 2
    (tmp_path / "out/dataset.json").unlink()
    assert _items(tmp_path)["out/preview.png"].problem is None


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
