import pytest

from tfdogs.errors import TfdogsError, UsageError
from tfdogs.sampling import output


@pytest.fixture
def folder(tmp_path):
    """A folder as tfdogs.generate leaves it."""
    path = tmp_path / "dogs"
    path.mkdir()
    for name in ("image_00000.png", "image_123456.png", "seeds.csv"):
        (path / name).write_bytes(b"old")
    return path


def test_what_is_new_or_empty_may_be_written(tmp_path):
    (tmp_path / "empty").mkdir()
    output.check(tmp_path / "empty", folder=True, overwrite=False)
    output.check(tmp_path / "new/deep/a.png", folder=False, overwrite=False)
    assert not (tmp_path / "new").exists()


def test_what_is_there_needs_overwrite(tmp_path, folder):
    (tmp_path / "a.png").write_bytes(b"old")
    for path, is_folder in ((tmp_path / "a.png", False), (folder, True)):
        with pytest.raises(UsageError, match="--overwrite it"):
            output.check(path, folder=is_folder, overwrite=False)
        output.check(path, folder=is_folder, overwrite=True)


def test_what_a_command_never_replaces_is_refused_without_a_word_of_overwrite(tmp_path):
    (tmp_path / "a.png").write_bytes(b"old")
    with pytest.raises(UsageError, match=r"/a\.png is there already; choose another, or remove it$"):
        output.check(tmp_path / "a.png", folder=False, overwrite=None, flag="sheet")


def test_overwrite_spares_folders_that_are_not_ours(folder):
    (folder / "thesis.tex").write_bytes(b"")
    with pytest.raises(UsageError, match=r"holds thesis\.tex"):
        output.check(folder, folder=True, overwrite=True)


def test_a_file_is_no_folder_and_a_folder_no_file(tmp_path, folder):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(UsageError, match="is a file already"):
        output.check(tmp_path / "file", folder=True, overwrite=True)
    with pytest.raises(UsageError, match="is a folder already"):
        output.check(folder, folder=False, overwrite=True)
    with pytest.raises(UsageError, match=r"/file is a file"):
        output.check(tmp_path / "file/a.png", folder=False, overwrite=True)


@pytest.mark.parametrize("is_folder", [False, True])
def test_replacing_shows_the_new_only_when_complete(tmp_path, is_folder):
    path = tmp_path / "deep/dogs"
    for text in ("one", "two"):
        with output.replacing(path, folder=is_folder) as aside:
            assert aside.name.startswith(".") and aside.parent == path.parent
            assert path.exists() == (text == "two")
            (aside / "seeds.csv" if is_folder else aside).write_text(text)
        assert (path / "seeds.csv" if is_folder else path).read_text() == text
        assert list(path.parent.iterdir()) == [path]


def test_two_processes_of_one_number_do_not_write_one_file(tmp_path):
    """As in two containers that share a disk."""
    path = tmp_path / "report.html"
    with output.replacing(path) as one, output.replacing(path) as other:
        assert one != other
        one.write_text("one")
        other.write_text("other")
    assert path.read_text() == "one" and list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("error, raised", [(KeyError, KeyError), (OSError(28, "disk full"), TfdogsError)])
@pytest.mark.parametrize("is_folder", [False, True])
def test_a_failure_leaves_what_was_there(tmp_path, folder, is_folder, error, raised):
    path = folder if is_folder else tmp_path / "a.png"
    if not is_folder:
        path.write_bytes(b"old")
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(raised), output.replacing(path, folder=is_folder) as aside:
        (aside / "image_00000.png" if is_folder else aside).write_bytes(b"half")
        raise error
    assert sorted(tmp_path.rglob("*")) == before
    assert (path / "image_00000.png" if is_folder else path).read_bytes() == b"old"
