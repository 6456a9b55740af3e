import contextlib
import gzip
import io
import lzma
import pickle
import random
import struct
import sys
import tarfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tfdogs.data.sources.tar import TarSource, is_tar
from tfdogs.data.sources.tree import MAX_BYTES
from tfdogs.errors import TfdogsError

STANFORD = Path(__file__).resolve().parents[3] / "../shared/data/stanford_dogs/images.tar"


def _info(name, size=0, **fields):
    info = tarfile.TarInfo(name)
    info.size = size
    for key, value in fields.items():
        setattr(info, key, value)
    return info


def _write(path, members, mode="w", **options):
    """Writes (TarInfo, bytes) pairs; the bytes need not be as many as the header says."""
    with tarfile.open(path, mode, **options) as tar:
        for info, data in members:
            tar.fileobj.write(info.tobuf(tar.format))
            tar.fileobj.write(data + b"\0" * (-len(data) % 512))
    return TarSource(path)


def _plain(*names):
    return [(_info(name, 3), name[:3].encode()) for name in names]


@pytest.mark.parametrize("mode", ["w", "w:gz"])
def test_hostile_members_are_named_and_not_read(tmp_path, mode):
    source = _write(
        tmp_path / "a.tar",
        [
            *_plain("/abs.jpg", "../up.jpg", "a/../../up.jpg", "C:\\x.jpg", "c:x.jpg", "ok.jpg"),
            (_info("link.jpg", type=tarfile.SYMTYPE, linkname="/etc/passwd"), b""),
            (_info("hard.jpg", type=tarfile.LNKTYPE, linkname="ok.jpg"), b""),
            (_info("device.jpg", type=tarfile.CHRTYPE), b""),
            (_info("pipe.jpg", type=tarfile.FIFOTYPE), b""),
            (_info("folder.jpg", type=tarfile.DIRTYPE), b""),
        ],
        mode,
    )
    items = list(source.items())
    assert {item.name: item.problem for item in items} == {
        "/abs.jpg": "unsafe_path",
        "../up.jpg": "unsafe_path",
        "a/../../up.jpg": "unsafe_path",
        "C:\\x.jpg": "unsafe_path",
        "c:x.jpg": "unsafe_path",
        "ok.jpg": None,
        "link.jpg": "link",
        "hard.jpg": "link",
        "device.jpg": "not_a_regular_file",
        "pipe.jpg": "not_a_regular_file",
    }
    assert all((item.ref is None) == (item.problem is not None) for item in items)
    assert all(bool(item.detail) == (item.problem is not None) for item in items)
    assert [source.load(item) for item in items if item.problem is None] == [b"ok."]


@pytest.mark.parametrize("mode", ["w", "w:gz"])
def test_a_link_to_a_class_folder_is_named(tmp_path, mode):
    link = _info("pug", type=tarfile.SYMTYPE, linkname="/data/pug")
    source = _write(tmp_path / "a.tar", [*_plain("cat/1.jpg", "dog/1.jpg"), (link, b"")], mode)
    *_, item = source.items()
    assert (item.name, item.problem, item.class_name) == ("pug", "link", None)
    assert "a symbolic link to /data/pug" in item.detail and "tar -h" in item.detail


@pytest.mark.parametrize("frames", [1, 3])
def test_zstandard(tmp_path, frames):
    zstandard = pytest.importorskip("zstandard")
    noise = random.Random(0).randbytes(5000)
    members = [(_info(f"{name}/{i}.jpg", 5000), noise) for name in "ab" for i in range(9)]
    data = _write(tmp_path / "a.tar", members).path.read_bytes()
    size = -(-len(data) // frames)
    parts = [zstandard.compress(data[i : i + size]) for i in range(0, len(data), size)]
    path = tmp_path / "a.tar.zst"
    path.write_bytes(b"".join(parts))
    assert is_tar(path)
    source = TarSource(path)
    items = list(source.items())
    assert len(items) == len(source) == 18 and {item.class_name for item in items} == {"a", "b"}
    assert all(source.load(item) == noise for item in items)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(TfdogsError, match="truncated or corrupt"):
        list(TarSource(path).items())
    path.write_bytes(parts[0][:50] + b"\xff" * 500)
    with pytest.raises(TfdogsError, match="truncated or corrupt"):
        len(TarSource(path))


def test_zstandard_as_pzstd_writes_it_and_lzma(tmp_path):
    zstandard = pytest.importorskip("zstandard")
    data = _write(tmp_path / "a.tar", [(_info("a.jpg", 5), b"hello")]).path.read_bytes()
    frame = zstandard.compress(data)
    skipped = struct.pack("<III", 0x184D2A50, 4, len(frame))  # the size of the next frame, for threads
    (tmp_path / "a.tar.zst").write_bytes(skipped + frame)
    (tmp_path / "a.tar.lzma").write_bytes(lzma.compress(data, lzma.FORMAT_ALONE))
    for name in ("a.tar.zst", "a.tar.lzma"):
        assert is_tar(tmp_path / name)
        source = TarSource(tmp_path / name)
        assert [source.load(item) for item in source.items()] == [b"hello"]


def test_zstandard_without_its_package_says_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "zstandard", None)
    path = tmp_path / "a.tar.zst"
    path.write_bytes(b"\x28\xb5\x2f\xfd" + bytes(99))
    with pytest.raises(TfdogsError, match=r"pip install zstandard, or unpack it with `unzstd .*a\.tar\.zst`"):
        is_tar(path)


