import io
import os
import pickle
import tarfile
import unicodedata
import zipfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from tfdogs.data.sources.base import LeftOut
from tfdogs.data.sources.folder import FolderSource
from tfdogs.data.sources.tar import TarSource
from tfdogs.data.sources.tree import clean_path, is_picture, split_name
from tfdogs.data.sources.zip import ZipSource


def _png(level):
    buffer = io.BytesIO()
    Image.new("RGB", (5, 4), (level, 0, 0)).save(buffer, "PNG")
    return buffer.getvalue()


def _folder(path, files):
    for name, data in files.items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_bytes(data)
    return FolderSource(path)


def _tar(path, files, mode="w"):
    with tarfile.open(path, mode) as tar:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return TarSource(path)


def _zip(path, files, method=zipfile.ZIP_DEFLATED):
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return ZipSource(path)


CONTAINERS = {
    "folder": lambda path, files: _folder(path / "f", files),
    "tar": lambda path, files: _tar(path / "a.tar", files),
    "tar.gz": lambda path, files: _tar(path / "a.tgz", files, "w:gz"),
    "tar.bz2": lambda path, files: _tar(path / "a.tar.bz2", files, "w:bz2"),
    "tar.xz": lambda path, files: _tar(path / "a.tar.xz", files, "w:xz"),
    "zip": lambda path, files: _zip(path / "a.zip", files),
    "stored zip": lambda path, files: _zip(path / "a.zip", files, zipfile.ZIP_STORED),
}


@pytest.fixture(params=CONTAINERS)
def container(request, tmp_path):
    return lambda files: CONTAINERS[request.param](tmp_path, files)


@pytest.mark.parametrize(
    ("names", "classes"),
    [
        (["a.png", "b.png"], [None, None]),
        (["Images/a.png", "Images/b.png"], [None, None]),
        (["cat/1.png", "dog/1.png"], ["cat", "dog"]),
        (["Images/n01-x/1.png", "Images/n02-y/1.png"], ["n01-x", "n02-y"]),
        (["test/cat/1.png", "test/dog/1.png", "train/cat/1.png"], ["cat", "dog", "cat"]),
        (["0.png", "cat/1.png", "dog/1.png"], [None, "cat", "dog"]),
        (["all/0.png", "all/odd/1.png"], [None, None]),  # one name tells nothing apart
        (["a/images/1.png", "b/images/2.png"], [None, None]),
        (["n01/1.png", "n01-x/1.png"], ["n01", "n01-x"]),  # a common beginning is no common folder
    ],
)
def test_classes_are_the_folders_below_the_common_root(container, names, classes):
    source = container({name: _png(0) for name in names})
    assert {item.name: item.class_name for item in source.items()} == dict(zip(names, classes))


def test_class_names_are_in_nfc(container):
    names = ["épagneul", "šarplaninac"]
    forms = [unicodedata.normalize(form, names[0]) for form in ("NFC", "NFD")]
    source = container({f"{form}/{i}.png": _png(i) for i, form in enumerate([*forms, names[1]])})
    items = list(source.items())
    assert {item.class_name for item in items} == set(names) == source.layout.classes
    assert {item.name.rpartition("/")[0] for item in items} == {*forms, names[1]}, "files keep their names"
    assert sorted(source.load(item) for item in items) == sorted(map(_png, range(3)))


def test_items_are_the_same_whatever_holds_the_pictures(container):
    files = {f"Images/{breed}/{i}.png": _png(10 * i) for breed in ("akita", "pug") for i in range(3)}
    source = container({"Images/README.txt": b"no picture", **files})
    items = list(source.items())
    assert len(source) == len(items) == len(list(source.names())) == 6
    assert [item.name for item in items] == list(files) == list(source.names())
    assert items == list(source.items()), "the order is stable"
    assert all(item.problem is None and item.boxes is None and item.frame is None for item in items)
    copy = pickle.loads(pickle.dumps(source))
    for item in pickle.loads(pickle.dumps(items)):
        assert source.load(item) == copy.load(item) == files[item.name]
    assert list(copy.items()) == items
    assert list(source.orphans()) == []


def test_what_is_no_picture_is_left_out(container):
    pictures = [
        "a.JPG",
        "b.jpeg",
        "c.Png",
        "d.webp",
        "e.tiff",
        "f.ppm",
        "m.avif",
        "g.gif",
        "h.bmp",
        "i.tif",
        "j.pgm",
    ]
    pictures += ["k.jfif", "l.JFIF"]
    others = ["__MACOSX/a.jpg", "._a.jpg", "d/._b.png", ".DS_Store", "x.txt", "jpg", "x.jpg.xml", "x.jpgs"]
    source = container(dict.fromkeys(pictures + others, b"x"))
    assert sorted(item.name for item in source.items()) == sorted(pictures)


