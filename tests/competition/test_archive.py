"""Zips that nobody vouches for."""

import contextlib
import stat
import struct
import tracemalloc
import zipfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tfdogs.competition.archive import MAX_FILE_BYTES, Archive
from tfdogs.errors import TfdogsError


def problems(path, expected=10):
    return {member.name: member.problem for member in Archive(path, expected=expected).members}


def patch(path, name, offset, value):
    """Writes bytes into the entry of a member in the zip's directory."""
    data = bytearray(path.read_bytes())
    entry = data.rindex(name.encode()) - 46
    assert data[entry : entry + 4] == b"PK\x01\x02"
    data[entry + offset : entry + offset + len(value)] = value
    path.write_bytes(data)


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_files_come_back_in_order(make_zip, method):
    files = {"b.png": b"two" * 50, "a.png": b"", "ü/": b"", "ü/c.png": b"three"}
    archive = Archive(make_zip(files, method), expected=4)
    assert [member.name for member in archive.members] == list(files)
    assert [member.folder for member in archive.members] == [False, False, True, False]
    assert not any(member.problem for member in archive.members)
    assert [archive.load(m) for m in archive.members if not m.folder] == [b"two" * 50, b"", b"three"]
    assert archive.size == archive.path.stat().st_size


def test_files_written_as_a_stream_and_with_zip64_fields(tmp_path):
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as zip:
        with zip.open("64.png", "w", force_zip64=True) as file:
            file.write(b"abc" * 30)
        zip.writestr("plain.png", b"x")
    path.write_bytes(b"#!/bin/sh\n" + path.read_bytes())
    archive = Archive(path, expected=2)
    assert [archive.load(member) for member in archive.members] == [b"abc" * 30, b"x"]


@pytest.mark.parametrize("name", ["/abs.png", "../up.png", "a/../../up.png", "..\\up.png", "C:/x.png"])
def test_paths_that_lead_out(make_zip, name):
    assert problems(make_zip({name: b"x", "ok.png": b"x"})) == {
        name: "an unsafe path",
        "ok.png": "",
    }


def test_a_nul_in_a_name(make_zip):
    path = make_zip({"a.png_.exe": b"x"})
    path.write_bytes(path.read_bytes().replace(b"a.png_.exe", b"a.png\0.exe"))
    assert problems(path) == {"a.png\\0.exe": "an unsafe path"}


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFCHR, stat.S_IFIFO, stat.S_IFDIR])
def test_links_devices_and_folders_in_disguise(make_zip, kind):
    info = zipfile.ZipInfo("link.png")
    info.external_attr = (kind | 0o777) << 16
    assert problems(make_zip([(info, "/etc/passwd")])) == {"link.png": "a link or a device"}


def test_encrypted_files_and_rare_methods(make_zip):
    path = make_zip({"a.png": b"abc"})
    patch(path, "a.png", 8, b"\x01\x00")
    assert problems(path) == {"a.png": "encrypted"}
    path = make_zip({"a.png": b"abc"}, zipfile.ZIP_LZMA)
    assert problems(path) == {"a.png": "packed by method 14, legal are 0 (stored) and 8 (deflated)"}


def test_bombs_by_what_they_declare(make_zip):
    path = make_zip({"bomb.png": bytes(2**20), "black.png": bytes(12_000)})
    declared = problems(path)
    assert declared["bomb.png"].startswith("a bomb: 1,0") and not declared["black.png"]
    patch(path, "bomb.png", 24, struct.pack("<I", MAX_FILE_BYTES + 1))
    assert problems(path)["bomb.png"] == "16,777,217 bytes, legal are 16,777,216"
    patch(path, "bomb.png", 24, struct.pack("<I", 9))
    patch(path, "bomb.png", 20, struct.pack("<I", MAX_FILE_BYTES + 1))
    assert problems(path)["bomb.png"] == "16,777,217 bytes, legal are 16,777,216"


def test_sizes_of_64_bits(tmp_path):
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as zip:
        info = zipfile.ZipInfo("a.png")
        info.extra = struct.pack("<HHQQ", 1, 16, 2**64 - 1, 3)
        zip.writestr(info, b"abc")
    patch(path, "a.png", 20, b"\xff" * 8)
    assert problems(path) == {"a.png": "18,446,744,073,709,551,615 bytes, legal are 16,777,216"}


def test_a_bomb_that_lies_is_not_inflated(make_zip):
    path = make_zip({"bomb.png": bytes(2**24)})
    patch(path, "bomb.png", 24, struct.pack("<I", 1000))
    archive = Archive(path, expected=1)
    tracemalloc.start()
    with pytest.raises(ValueError, match=r"does not unpack to the 1,000 bytes"):
        archive.load(archive.members[0])
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2**20