def test_a_giant_is_not_read(tmp_path):
    path = tmp_path / "a.tar"
    size = MAX_BYTES + 512
    with path.open("wb") as f:
        f.write(_info("giant.jpg", size).tobuf())
        f.seek(size, 1)  # a hole: takes no room
        f.write(_info("b.jpg").tobuf() + bytes(1024))
    problems = {item.name: item.problem for item in TarSource(path).items()}
    assert problems == {"giant.jpg": "file_too_large", "b.jpg": None}


@pytest.mark.parametrize("mode", ["w", "w:gz"])
def test_members_of_the_same_name_both_come(tmp_path, mode):
    members = [(_info("x.jpg", 1), b"1"), (_info("./x.jpg", 1), b"2"), *_plain("y.jpg")]
    source = _write(tmp_path / "a", members, mode)
    items = list(source.items())
    assert [item.name for item in items] == ["x.jpg", "x.jpg#2", "y.jpg"] == list(source.names())
    assert [source.load(item) for item in items] == [b"1", b"2", b"y.j"]


@pytest.mark.parametrize("format", [tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
@pytest.mark.parametrize("mode", ["w", "w:gz"])
def test_long_names(tmp_path, mode, format):
    name = "d" * 90 + "/" + "ä" * 90 + ".jpg"
    with tarfile.open(tmp_path / "a", mode, format=format) as tar:
        tar.addfile(_info(name, 3), io.BytesIO(b"abc"))
    source = TarSource(tmp_path / "a")
    (item,) = source.items()
    assert item.name == name
    assert source.load(item) == b"abc"


def test_a_gzip_file_of_several_parts_is_read_whole(tmp_path):
    _write(tmp_path / "a.tar", _plain("a.jpg", "b.jpg"))
    data = (tmp_path / "a.tar").read_bytes()
    (tmp_path / "a.tgz").write_bytes(gzip.compress(data[:700]) + gzip.compress(data[700:]))
    assert [item.name for item in TarSource(tmp_path / "a.tgz").items()] == ["a.jpg", "b.jpg"]


@pytest.mark.parametrize("mode", ["w", "w:gz", "w:xz"])
@pytest.mark.parametrize("keep", [0.4, 0.9])
def test_a_truncated_archive_yields_what_is_whole_and_then_fails(tmp_path, mode, keep):
    noise = random.Random(0)  # does not compress
    members = [(_info(f"{i}.jpg", 2000), noise.randbytes(2000)) for i in range(100)]
    path = tmp_path / "a.tar"
    _write(path, members, mode)
    whole = path.read_bytes()
    path.write_bytes(whole[: int(keep * len(whole))])
    source, seen = TarSource(path), []
    assert 0 < len(source) < 100
    with pytest.raises(TfdogsError, match=r"a\.tar is truncated or corrupt"):
        seen.extend((item.name, source.load(item)) for item in _readable(source))
    assert len(seen) > 20
    assert seen == [(info.name, data) for info, data in members][: len(seen)]


def _readable(source):
    """All items but one that the end of an uncompressed archive cuts through, which `load` refuses."""
    for item in source.items():
        try:
            source.load(item)
        except OSError:
            continue
        yield item


def test_a_header_that_is_damaged_is_not_the_end(tmp_path):
    path = tmp_path / "a.tar"
    _write(path, _plain("a.jpg", "b.jpg", "c.jpg"))
    data = bytearray(path.read_bytes())
    data[1024 + 5] ^= 1
    path.write_bytes(data)
    items = TarSource(path).items()
    assert next(items).name == "a.jpg"
    with pytest.raises(TfdogsError, match="bad header"):
        next(items)


def test_an_archive_without_its_end_is_truncated(tmp_path):
    path = tmp_path / "a.tar"
    _write(path, _plain("a.jpg", "b.jpg"))
    path.write_bytes(path.read_bytes()[:2048])  # exactly behind b.jpg
    with pytest.raises(TfdogsError, match="no end"):
        list(TarSource(path).items())


@pytest.mark.parametrize("size", [b"\xff" * 11 + b"\0", b"\xff" * 10 + b"\xfe\0"])
def test_negative_sizes_do_not_loop(tmp_path, size):
    header = bytearray(_info("a.jpg").tobuf(tarfile.GNU_FORMAT))
    header[124:136] = size
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header)
    path = tmp_path / "a.tar"
    path.write_bytes(bytes(header) + bytes(1024))
    with pytest.raises(TfdogsError, match="truncated or corrupt"):
        list(TarSource(path).items())


def test_negative_sizes_in_extended_headers_do_not_loop(tmp_path):
    info = _info("a.jpg", 0)
    info.pax_headers = {"size": "-1536"}
    path = tmp_path / "a.tar"
    path.write_bytes(info.tobuf(tarfile.PAX_FORMAT) + bytes(1024))
    with pytest.raises(TfdogsError, match="truncated or corrupt"):
        list(TarSource(path).items())


def test_a_giant_name_is_refused(tmp_path):
    path = tmp_path / "a.tar"
    with tarfile.open(path, "w:gz", compresslevel=1) as tar:
        tar.fileobj.write(_info("././@LongLink", 2**26, type=tarfile.GNUTYPE_LONGNAME).tobuf())
        tar.fileobj.write(bytes(2**20))
    with pytest.raises(TfdogsError, match="bad header: size"):
        list(TarSource(path).items())


@pytest.fixture(scope="module")
def archives(tmp_path_factory):
    folder = tmp_path_factory.mktemp("fuzz")
    members = [*_plain("a/1.jpg", "b/2.jpg"), (_info("l.jpg", type=tarfile.SYMTYPE, linkname="x"), b"")]
    modes = ("w", "w:gz", "w:bz2")
    return folder, {mode: _write(folder / "ok", members, mode).path.read_bytes() for mode in modes}


@given(
    mode=st.sampled_from(["w", "w:gz", "w:bz2"]),
    place=st.integers(0, 10**6),
    flip=st.integers(1, 255),
    cut=st.integers(0, 100),
)
@settings(max_examples=60, deadline=None)
def test_damage_is_a_tfdogs_error_or_harmless(archives, mode, place, flip, cut):
    folder, whole = archives
    data = bytearray(whole[mode])
    data[place % min(len(data), 4096)] ^= flip
    path = folder / "damaged.tar"
    path.write_bytes(data[: len(data) - cut])
    source = TarSource(path)
    try:
        for item in source.items():
            if item.problem is None:
                with contextlib.suppress(OSError, ValueError):
                    source.load(item)
    except TfdogsError as e:
        assert "damaged.tar" in str(e)


def test_an_archive_that_shrank_is_an_oserror(tmp_path):
    source = _write(tmp_path / "a.tar", _plain("a.jpg"))
    (item,) = source.items()
    (tmp_path / "a.tar").write_bytes(b"")
    with pytest.raises(OSError, match=r"a\.tar ends within"):
        pickle.loads(pickle.dumps(source)).load(item)


def test_is_tar_goes_by_content(tmp_path):
    for mode in ("w", "w:gz", "w:bz2", "w:xz"):
        assert is_tar(_write(tmp_path / "no_suffix", _plain("a.jpg"), mode).path)
        assert is_tar(_write(tmp_path / "empty", [], mode).path)
    for data in (b"", b"hello", b"\x1f\x8b", b"\x1f\x8b" + bytes(600), b"x" * 1024):
        (tmp_path / "other.tar").write_bytes(data)
        assert not is_tar(tmp_path / "other.tar")


@pytest.mark.real_data
@pytest.mark.skipif(not STANFORD.is_file(), reason="no shared/data/stanford_dogs beside the checkout")
def test_stanford_dogs():
    source = TarSource(STANFORD)
    items = list(source.items())
    assert len(items) == len(source) == 12_000
    classes = {item.class_name for item in items}
    assert len(classes) == 120
    assert "n02085620-Chihuahua" in classes
    assert source.load(items[-1])[:2] == b"\xff\xd8"