def test_what_is_left_out_is_counted_by_suffix(container):
    pictures, litter = ["a.jpg", "d.heic/b.png"], ["__MACOSX/a.heic", "._a.heic", "x/.DS_Store"]
    others = ["a.heic", "x/b.HEIC", "c.jxl", "README", "x/.hidden", "odd.\x1b[31m", "v.1/none"]
    source = container(dict.fromkeys(pictures + litter + others, b"x"))
    left_out = source.left_out()
    assert left_out.suffixes == {".heic": 2, ".jxl": 1, "others": 4} and left_out.litter == 3
    assert left_out.empty == ("v.1", "x")


def test_folders_of_programs_are_no_classes_and_are_counted(container):
    pictures = ["cat/1.jpg", "dog/2.jpg", "dog/.3.jpg", "dog/..jpg"]
    copies = [".ipynb_checkpoints/1-checkpoint.jpg", "cat/@eaDir/1.jpg/SYNO_M.jpg", "cat/@eaDir/1.txt"]
    copies += ["dog/.thumbs/large/2.jpg", "#recycle/9.jpg"]
    source = container(dict.fromkeys(pictures + copies, b"x"))
    assert sorted((item.name, item.class_name) for item in source.items()) == sorted(
        (name, name[:3]) for name in pictures
    )
    left_out = source.left_out()
    counts = {".ipynb_checkpoints": 1, "@eaDir": 2, ".thumbs": 1, "#recycle": 1}
    assert left_out == LeftOut({}, programs=counts) and len(source) == len(pictures)
    (line,) = left_out.lines()
    assert line.startswith("left out, in hidden folders or in those of a computer: 5 files (@eaDir 2, ")


def test_pipes_that_are_no_pictures_are_counted(tmp_path):
    source = _folder(tmp_path / "f", {"a.jpg": b"x"})
    os.mkfifo(tmp_path / "f/queue.fifo")
    assert source.left_out().suffixes == {".fifo": 1}


def test_folders_without_pictures_are_named(tmp_path):
    (tmp_path / "f/pug/deep").mkdir(parents=True)
    (tmp_path / "f/notes").mkdir()
    source = _folder(tmp_path / "f", {"a/b/1.jpg": b"x", "notes/x.txt": b"x"})
    assert source.left_out().empty == ("notes", "pug")
    with tarfile.open(tmp_path / "f.tar", "w") as tar:
        tar.add(tmp_path / "f", "f")
    assert TarSource(tmp_path / "f.tar").left_out().empty == ("f/notes", "f/pug")
    with zipfile.ZipFile(tmp_path / "f.zip", "w") as archive:
        for path in sorted((tmp_path / "f").rglob("*")):
            archive.write(path, path.relative_to(tmp_path))
    assert ZipSource(tmp_path / "f.zip").left_out().empty == ("f/notes", "f/pug")


def test_a_source_without_pictures_has_length_0(container):
    source = container({"readme.txt": b"x"})
    assert len(source) == 0
    assert list(source.items()) == []


def test_pickles_are_small(container):
    source = container({f"{i:03d}.png": b"x" for i in range(300)})
    assert len(list(source.items())) == 300
    assert len(pickle.dumps(source)) < 1000


@pytest.mark.parametrize(
    "path",
    ["/x.jpg", "../x.jpg", "a/../../x.jpg", "C:/x.jpg", "c:x.jpg", "a\\x.jpg", "..\\x.jpg", "x.jpg\0.txt"],
)
def test_unsafe_paths(path):
    clean, problem, detail = clean_path(path)
    assert problem == "unsafe_path" and detail
    assert "\0" not in clean
    assert is_picture(clean)


_PARTS = st.sampled_from(["a", "b c", ".hidden", "x.jpg", "..x", "x..", "ü"])


@given(st.lists(st.tuples(_PARTS, st.sampled_from(["/", "/./", "//", "/.//"])), min_size=1, max_size=5))
@settings(max_examples=30, deadline=None)
def test_clean_path_keeps_safe_paths(parts):
    path = "./" + "".join(part + separator for part, separator in parts)
    assert clean_path(path) == ("/".join(part for part, _ in parts), None, "")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("a/b/x.jpg", ("a/b", "x")),
        ("x.JPEG#2", ("", "x")),
        ("a/x.y.png", ("a", "x.y")),
        ("a/x#2.png", ("a", "x#2")),
        ("a.jpg/x", ("a.jpg", "x")),
    ],
)
def test_split_name(name, expected):
    assert split_name(name) == expected