@pytest.mark.parametrize("size", [0, 2, 4])
def test_a_size_that_lies(make_zip, size):
    path = make_zip({"a.png": b"abc"})
    patch(path, "a.png", 24, struct.pack("<I", size))
    archive = Archive(path, expected=1)
    with pytest.raises(ValueError, match=f"does not unpack to the {size} bytes"):
        archive.load(archive.members[0])
    path = make_zip({"a.png": b"abc"}, zipfile.ZIP_STORED)
    patch(path, "a.png", 24, struct.pack("<I", size))
    assert problems(path) == {"a.png": f"two sizes, 3 and {size} bytes"}


def test_files_that_share_bytes(make_zip):
    path = make_zip({"a.png": b"abc", "b.png": b"defg", "c.png": b"hij"}, zipfile.ZIP_STORED)
    patch(path, "b.png", 42, struct.pack("<I", 0))
    found = problems(path)
    assert found["a.png"] == found["b.png"] == "overlaps another file" and found["c.png"] == ""
    patch(path, "b.png", 42, struct.pack("<I", 10))
    found = problems(path)
    assert found == {"a.png": "", "b.png": "overlaps another file", "c.png": ""}


def _at(data, offset, value):
    return data[:offset] + value + data[offset + len(value) :]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda data: data.replace(b"abcdefg", b"abcdefX"), "wrong checksum"),
        (lambda data: _at(data, 0, b"PK\5\6"), "its own header is not what the directory says"),
        (lambda data: _at(data, 6, b"\1"), "its own header is not what the directory says"),
        (lambda data: _at(data, 8, b"\x0c"), "its own header is not what the directory says"),
        (lambda data: _at(data, 30, b"x"), "its own header is not what the directory says"),
        (lambda data: _at(data, 28, b"\xff\xff"), "the zip ends within it"),
    ],
)
def test_a_file_that_is_not_what_the_directory_says(make_zip, change, message):
    path = make_zip({"a.png": b"abcdefg"}, zipfile.ZIP_STORED)
    path.write_bytes(change(path.read_bytes()))
    archive = Archive(path, expected=1)
    with pytest.raises(ValueError, match=message):
        archive.load(archive.members[0])


def test_deflated_bytes_that_are_none(make_zip):
    path = make_zip({"a.png": b"abc" * 9})
    path.write_bytes(_at(path.read_bytes(), 35, b"\xff" * 4))
    archive = Archive(path, expected=1)
    with pytest.raises(ValueError, match="cannot be unpacked"):
        archive.load(archive.members[0])


@pytest.mark.parametrize("data", [b"", b"no zip", b"PK\3\4" + bytes(40), b"PK\5\6" + b"\xff" * 18])
def test_no_zip(tmp_path, data):
    path = tmp_path / "images.zip"
    path.write_bytes(data)
    with pytest.raises(TfdogsError, match=r"^no usable zip: .+"):
        Archive(path, expected=10)


@pytest.mark.parametrize("cut", [1, 30, 200])
def test_a_truncated_zip(make_zip, cut):
    path = make_zip([(f"{i}.png", b"abc") for i in range(9)])
    path.write_bytes(path.read_bytes()[:-cut])
    with pytest.raises(TfdogsError, match="no usable zip"):
        Archive(path, expected=9)


def test_a_directory_out_of_all_proportion_is_not_read(make_zip):
    path = make_zip([("a" * 60_000 + f"{i}.png", b"") for i in range(30)])
    assert len(problems(path, expected=1000)) == 30
    with pytest.raises(TfdogsError, match=r"its directory has 1,8.* bytes, at most 1,049,600 are sane"):
        Archive(path, expected=1)


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    path = tmp_path_factory.mktemp("fuzz") / "images.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in (("1.png", b"abc" * 9), ("a/2.png", b"x"), ("ü.png", b"")):
            archive.writestr(name, data)
    return path.with_name("damaged.zip"), path.read_bytes()


@given(st.integers(0, 10**6), st.integers(1, 255), st.integers(0, 20))
@settings(max_examples=100, deadline=None)
def test_damage_is_told_in_words(whole, place, flip, cut):
    path, data = whole[0], bytearray(whole[1])
    data[place % len(data)] ^= flip
    path.write_bytes(data[: len(data) - cut])
    with contextlib.suppress(TfdogsError):
        archive = Archive(path, expected=3)
        for member in archive.members:
            if not member.folder and not member.problem:
                with contextlib.suppress(ValueError):
                    archive.load(member)
