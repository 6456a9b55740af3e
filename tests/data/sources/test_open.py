import bz2
import random
import subprocess
import sys
import tarfile
import zipfile

import pytest

from tfdogs.data.sources.annotated import AnnotatedSource
from tfdogs.data.sources.folder import FolderSource
from tfdogs.data.sources.idx import IdxSource
from tfdogs.data.sources.open import open_source
from tfdogs.data.sources.tar import TarSource
from tfdogs.data.sources.zip import ZipSource
from tfdogs.errors import TfdogsError, UsageError


@pytest.fixture
def files(tmp_path):
    """A folder with one source of each kind; the archives' names say nothing of what they are."""
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder/a.jpg").write_bytes(b"x")
    for name, mode in (("tar", "w"), ("tgz", "w:gz"), ("txz", "w:xz")):
        with tarfile.open(tmp_path / name, mode) as tar:
            tar.add(tmp_path / "folder/a.jpg", "a.jpg")
    with zipfile.ZipFile(tmp_path / "zip", "w") as archive:
        archive.writestr("a.jpg", b"x")
    with zipfile.ZipFile(tmp_path / "emptied.zip", "w") as archive:
        archive.writestr("readme.txt", b"x")
    (tmp_path / "boxes").mkdir()
    (tmp_path / "boxes/a.xml").write_bytes(b"<annotation/>")
    (tmp_path / "empty").mkdir()
    (tmp_path / "text.txt").write_bytes(b"hello")
    (tmp_path / "page").write_bytes(b"\n<!DOCTYPE html><html></html>")
    (tmp_path / "broken.zip").write_bytes(b"hello")
    (tmp_path / "broken.tar.gz").write_bytes(b"")
    (tmp_path / "images").write_bytes(b"\0\0\x08\x03\0\0\0\1\0\0\0\1\0\0\0\1x")
    return tmp_path


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("folder", FolderSource),
        ("tar", TarSource),
        ("tgz", TarSource),
        ("txz", TarSource),
        ("zip", ZipSource),
    ],
)
def test_kinds_are_told_by_content(files, name, kind):
    source = open_source(str(files / name))
    assert type(source) is kind
    (item,) = source.items()
    assert (item.name, source.load(item)) == ("a.jpg", b"x")
    annotated = open_source(str(files / name), annotations=str(files / "boxes"))
    assert type(annotated) is AnnotatedSource


def test_a_self_extracting_zip_is_one(files):
    (files / "pets.exe").write_bytes(b"MZ" + bytes(5000) + (files / "zip").read_bytes())
    source = open_source(str(files / "pets.exe"))
    (item,) = source.items()
    assert type(source) is ZipSource and source.load(item) == b"x"


@pytest.mark.parametrize(
    ("start", "kind"),
    [
        (b"7z\xbc\xaf'\x1c", "7z"),
        (b"Rar!\x1a\7", "RAR"),
        (b"\4\x22\x4d\x18", "LZ4"),
        (b"070701", "cpio"),
        (b"PK\7\x08", "split zip"),
    ],
)
def test_archives_that_are_not_read_are_named(files, start, kind):
    (files / "pets.zip").write_bytes(start + bytes(100))
    with pytest.raises(UsageError, match=f"{kind} archives are not read: unpack it and give the folder"):
        open_source(str(files / "pets.zip"))


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        (
            "a.zip",
            b"version https://git-lfs.github.com/spec/v1\n",
            "is a pointer of Git LFS .*git lfs pull",
        ),
        ("a.tar.gz", b"<html>404</html>", "is a web page: the download failed"),
        ("a.tar", bytes(600)[:300], "is only zero bytes at its beginning"),
        (
            "a.tar.bz2",
            bz2.compress(random.Random(0).randbytes(999))[:90],
            "corrupt: its compressed data: .* ended before",
        ),
        ("a.tar.zst", b"\x28\xb5\x2f\xfd" + b"\xff" * 40, "corrupt: its compressed data: "),
        ("a.tar.lzma", b"hello", "corrupt: it does not begin as an archive does"),
    ],
)
def test_what_is_no_archive_in_spite_of_its_name_is_told(files, name, data, words):
    (files / name).write_bytes(data)
    with pytest.raises(TfdogsError, match=f"{name} .*{words}"):
        open_source(str(files / name))


def test_idx(files):
    assert type(open_source(f"idx:{files / 'images'}")) is IdxSource


@pytest.mark.parametrize(
    ("images", "message"),
    [
        ("", "--images must be a folder"),
        ("{}/nothing", "--images: no such file or folder; .*Received: --images=.*nothing"),
        ("{}/empty", "--images holds no pictures .*empty"),
        ("{}/emptied.zip", r"holds no pictures .*; left out, .* 1 files \(.txt 1\). Received: .*emptied.zip"),
        ("{}/folder/a.jpg", "--images must be a folder, .*, and not one picture. Received: .*a.jpg"),
        ("{}/page", "--images must be a folder, .*, and not a web page: the download failed. Rec.*page"),
        ("{}/text.txt", "--images must be a folder, .tar, .*text.txt"),
        ("coco:val", "--images: no such file or folder; legal is .*paper_dogs:N"),
        ("paper_dogs", "--images: no such file or folder; legal is .*paper_dogs:N"),
        ("paper_dogs:", "--images: no such file or folder"),
        ("paper_dogs:0", "paper_dogs:N takes a number of at least 1"),
        ("paper_dogs:-3", "paper_dogs:N takes a number"),
        ("paper_dogs:1e3", "paper_dogs:N takes a number"),
        ("paper_dogs:1_000", "paper_dogs:N takes a number"),
        ("paper_dogs:\u0663", "paper_dogs:N takes a number"),
        ("paper_dogs:" + "9" * 5000, "paper_dogs:N takes a number"),
        ("idx:{}/nothing", "--images: cannot read .*nothing"),
        ("idx:{}/text.txt", "must begin with the IDX magic"),
        ("idx:{}", "--images: cannot read"),
    ],
)
def test_bad_images_are_usage_errors_of_one_line(files, images, message):
    with pytest.raises(UsageError, match=message) as e:
        open_source(images.format(files))
    assert "\n" not in str(e.value)


@pytest.mark.parametrize("name", ["broken.zip", "broken.tar.gz"])
def test_broken_archives_are_errors_that_name_the_file(files, name):
    with pytest.raises(TfdogsError, match=rf"{name} is truncated or corrupt"):
        open_source(str(files / name))


@pytest.mark.parametrize("images", ["paper_dogs:3", "idx:x", "tfds:mnist"])
def test_annotations_need_pictures_in_a_folder_or_an_archive(files, images):
    with pytest.raises(UsageError, match=rf"--annotations goes with .*--images={images} --annotations="):
        open_source(images, annotations=str(files / "boxes"))


def test_a_missing_annotations_folder_is_found_before_any_work(files):
    with pytest.raises(UsageError, match=r"--annotations: no such file or folder; .*--annotations=.*gone"):
        open_source(str(files / "folder"), annotations=str(files / "gone"))


def test_paper_dogs_of_an_impossible_size_are_a_usage_error():
    with pytest.raises(UsageError, match=r"--images=paper_dogs:3: .*size"):
        open_source("paper_dogs:3", image_size=100_000)


def test_no_source_imports_tensorflow():
    code = """if True:
        import importlib, pkgutil, sys
        import tfdogs.data.sources as sources
        for module in pkgutil.iter_modules(sources.__path__):
            importlib.import_module(f"{sources.__name__}.{module.name}")
        print(*[name for name in sys.modules if name.startswith(("tensorflow", "keras"))], "end")
    """
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "end"
