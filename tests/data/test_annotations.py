import tarfile
import unicodedata
import zipfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tfdogs.data.annotations import Annotation, Annotations, is_box, parse_voc, read
from tfdogs.data.sources.base import Box
from tfdogs.errors import TfdogsError, UsageError


def voc(*boxes, size=(100, 80), names=None, folder="x"):
    objects = "".join(
        f"<object><name>{name}</name><bndbox><xmin>{a}</xmin><ymin>{b}</ymin><xmax>{c}</xmax><ymax>{d}</ymax>"
        "</bndbox></object>"
        for (a, b, c, d), name in zip(boxes, names or ["dog"] * len(boxes))
    )
    frame = "<size><width>{}</width><height>{}</height><depth>3</depth></size>".format(*size) if size else ""
    return f"<annotation><folder>{folder}</folder>{frame}{objects}</annotation>".encode()


def test_voc_counts_pixels_from_1_and_includes_the_last():
    # The whole of a picture of 100 x 80 is (1, 1, 100, 80) in VOC.
    assert parse_voc(voc((1, 1, 100, 80)), "a").boxes == (Box(0, 0, 100, 80),)


def test_several_objects_outside_the_picture_too():
    annotation = parse_voc(voc((0, -5, 120, 80), (10.5, 20, 30, 40)), "a")
    assert annotation == Annotation((Box(-1, -6, 120, 80), Box(9.5, 19, 30, 40)), "dog", (100, 80))


@pytest.mark.parametrize("size", [None, (0, 0), (0, 80), (100, 0), ("", "")])
def test_a_missing_size_is_no_frame(size):
    annotation = parse_voc(voc((1, 1, 9, 9), size=size), "a")
    assert annotation.frame is None
    assert not annotation.bad


@pytest.mark.parametrize(
    ("names", "class_name"),
    [(["dog", "dog"], "dog"), (["dog", "cat"], None), (["", ""], None), ([" dog\n", "dog"], "dog")],
)
def test_the_class_is_the_name_of_all_objects(names, class_name):
    assert parse_voc(voc((1, 1, 9, 9), (2, 2, 9, 9), names=names), "a").class_name == class_name


def test_oxford_pets_have_their_breed_in_the_files_name():
    data = voc((1, 1, 9, 9), folder="OXIIIT")
    assert parse_voc(data, "xmls/american_bulldog_10.xml").class_name == "american_bulldog"
    assert parse_voc(voc((1, 1, 9, 9)), "xmls/american_bulldog_10.xml").class_name == "dog"


def test_class_names_are_in_nfc():
    taken_apart = unicodedata.normalize("NFD", "épagneul")
    data = voc((1, 1, 9, 9), names=[taken_apart])
    assert parse_voc(data, "a").class_name == "épagneul" != taken_apart
    assert parse_voc(voc((1, 1, 9, 9), folder="OXIIIT"), f"{taken_apart}_1.xml").class_name == "épagneul"


BAD = {
    "empty": b"",
    "no XML": b"hello",
    "cut": voc((1, 1, 9, 9))[:-20],
    "words": voc(("one", 1, 9, 9)),
    "nan": voc(("nan", 1, 9, 9)),
    "infinite": voc((1, 1, "inf", 9)),
    "inverted": voc((9, 1, 1, 9)),
    "flat": voc((1, 5, 9, 5)),
    "both of two": voc((1, "", 9, 9), (9, 1, 1, 9)),
    "no bndbox": b"<annotation><object><name>dog</name></object></annotation>",
    "coordinate missing": voc((1, 1, 9, 9)).replace(b"<ymax>9</ymax>", b""),
    "size": voc((1, 1, 9, 9), size=("wide", 5)),
    "negative size": voc((1, 1, 9, 9), size=(-5, 5)),
    "entities": b'<!DOCTYPE a [<!ENTITY x "y">]>' + voc((1, 1, 9, 9)),
    "external": b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><annotation>&x;</annotation>',
    "encoding": b'<?xml version="1.0" encoding="klingon"?>' + voc((1, 1, 9, 9)),
    "bytes": b"<annotation>\xff\xfe</annotation>",
    "giant": voc((1, 1, 9, 9)) + b" " * 2**20,
}


