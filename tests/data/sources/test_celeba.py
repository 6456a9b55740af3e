import pickle
import zipfile

import pytest

from tfdogs.data.sources.base import Box
from tfdogs.data.sources.celeba import CelebASource
from tfdogs.data.sources.open import open_source
from tfdogs.errors import UsageError


def _zip(path, names):
    with zipfile.ZipFile(path, "w") as archive:
        for name in names:
            archive.writestr(name, name)
    return str(path)


def test_faces_have_one_centred_square_box_and_no_class(tmp_path):
    names = ["img_align_celeba/000001.jpg", "img_align_celeba/000002.jpg"]
    path = _zip(tmp_path / "img_align_celeba.zip", names)
    source = open_source(path)
    assert isinstance(source, CelebASource)
    assert len(source) == 2
    for item in source.items():
        (box,), (width, height) = item.boxes, item.frame
        assert box.right - box.left == box.bottom - box.top == 108
        assert (box.left + box.right, box.top + box.bottom) == (width, height) == (178, 218)
        assert item.class_name is None
        assert pickle.loads(pickle.dumps(source)).load(item) == item.name.encode()


def test_hostile_members_keep_their_problem(tmp_path):
    path = _zip(tmp_path / "a.zip", ["img_align_celeba/1.jpg", "../img_align_celeba/2.jpg"])
    ok, unsafe = open_source(path).items()
    assert ok.boxes == (Box(35, 55, 143, 163),)
    assert (unsafe.problem, unsafe.boxes) == ("unsafe_path", None)


@pytest.mark.parametrize(
    ("folder", "expected"),
    [
        ("img_align_celeba", True),
        ("x/img_align_celeba/img_align_celeba", True),
        ("celeba", False),
        ("img_align_celeba/x", False),
    ],
)
def test_the_layout_is_told_by_the_folder(tmp_path, folder, expected):
    (tmp_path / "top" / folder).mkdir(parents=True)
    (tmp_path / "top" / folder / "000001.jpg").write_bytes(b"x")
    assert isinstance(open_source(str(tmp_path / "top")), CelebASource) == expected


def test_the_folder_itself_may_be_given(tmp_path):
    (tmp_path / "img_align_celeba").mkdir()
    (tmp_path / "img_align_celeba/000001.jpg").write_bytes(b"x")
    assert isinstance(open_source(str(tmp_path / "img_align_celeba")), CelebASource)


def test_annotations_do_not_go_with_it(tmp_path):
    path = _zip(tmp_path / "a.zip", ["img_align_celeba/1.jpg"])
    with pytest.raises(UsageError, match="--annotations does not go with CelebA"):
        open_source(path, annotations=str(tmp_path))


def test_other_files_beside_the_faces_are_counted(tmp_path):
    source = open_source(_zip(tmp_path / "a.zip", ["img_align_celeba/1.jpg", "list_attr_celeba.txt"]))
    assert source.left_out().suffixes == {".txt": 1}
