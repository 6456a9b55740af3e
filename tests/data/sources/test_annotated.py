import pickle
from collections import Counter
from pathlib import Path

import pytest

from tfdogs.data.sources.annotated import AnnotatedSource
from tfdogs.data.sources.base import Box
from tfdogs.data.sources.folder import FolderSource
from tfdogs.data.sources.open import open_source

DATA = Path(__file__).resolve().parents[3] / "../shared/data"


def _voc(xmin=1, xmax=9, name="dog", size=20, folder="x"):
    return (
        f"<annotation><folder>{folder}</folder><size><width>{size}</width><height>{size}</height></size>"
        f"<object><name>{name}</name><bndbox><xmin>{xmin}</xmin><ymin>1</ymin><xmax>{xmax}</xmax>"
        "<ymax>9</ymax></bndbox></object></annotation>"
    )


def _source(tmp_path, pictures, annotations):
    for folder in ("images", "boxes"):
        (tmp_path / folder).mkdir(exist_ok=True)
    for name in pictures:
        path = tmp_path / "images" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(name.encode())
    for name, text in annotations.items():
        (tmp_path / "boxes" / name).write_text(text)
    return AnnotatedSource(FolderSource(tmp_path / "images"), str(tmp_path / "boxes"))


def test_pictures_get_their_boxes_and_those_without_their_problem(tmp_path):
    (tmp_path / "images").mkdir()
    (tmp_path / "images/link.jpg").symlink_to(tmp_path / "x")
    source = _source(
        tmp_path,
        ["a.jpg", "b.jpg", "bad.jpg", "none.jpg", "objectless.jpg"],
        {
            "a.xml": _voc(2, 8),
            "b.xml": _voc(size=0),
            "bad.xml": _voc(9, 1),
            "objectless.xml": "<annotation/>",
            "link.xml": _voc(),
            "orphan.xml": _voc(),
            "bad_orphan.xml": "<",
        },
    )
    items = {item.name: source.complete(item) for item in source.items()}
    assert {name: item.problem for name, item in items.items()} == {
        "a.jpg": None,
        "b.jpg": None,
        "bad.jpg": "bad_annotation",
        "link.jpg": "link",
        "none.jpg": "no_annotation",
        "objectless.jpg": "no_annotation",
    }
    assert items["a.jpg"].boxes == (Box(1, 0, 8, 9),)
    assert items["a.jpg"].frame == (20, 20)
    assert items["b.jpg"].frame is None
    assert all(item.ref is None for item in items.values() if item.problem)
    assert list(source.orphans()) == ["bad_orphan.xml", "orphan.xml"]
    assert len(source) == 6


def test_why_a_picture_has_no_annotation(tmp_path):
    pictures = ["train/a.jpg", "val/a.jpg", "train/b.jpg", "val/b.jpg", "c.jpg"]
    (tmp_path / "boxes/t").mkdir(parents=True)
    (tmp_path / "boxes/v").mkdir()
    source = _source(tmp_path, pictures, {"t/a.xml": _voc(), "v/A.xml": _voc(), "b.xml": _voc()})
    details = {item.name: item.detail for item in source.items() if item.problem == "no_annotation"}
    assert len(details) == 5
    cannot = "cannot tell whether {}.xml is its own: give both the same folders"
    assert details["train/a.jpg"] == details["val/a.jpg"] == cannot.format("one of 2 annotations a")
    assert details["train/b.jpg"] == cannot.format("the annotation b")
    assert details["c.jpg"] == "no annotation of the name c or c.xml"


def test_pickled_sources_load_and_list(tmp_path):
    source = _source(tmp_path, ["a.jpg"], {"a.xml": _voc()})
    (item,) = source.items()
    copy = pickle.loads(pickle.dumps(source))
    complete = copy.complete(item)
    assert complete == source.complete(item) and complete.boxes == (Box(0, 0, 9, 9),)
    assert copy.load(complete) == source.load(complete) == b"a.jpg"
    assert list(copy.items()) == [item]