@pytest.mark.parametrize("data", BAD.values(), ids=BAD)
def test_malformed_annotations_are_bad(data):
    found = parse_voc(data, "a.xml")
    assert found == Annotation(bad=True, detail=found.detail)
    assert found.detail.startswith("a.xml: ") and "\n" not in found.detail


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("cut", "broken XML"),
        ("entities", "declares entities, which are refused: remove its DOCTYPE"),
        ("external", "declares entities, which are refused: remove its DOCTYPE"),
        ("inverted", "the corners of the box are swapped"),
        ("flat", "the box has no area"),
        ("words", "a coordinate of the box is missing or no number"),
        ("size", "its <size> is wide x 5"),
        ("giant", "too large for an annotation"),
    ],
)
def test_what_is_wrong_with_an_annotation_is_said(kind, words):
    assert words in parse_voc(BAD[kind], "a.xml").detail


def test_one_bad_object_costs_no_good_box():
    annotation = parse_voc(voc((1, 1, 9, 9), (9, 1, 1, 9), ("x", 1, 9, 9), (5, 5, 9, 9)), "a")
    assert not annotation.bad and list(map(is_box, annotation.boxes)) == [True, False, False, True]
    assert annotation.boxes[0] == Box(0, 0, 9, 9) and annotation.boxes[3] == Box(4, 4, 9, 9)
    assert annotation.class_name == "dog"


def test_namespaces_and_blanks_before_the_declaration_are_harmless():
    data = voc((1, 1, 9, 9)).replace(b"<annotation>", b'<annotation xmlns="http://example.org/voc">')
    assert parse_voc(data, "a") == parse_voc(voc((1, 1, 9, 9)), "a") != Annotation()
    assert parse_voc(b'\n <?xml version="1.0"?>' + data, "a").boxes == (Box(0, 0, 9, 9),)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "gbk", "gb2312", "shift_jis", "euc-jp", "big5"])
def test_declared_encodings_are_read(encoding):
    head, text = f'<?xml version="1.0" encoding="{encoding}"?>', voc((1, 1, 9, 9), names=["犬"]).decode()
    found = parse_voc(f"{head}{text}".encode(encoding), "a.xml")
    assert found.class_name == "犬" and found.boxes == (Box(0, 0, 9, 9),)
    bomb = f'{head}<!DOCTYPE a [<!ENTITY x "y">]>{text}'.encode(encoding)
    assert "declares entities" in parse_voc(bomb, "a.xml").detail


def test_an_encoding_that_is_not_declared_is_told():
    data = voc((1, 1, 9, 9)).replace(b"<name>dog<", b"<name>\xe9pagneul<")
    assert parse_voc(data, "a.xml").detail == "a.xml: is not UTF-8 and names no encoding: save it as UTF-8"
    for codec in (b"zip", b"utf-32"):
        assert parse_voc(b"<?xml version='1.0' encoding='%s'?>" % codec + data, "a.xml").bad


@given(st.binary(max_size=200) | st.text(alphabet="<>/&;!?abox ", max_size=80).map(str.encode))
@settings(max_examples=100, deadline=None)
def test_any_bytes_are_an_annotation_or_bad(data):
    assert isinstance(parse_voc(data, "a"), Annotation)


@given(st.tuples(*[st.floats()] * 4))
@settings(max_examples=50, deadline=None)
def test_is_box(corners):
    box = Box(*corners)
    inf = float("inf")
    legal = -inf < box.left < box.right < inf and -inf < box.top < box.bottom < inf
    assert is_box(box) == legal


def _fill(folder, files):
    for name, data in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return folder


