import io
import zipfile

import hypothesis
import hypothesis.strategies as st
import pytest

from tfdogs.sampling import stored_zip
from tfdogs.sampling.stored_zip import StoredZip


def pack(files):
    buffer = io.BytesIO()
    with StoredZip(buffer) as archive:
        for name, data in files:
            archive.add(name, data)
    return buffer.getvalue()


@hypothesis.settings(max_examples=30, deadline=None)
@hypothesis.given(
    st.dictionaries(st.text("abcé/", min_size=1, max_size=5), st.binary(max_size=40), max_size=5)
)
def test_the_standard_library_reads_it_back(files):
    files = {name: data for name, data in files.items() if not name.endswith("/")}
    with zipfile.ZipFile(io.BytesIO(pack(files.items()))) as archive:
        assert archive.testzip() is None
        assert {info.filename: archive.read(info) for info in archive.infolist()} == files
        assert all(info.compress_type == zipfile.ZIP_STORED for info in archive.infolist())


def test_it_is_what_the_standard_library_writes():
    files = [("image_00000.png", b"one"), ("image_00001.png", b"")]
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, data in files:
            info = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            info.create_system, info.external_attr, info.flag_bits = 3, 0o100644 << 16, 0x800
            archive.writestr(info, data)
    with zipfile.ZipFile(buffer) as expected, zipfile.ZipFile(io.BytesIO(pack(files))) as ours:
        for theirs, mine in zip(expected.infolist(), ours.infolist()):
            for field in (
                "filename",
                "date_time",
                "external_attr",
                "create_system",
                "CRC",
                "file_size",
                "header_offset",
            ):
                assert getattr(mine, field) == getattr(theirs, field), field


def test_offsets_beyond_the_limit_go_to_the_zip64_field(monkeypatch):
    files = [(f"{i}.png", bytes([i]) * 30) for i in range(8)]
    plain = pack(files)
    # The reader looks for 64 bits where the 32-bit field is all ones, which 100 is made to stand for here.
    pack_struct = stored_zip.struct.pack

    def as_if_large(form, *values):
        return pack_struct(form, *(0xFFFFFFFF if value == 100 and "L" in form else value for value in values))

    monkeypatch.setattr(stored_zip, "_MOST_4", 100)
    monkeypatch.setattr(stored_zip.struct, "pack", as_if_large)
    large = pack(files)
    assert len(large) > len(plain)
    with zipfile.ZipFile(io.BytesIO(large)) as archive:
        assert [(name, archive.read(name)) for name in archive.namelist()] == files
        assert archive.infolist()[-1].header_offset > 100


def test_more_entries_than_16_bits_count():
    count = 65_540
    with zipfile.ZipFile(io.BytesIO(pack((f"{i}", b"") for i in range(count)))) as archive:
        assert len(archive.infolist()) == count
        assert archive.namelist()[-1] == f"{count - 1}"


def test_a_body_that_raises_leaves_no_directory():
    buffer = io.BytesIO()
    with pytest.raises(KeyError), StoredZip(buffer) as archive:
        archive.add("a", b"1")
        raise KeyError
    assert not zipfile.is_zipfile(buffer)


def test_data_too_large_for_an_entry(monkeypatch):
    monkeypatch.setattr(stored_zip, "_MOST_4", 3)
    with pytest.raises(ValueError, match="4 GiB"):
        pack([("a", b"1234")])
