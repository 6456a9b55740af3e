import contextlib
import pickle
import random
import stat
import struct
import tracemalloc
import zipfile
import zlib
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tfdogs.data.sources.tree import MAX_BYTES
from tfdogs.data.sources.zip import ZipSource, is_zip
from tfdogs.errors import TfdogsError

PETS = Path(__file__).resolve().parents[3] / "../shared/data/cats_and_dogs/train.zip"


def _write(path, members, method=zipfile.ZIP_DEFLATED):
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, data in members:
            archive.writestr(name, data)
    return ZipSource(path)


def _patch_directory(path, name, offset, value):
    """Writes bytes into the entry of a member in the archive's directory."""
    data = bytearray(path.read_bytes())
    entry = data.rindex(name.encode()) - 46
    assert data[entry : entry + 4] == b"PK\x01\x02"
    data[entry + offset : entry + offset + len(value)] = value
    path.write_bytes(data)


def test_hostile_members_are_named_and_not_read(tmp_path):
    link = zipfile.ZipInfo("link.jpg")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    names = ["/abs.jpg", "../up.jpg", "a/../../up.jpg", "..\\up.jpg", "C:/x.jpg"]
    members = [*((name, b"x") for name in names), (link, "/etc/passwd"), ("ok.jpg", b"ok")]
    items = list(_write(tmp_path / "a.zip", members).items())
    assert {item.name: item.problem for item in items} == {
        **dict.fromkeys(names, "unsafe_path"),
        "link.jpg": "link",
        "ok.jpg": None,
    }
    assert all((item.ref is None) == (item.problem is not None) for item in items)


def test_a_nul_in_a_name_is_unsafe(tmp_path):
    _write(tmp_path / "a.zip", [("a.jpg_.txt", b"x")])
    path = tmp_path / "a.zip"
    path.write_bytes(path.read_bytes().replace(b"a.jpg_.txt", b"a.jpg\0.txt"))
    (item,) = ZipSource(path).items()
    assert (item.name, item.problem) == ("a.jpg\\0.txt", "unsafe_path")


def test_a_giant_is_not_read(tmp_path):
    path = tmp_path / "a.zip"
    _write(path, [("a.jpg", b"abc"), ("b.jpg", b"abc")])
    _patch_directory(path, "a.jpg", 24, struct.pack("<I", MAX_BYTES + 1))
    assert [item.problem for item in ZipSource(path).items()] == ["file_too_large", None]


def test_a_size_that_lies_does_not_inflate_the_bomb(tmp_path):
    path = tmp_path / "a.zip"
    _write(path, [("bomb.jpg", bytes(2**24))])
    _patch_directory(path, "bomb.jpg", 24, struct.pack("<I", 1000))
    source = ZipSource(path)
    (item,) = source.items()
    tracemalloc.start()
    with pytest.raises(ValueError, match="wrong size or checksum"):
        source.load(item)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2**20


@pytest.mark.parametrize(
    ("offset", "value"),
    [
        (24, struct.pack("<I", 5000)),  # promises more than there is
        (16, b"\0\0\0\0"),  # checksum
        (20, struct.pack("<I", 3)),  # stored size
        (42, struct.pack("<I", 7)),  # place
    ],
)
def test_a_member_that_is_not_what_the_directory_says_is_a_value_error(tmp_path, offset, value):
    path = tmp_path / "a.zip"
    _write(path, [("a.jpg", b"abc" * 1000)])
    _patch_directory(path, "a.jpg", offset, value)
    source = ZipSource(path)
    (item,) = source.items()
    with pytest.raises(ValueError, match=r"a\.zip"):
        source.load(item)


def test_encrypted_members_and_rare_methods_are_named(tmp_path):
    path = tmp_path / "a.zip"
    _write(path, [("a.jpg", b"abc")])
    _patch_directory(path, "a.jpg", 8, b"\x01\x00")
    (item,) = ZipSource(path).items()
    assert item.problem == "encrypted" and "with its password" in item.detail and item.ref is None
    for method, name in ((zipfile.ZIP_BZIP2, "bzip2"), (zipfile.ZIP_LZMA, "LZMA")):
        (item,) = _write(path, [("a.jpg", b"abc")], method).items()
        assert item.problem == "zip_method" and f"packed with {name}" in item.detail
    _write(path, [("a.jpg", b"abc")])
    _patch_directory(path, "a.jpg", 10, struct.pack("<H", 9))
    (item,) = ZipSource(path).items()
    assert item.problem == "zip_method" and "Deflate64" in item.detail