def test_an_annotation_that_has_gone_costs_its_picture_and_no_more(tmp_path):
    source = _source(tmp_path, ["a.jpg", "b.jpg"], {"a.xml": _voc(), "b.xml": _voc()})
    items = list(source.items())
    (tmp_path / "boxes/a.xml").unlink()
    assert [source.complete(item).problem for item in items] == ["bad_annotation", None]


@pytest.mark.parametrize(
    ("pictures", "annotations", "classes"),
    [
        (["a/1.jpg", "b/2.jpg"], {"1.xml": _voc(), "2.xml": _voc(name="cat")}, ["a", "b"]),
        (["1.jpg", "2.jpg"], {"1.xml": _voc(), "2.xml": _voc(name="cat")}, ["dog", "cat"]),
        (["1.jpg", "2.jpg"], {"1.xml": _voc(), "2.xml": _voc()}, [None, None]),
        (["1.jpg", "2.jpg"], {"1.xml": _voc(), "2.xml": _voc(), "3.xml": _voc(name="cat")}, [None, None]),
        (
            ["pug_1.jpg", "shiba_inu_2.jpg"],
            {"pug_1.xml": _voc(folder="OXIIIT"), "shiba_inu_2.xml": _voc(folder="OXIIIT")},
            ["pug", "shiba_inu"],
        ),
    ],
)
def test_class_folders_come_before_names_in_annotations(tmp_path, pictures, annotations, classes):
    source = _source(tmp_path, pictures, annotations)
    assert [item.class_name for item in source.items()] == classes


@pytest.mark.real_data
@pytest.mark.skipif(not (DATA / "stanford_dogs").is_dir(), reason="no shared/data beside the checkout")
def test_stanford_dogs():
    folder = DATA / "stanford_dogs"
    source = open_source(str(folder / "images.tar"), annotations=str(folder / "annotation.tar"))
    items = [source.complete(item) for item in source.items()]
    assert len(items) == 12_000
    assert len({item.class_name for item in items}) == 120
    assert sum(len(item.boxes) for item in items) == 12_877
    assert {item.problem for item in items} == {None}
    assert all(0 < min(item.frame) <= max(item.frame) <= 176 for item in items)
    assert list(source.orphans()) == []


@pytest.mark.real_data
@pytest.mark.skipif(not (DATA / "pet_heads").is_dir(), reason="no shared/data beside the checkout")
def test_pet_heads():
    folder = DATA / "pet_heads"
    source = open_source(str(folder / "images"), annotations=str(folder / "annotations"))
    items = [source.complete(item) for item in source.items()]
    classes = Counter(item.class_name for item in items)
    assert classes == {"Abyssinian": 40, "Bengal": 40, "american_bulldog": 40}
    assert sum(len(item.boxes) for item in items) == 121
    assert {item.problem for item in items} == {None}


def test_xml_beside_the_pictures_is_not_left_out(tmp_path):
    (tmp_path / "images").mkdir()
    for name in ("a.jpg", "a.heic"):
        (tmp_path / "images" / name).write_bytes(b"x")
    (tmp_path / "images/a.xml").write_text(_voc())
    source = AnnotatedSource(FolderSource(tmp_path / "images"), str(tmp_path / "images"))
    assert source.left_out().suffixes == {".heic": 1}


def test_xml_that_is_not_read_and_what_lies_beside_the_annotations_is_counted(tmp_path):
    source = _source(tmp_path, ["a.jpg", "b.xml"], {"a.xml": _voc(), "notes.json": "x", "b.jpg": "x"})
    (tmp_path / "boxes/more").symlink_to(tmp_path / "nowhere")
    left_out = AnnotatedSource(FolderSource(tmp_path / "images"), source.path).left_out()
    assert left_out.suffixes == {".xml": 1} and left_out.annotations == {".json": 1, "links": 1}
