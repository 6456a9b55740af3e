import codecs

import pytest

from tfdogs.errors import UsageError
from tfdogs.flagfile import expand

TEXT = "# a recipe, für Hunde\n\n// and a comment\n--name=Žofie\n  --times=3  \n"
LATIN_2 = "--a\n--name=Žofie".encode("iso8859-2")


@pytest.mark.parametrize(
    "data",
    [
        TEXT.encode(),
        codecs.BOM_UTF8 + TEXT.encode(),
        TEXT.encode("utf-16"),  # with its mark
        codecs.BOM_UTF16_BE + TEXT.encode("utf-16-be"),
        TEXT.encode("utf-32"),
        TEXT.replace("\n", "\r\n").encode("utf-16"),  # as PowerShell writes it
    ],
    ids=["utf8", "utf8_mark", "utf16", "utf16be", "utf32", "powershell"],
)
def test_encodings_that_are_known_are_read(tmp_path, data):
    path = tmp_path / "a.flags"
    path.write_bytes(data)
    for given in ([f"--flagfile={path}"], [f"-flagfile={path}"], ["--flagfile", str(path)]):
        assert expand(["--times=1", *given, "--x"]) == ["--times=1", "--name=Žofie", "--times=3", "--x"]


def test_files_name_files_in_their_place(tmp_path):
    (tmp_path / "inner.flags").write_text("--b\n")
    (tmp_path / "outer.flags").write_text(f"--a\n--flagfile={tmp_path}/inner.flags\n--flagfile=\n--c\n")
    assert expand([f"--flagfile={tmp_path}/outer.flags"]) == ["--a", "--b", "--c"]
    twice = [f"--flagfile={tmp_path}/inner.flags"] * 2
    assert expand([*twice, "--", *twice]) == ["--b", "--b", "--", *twice]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (LATIN_2, r"a\.flags must be UTF-8 .* line 2 has the byte 0xae\. Save it"),
        (TEXT.encode("utf-16-le"), r"a\.flags must be UTF-8 text, and it has zero bytes"),
        (b"--flagfile=a.flags", r"--flagfile=a\.flags names itself, by way of .*a\.flags$"),
        (None, r"--flagfile cannot be read: a\.flags: No such file or directory$"),
    ],
)
def test_others_are_named(tmp_path, monkeypatch, data, message):
    monkeypatch.chdir(tmp_path)
    if data is not None:
        (tmp_path / "a.flags").write_bytes(data)
    with pytest.raises(UsageError, match=message):
        expand(["--flagfile=a.flags"])


def test_rare_line_breaks_are_part_of_a_name(tmp_path):
    (tmp_path / "a.flags").write_text("--name=a\u2028b\x85c\x0bd\r--x\r\n--y\n", newline="")
    assert expand([f"--flagfile={tmp_path}/a.flags"]) == ["--name=a\u2028b\x85c\x0bd", "--x", "--y"]


def test_a_file_must_be_given():
    with pytest.raises(UsageError, match="--flagfile=FILE"):
        expand(["--flagfile"])