def test_backslashes_part_names_where_nothing_else_does(tmp_path):
    names = ["pets\\cat\\1.jpg", "pets\\dog\\2.jpg"]
    source = _write(tmp_path / "a.zip", [("pets\\empty\\", b""), *((name, name.encode()) for name in names)])
    items = list(source.items())
    assert [(item.name, item.class_name) for item in items] == [
        ("pets/cat/1.jpg", "cat"),
        ("pets/dog/2.jpg", "dog"),
    ]
    assert [source.load(item).decode() for item in items] == names
    assert source.left_out().empty == ("pets/empty",)
    (item,) = _write(tmp_path / "b.zip", [("..\\up.jpg", b"x")]).items()
    assert item.problem == "unsafe_path"


def _unmark(path):
    """Clears the mark of UTF-8 names in local headers and directory, as the Finder of macOS leaves it."""
    data = bytearray(path.read_bytes())
    for magic, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = data.find(magic)
        while at >= 0:
            data[at + offset + 1] &= 0xF7
            at = data.find(magic, at + 1)
    path.write_bytes(data)


def test_names_in_utf8_need_no_mark(tmp_path):
    path, names = tmp_path / "a.zip", ["Épagneul/1.jpg", "柴犬/2.jpg"]
    _write(path, [(name, name.encode()) for name in names])
    _unmark(path)
    with zipfile.ZipFile(path) as archive:
        assert archive.namelist() != names
    source = ZipSource(path)
    items = list(source.items())
    assert [item.name for item in items] == names
    assert [item.class_name for item in items] == ["Épagneul", "柴犬"]
    assert [source.load(item).decode() for item in items] == names


def test_names_of_old_code_pages_stay(tmp_path):
    path = tmp_path / "a.zip"
    _write(path, [("x_1.jpg", b"1"), ("x_2.jpg", b"2")])
    data = path.read_bytes().replace(b"x_1", b"x\x821").replace(b"x_2", "xß".encode())
    path.write_bytes(data)
    assert [item.name for item in ZipSource(path).items()] == ["xé1.jpg", "xß.jpg"]


@pytest.mark.parametrize("name", ["épagneul".encode("cp1252"), "柴犬".encode("cp932")])
def test_names_whose_encoding_is_guessed_are_told(tmp_path, name):
    path = tmp_path / "a.zip"
    mark = "X" * len(name)
    _write(path, [(f"{mark}/1.jpg", b"x"), (f"{mark}/2.jpg", b"x"), ("pug/3.jpg", b"x")])
    path.write_bytes(path.read_bytes().replace(mark.encode(), name))
    source = ZipSource(path)
    assert source.left_out().guessed == (name.decode("cp437"),)
    (line,) = source.left_out().lines()
    assert line.startswith("names that are not UTF-8, read in code page 437: 1 (") and "unpack" in line
    assert _write(tmp_path / "b.zip", [("épagneul/1.jpg", b"x")]).left_out().guessed == ()


def test_a_part_of_a_split_archive_is_named(tmp_path):
    path = tmp_path / "a.zip"
    _write(path, [("a.jpg", b"abc" * 1000), ("b.jpg", random.Random(0).randbytes(1000))])
    whole = path.read_bytes()
    path.write_bytes(whole[500:])  # the last part: its directory counts from the first part's beginning
    with pytest.raises(TfdogsError, match=r"a\.zip is a part of a split archive: join its parts \(zip"):
        len(ZipSource(path))
    path.write_bytes(whole)
    _patch_directory(path, "b.jpg", 34, b"\1\0")  # it lies in the second part
    with pytest.raises(TfdogsError, match="is a part of a split archive"):
        len(ZipSource(path))