def _pack(folder, path):
    if path.suffix == ".zip":
        with zipfile.ZipFile(path, "w") as archive:
            for file in sorted(folder.rglob("*")):
                archive.write(file, file.relative_to(folder))
    else:
        with tarfile.open(path, "w:gz" if path.suffix == ".tgz" else "w") as tar:
            tar.add(folder, ".")  # names begin with "./"
    return path


def _joined(path, pictures):
    joined = Annotations(str(path)).join(pictures)
    return {f"{folder}/{stem}".lstrip("/"): entry.path for (folder, stem), entry in joined.items()}


@pytest.mark.parametrize("kind", ["folder", "a.tar", "a.tgz", "a.zip"])
@pytest.mark.parametrize("suffix", ["", ".xml", ".XML"])
def test_annotations_are_read_from_folders_and_archives(tmp_path, kind, suffix):
    files = {f"Annotation/n0{i}-x/n0{i}_{i}{suffix}": voc((1, 1, i + 5, 9)) for i in range(3)}
    path = _fill(tmp_path / "in", files)
    if kind != "folder":
        path = _pack(path, tmp_path / kind)
    annotations = Annotations(str(path))
    assert len(annotations) == 3
    assert sorted(annotations.names()) == sorted(files)
    joined = annotations.join(["Images/n01-x/n01_1.jpg", "Images/n09-x/n09_9.jpg"])
    assert list(joined) == [("Images/n01-x", "n01_1")]
    assert read(annotations.tree, joined["Images/n01-x", "n01_1"]).boxes == (Box(0, 0, 6, 9),)


def test_files_beside_the_xml_are_no_annotations(tmp_path):
    _fill(tmp_path, {"xmls/a.xml": voc((1, 1, 5, 5)), "README": b"x", "list.txt": b"x", "xmls/._a.xml": b"x"})
    assert Annotations(str(tmp_path)).names() == ["xmls/a.xml"]


def test_copies_that_programs_keep_are_no_annotations(tmp_path):
    names = ["1.xml", ".backup/1.xml", ".backup/2.xml", "@eaDir/1.xml", "list.txt"]
    _fill(tmp_path, dict.fromkeys(names, voc((1, 1, 5, 5))))
    assert _joined(tmp_path, ["I/1.jpg", "I/2.jpg"]) == {"I/1": "1.xml"}
    assert Annotations(str(tmp_path)).left_out == {".backup": 2, "@eaDir": 1, ".txt": 1}


def test_stems_that_repeat_are_told_apart_by_their_folders(tmp_path):
    _fill(tmp_path, dict.fromkeys(["A/cat/1.xml", "A/dog/1.xml", "A/dog/2.xml"], voc((1, 1, 5, 5))))
    assert _joined(tmp_path, ["I/cat/1.jpg", "I/dog/1.jpg", "I/2.jpg", "I/cat/3.jpg"]) == {
        "I/cat/1": "A/cat/1.xml",
        "I/dog/1": "A/dog/1.xml",
        "I/2": "A/dog/2.xml",
    }


def test_an_annotation_is_given_to_one_of_several_pictures_or_none(tmp_path):
    _fill(tmp_path, {"cat/1.xml": voc((1, 1, 5, 5)), "2.xml": voc((1, 1, 5, 5))})
    pictures = ["cat/1.jpg", "dog/1.jpg", "cat/2.jpg", "dog/2.jpg"]
    assert _joined(tmp_path, pictures) == {"cat/1": "cat/1.xml"}


def test_grandparents_decide_where_parents_repeat(tmp_path):
    names = ["test/cat/1", "train/cat/1", "train/dog/1"]
    _fill(tmp_path, {f"{name}.xml": voc((1, 1, 5, 5)) for name in names})
    expected = {f"I/{name}": f"{name}.xml" for name in names}
    assert _joined(tmp_path, [f"I/{name}.jpg" for name in names]) == expected