def test_the_unicode_path_field_counts_where_it_is_of_this_name(tmp_path):
    def member(name, of):
        info = zipfile.ZipInfo(name)
        unicode_path = struct.pack("<BI", 1, zlib.crc32(of)) + "é.jpg".encode()
        info.extra = struct.pack("<HH", 0x7075, len(unicode_path)) + unicode_path
        return info

    source = _write(
        tmp_path / "a.zip", [(member("_.jpg", b"_.jpg"), b"1"), (member("b.jpg", b"c.jpg"), b"2")]
    )
    assert [item.name for item in source.items()] == ["é.jpg", "b.jpg"]


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_members_of_the_same_name_both_come(tmp_path):
    source = _write(tmp_path / "a.zip", [("d/x.jpg", b"1"), ("d/x.jpg", b"2"), ("./d//x.jpg", b"3")])
    items = list(source.items())
    assert [item.name for item in items] == ["d/x.jpg", "d/x.jpg#2", "d/x.jpg#3"]
    assert [source.load(item) for item in items] == [b"1", b"2", b"3"]


def test_empty_members_and_what_lies_before_the_archive(tmp_path):
    path = tmp_path / "a.zip"
    _write(path, [("empty.jpg", b""), ("a.jpg", b"abc")])
    path.write_bytes(b"#!/bin/sh\n" + path.read_bytes())
    source = ZipSource(path)
    assert [source.load(item) for item in source.items()] == [b"", b"abc"]


def test_big_archives_with_zip64_fields(tmp_path):
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive, archive.open("a.jpg", "w", force_zip64=True) as f:
        f.write(b"abc")
    source = ZipSource(path)
    assert [source.load(item) for item in source.items()] == [b"abc"]


@pytest.mark.parametrize("cut", [1, 30, 200])
def test_a_truncated_archive_is_named(tmp_path, cut):
    path = tmp_path / "a.zip"
    _write(path, [(f"{i}.jpg", b"abc") for i in range(9)])
    path.write_bytes(path.read_bytes()[:-cut])
    with pytest.raises(TfdogsError, match=r"a\.zip is truncated or corrupt: it has no directory at its end"):
        list(ZipSource(path).items())


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    folder = tmp_path_factory.mktemp("fuzz")
    source = _write(folder / "ok.zip", [("a/1.jpg", b"abc" * 9), ("b/2.jpg", b"x"), ("ü.jpg", b"")])
    return folder, source.path.read_bytes()


@given(st.integers(0, 10**6), st.integers(1, 255), st.integers(0, 20))
@settings(max_examples=100, deadline=None)
def test_damage_is_a_tfdogs_error_or_one_pictures_own(archive, place, flip, cut):
    folder, whole = archive
    data = bytearray(whole)
    data[place % len(data)] ^= flip
    path = folder / "damaged.zip"
    path.write_bytes(data[: len(data) - cut])
    source = ZipSource(path)
    try:
        items = list(source.items())
    except TfdogsError as e:
        assert "damaged.zip" in str(e)
        return
    for item in items:
        if item.problem is None:
            with contextlib.suppress(OSError, ValueError):
                source.load(item)


def test_is_zip_goes_by_content(tmp_path):
    assert is_zip(_write(tmp_path / "no_suffix", [("a.jpg", b"x")]).path)
    assert is_zip(_write(tmp_path / "empty", []).path)
    (tmp_path / "other.zip").write_bytes(b"hello")
    assert not is_zip(tmp_path / "other.zip")


def test_workers_open_no_archive(tmp_path, monkeypatch):
    source = _write(tmp_path / "a.zip", [("a.jpg", b"abc")])
    (item,) = source.items()
    monkeypatch.setattr(zipfile, "ZipFile", None)
    assert pickle.loads(pickle.dumps(source)).load(item) == b"abc"


@pytest.mark.real_data
@pytest.mark.skipif(not PETS.is_file(), reason="no shared/data/cats_and_dogs beside the checkout")
def test_cats_and_dogs():
    source = ZipSource(PETS)
    items = list(source.items())
    assert Counter(item.class_name for item in items) == {"cat": 3000, "dog": 3000}
    assert len(source) == 6000
    with zipfile.ZipFile(PETS) as archive:
        for item in items[::1000]:
            assert source.load(item) == archive.read(item.name)