def test_case_and_a_pictures_suffix_do_not_keep_names_apart(tmp_path):
    names = ["img_7.xml", "x.jpg.xml", "Y.JPG.XML", "exact.xml", "EXACT.xml", "twice.xml", "dir/twice.xml"]
    _fill(tmp_path, dict.fromkeys(names, voc((1, 1, 5, 5))))
    pictures = ["IMG_7.JPG", "x.jpg", "y.jpg", "exact.jpg", "Exact.jpg", "DIR/TWICE.JPG"]
    assert _joined(tmp_path, pictures) == {
        "IMG_7": "img_7.xml",
        "x": "x.jpg.xml",
        "y": "Y.JPG.XML",
        "exact": "exact.xml",
        "Exact": "EXACT.xml",
        "DIR/TWICE": "dir/twice.xml",
    }


def test_copies_of_a_picture_share_its_annotation(tmp_path):
    _fill(tmp_path, {"a.xml": voc((1, 1, 5, 5))})
    assert _joined(tmp_path, ["I/a.jpg", "I/a.jpg#2", "I/a.png"]) == {"I/a": "a.xml"}


@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_names_are_joined_whatever_their_unicode_form(tmp_path, form):
    other = {"NFC": "NFD", "NFD": "NFC"}[form]
    _fill(tmp_path, {unicodedata.normalize(form, f"épagneul/{name}.xml"): voc((1, 1, 5, 5)) for name in "äö"})
    pictures = [unicodedata.normalize(other, f"I/épagneul/{name}.jpg") for name in "äö"]
    assert len(_joined(tmp_path, pictures)) == 2
    # Stems that repeat are told apart by folders whose names have the other form.
    _fill(tmp_path, {unicodedata.normalize(form, f"{name}/1.xml"): voc((1, 1, 5, 5)) for name in "äö"})
    pictures = [unicodedata.normalize(other, f"I/{name}/1.jpg") for name in "äö"]
    assert len(_joined(tmp_path, pictures)) == 2


def test_a_link_out_of_the_folder_is_not_read(tmp_path):
    _fill(tmp_path / "out", {"a.xml": voc((1, 1, 5, 5))})
    (tmp_path / "in").mkdir()
    (tmp_path / "in/a.xml").symlink_to(tmp_path / "out/a.xml")
    annotations = Annotations(str(tmp_path / "in"))
    (entry,) = annotations.join(["a.jpg"]).values()
    found = read(annotations.tree, entry)
    assert found.bad and not found.boxes and "a.xml: link: leads to" in found.detail


def test_missing_empty_and_broken_annotations_are_errors(tmp_path):
    with pytest.raises(UsageError, match="--annotations: no such file"):
        Annotations(str(tmp_path / "nothing"))
    (tmp_path / "empty").mkdir()
    with pytest.raises(UsageError, match=r"--annotations holds no VOC XML.*empty"):
        Annotations(str(tmp_path / "empty"))
    (tmp_path / "yolo").mkdir()
    for name in ("1.txt", "2.txt", "classes.yaml"):
        (tmp_path / "yolo" / name).write_text("0 0.5 0.5 0.1 0.1")
    with pytest.raises(UsageError, match=r"no VOC XML but 3 files \(\.txt 2, \.yaml 1\)\. Received: .*yolo"):
        Annotations(str(tmp_path / "yolo"))
    (tmp_path / "a.tar").write_bytes(b"hello")
    with pytest.raises(TfdogsError, match=r"a\.tar is truncated or corrupt"):
        Annotations(str(tmp_path / "a.tar"))
    path = _pack(_fill(tmp_path / "in", {"a.xml": voc((1, 1, 5, 5))}), tmp_path / "b.tar")
    path.write_bytes(path.read_bytes()[:1700])
    with pytest.raises(TfdogsError, match=r"b\.tar is truncated or corrupt"):
        Annotations(str(path))
