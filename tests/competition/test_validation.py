"""Submissions, right and wrong in every way."""

import json
import zipfile

import pytest

from tfdogs.competition.validation import validate
from tfdogs.data.paper_dogs import draw
from tfdogs.sampling.drawing import Picture
from tfdogs.sampling.images import write_zip

ALL = (
    "archive",
    "safety",
    "contents",
    "format",
    "size",
    "colour",
    "count",
    "names",
    "duplicates",
    "values",
    "variety",
)


@pytest.fixture
def check(make_zip):
    """Validates a zip of these files."""
    return lambda files, **options: validate(make_zip(files, **options), num_images=12, image_size=32)


def verdict(validation, name):
    (found,) = (verdict for verdict in validation.verdicts if verdict.name == name)
    return found


def test_what_was_asked_for_is_valid(check, dogs):
    validation = check(dogs)
    assert validation.failed == () and tuple(v.name for v in validation.verdicts) == ALL
    lines = validation.table().splitlines()
    assert len(lines) == 1 + len(ALL) and all(line.startswith("ok ") for line in lines[1:])
    assert lines[0].endswith("images.zip: 12 PNGs of 32x32 are asked for")
    assert "all 12 are PNGs by their content" in validation.table()
    values = json.loads(json.dumps(validation.to_dict(), allow_nan=False))
    assert values["valid"] and [found["name"] for found in values["checks"]] == list(ALL)


def test_what_tfdogs_generate_writes_is_valid(tmp_path, dogs):
    pictures = (Picture(seed, None, png) for seed, png in enumerate(dogs.values()))
    path = tmp_path / "images.zip"
    write_zip(pictures, path)
    assert validate(path, num_images=12, image_size=32).failed == ()


@pytest.mark.parametrize(
    ("change", "failed"),
    [
        (lambda dogs, png: dogs.pop("image_00003.png"), {"count": "11 PNGs, 12 are asked for"}),
        (lambda dogs, png: dogs.update({"x.png": png(draw(99, size=32))}), {"count": "13 PNGs, 12"}),
        (
            lambda dogs, png: dogs.update({"image_00003.png": png(draw(3, size=33))}),
            {"size": "1 of 12 PNGs are not 32x32"},
        ),
        (
            lambda dogs, png: dogs.update({"image_00003.png": png(draw(3, size=32).convert("L"))}),
            {"colour": "1 of 12 PNGs are not RGB 8 bit"},
        ),
        (
            lambda dogs, png: dogs.update({"image_00003.png": png(draw(3, size=32), "JPEG")}),
            {"format": "1 of 12 are no PNG that can be read", "count": "11 PNGs"},
        ),
        (
            lambda dogs, png: dogs.update({"image_00003.png": dogs["image_00004.png"]}),
            {"duplicates": "11 different images, and 1 with the same pixels as an earlier one"},
        ),
        (
            lambda dogs, png: dogs.update({"x.jpg": dogs.pop("image_00003.png")}),
            {"contents": "1 of 12 do not belong in it"},
        ),
        (
            lambda dogs, png: dogs.update({"images/x.png": dogs.pop("image_00003.png")}),
            {"contents": "1 of 12 do not belong in it"},
        ),
        (
            lambda dogs, png: dogs.update({"../x.png": dogs.pop("image_00003.png")}),
            {"safety": "1 of 12 are not safe", "contents": "1 of 12", "count": "11 PNGs"},
        ),
        (
            lambda dogs, png: dogs.update({"images/": b"", "__MACOSX/._a.png": b"x", ".DS_Store": b"x"}),
            {"contents": "3 of 15 do not belong in it", "format": "2 of 14"},
        ),
    ],
)
def test_each_fault_is_found_and_nothing_else(check, dogs, png, change, failed):
    files = dict(dogs)
    change(files, png)
    validation = check(files)
    assert set(validation.failed) == set(failed), validation.table()
    for name, figure in failed.items():
        assert figure in verdict(validation, name).figure


def test_offenders_are_named_the_first_three_of_them(check, dogs, png):
    files = {name: png(draw(i, size=16)) if i > 3 else data for i, (name, data) in enumerate(dogs.items())}
    validation = check(files)
    found = verdict(validation, "size")
    assert found.figure == "8 of 12 PNGs are not 32x32" and found.numbers["offenders"] == 8
    assert found.details == tuple(f"image_0000{i}.png (16x16)" for i in (4, 5, 6))
    lines = validation.table().splitlines()
    at = next(i for i, line in enumerate(lines) if line.startswith("FAIL  size"))
    assert [line.strip() for line in lines[at + 1 : at + 4]] == list(found.details)
    assert lines[at + 4].startswith("ok    colour")


def test_litter_folders_and_other_files_are_told_apart(check, dogs):
    extra = {"images/": b"", "__MACOSX/._a.png": b"x", "notes.txt": b"x"}
    found = verdict(check({**extra, **dogs}), "contents")
    assert found.details == (
        "images/ (a folder)",
        "__MACOSX/._a.png (litter of macOS)",
        "notes.txt (no .png)",
    )


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_names_that_come_twice(check, dogs, png):
    files = [*dogs.items()]
    files[1] = (files[0][0], files[1][1])
    files[2] = ("./" + files[0][0], files[2][1])
    found = verdict(check(files), "names")
    assert not found.passed and found.figure == "10 different ones, and 2 that were there before"
    assert found.details == ("image_00000.png (again)", "./image_00000.png (again)")


@pytest.mark.parametrize(
    "pair",
    [
        ("A.png", "a.PNG"),
        ("caf\u00e9.png", "cafe\u0301.png"),
        ("\u00c9.png", "e\u0301.png"),
        ("stra\u00dfe.png", "STRASSE.png"),
        ("\u01f0.png", "J\u030c.png"),
    ],
)
def test_names_that_some_file_systems_take_for_one(check, dogs, pair):
    images = list(dogs.values())
    found = verdict(check([*zip(pair, images), *[*dogs.items()][2:]]), "names")
    assert not found.passed and found.details == (f"{pair[1]} (again)",)


def test_names_that_look_alike_are_two(check, dogs):
    pair = ("e.png", "\u00e9.png")
    assert verdict(check([*zip(pair, dogs.values()), *[*dogs.items()][2:]]), "names").passed


def test_duplicates_packed_otherwise_are_named_with_their_twin(check, dogs, png):
    files = {**dogs, "image_00011.png": png(draw(2, size=32), compress_level=0)}
    assert files["image_00011.png"] != files["image_00002.png"]
    found = verdict(check(files), "duplicates")
    assert found.details == ("image_00011.png (as image_00002.png)",)


def test_a_file_that_cannot_be_unpacked(make_zip, dogs):
    path = make_zip(dogs, zipfile.ZIP_STORED)
    data = path.read_bytes()
    middle = data.index(dogs["image_00005.png"]) + 100
    path.write_bytes(data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1 :])
    validation = validate(path, num_images=12, image_size=32)
    assert set(validation.failed) == {"archive", "count"}
    assert verdict(validation, "archive").details == ("image_00005.png (wrong checksum)",)


def test_what_is_no_zip_has_one_verdict(tmp_path):
    path = tmp_path / "images.zip"
    path.write_bytes(b"no zip")
    validation = validate(path)
    assert validation.failed == ("archive",) and len(validation.verdicts) == 1
    assert "no usable zip" in validation.table()


def test_an_empty_zip(make_zip):
    validation = validate(make_zip({}), num_images=12)
    assert set(validation.failed) == {"count", "values", "variety"}


def test_names_that_would_drive_the_terminal(check, dogs):
    found = verdict(check({**dogs, "\x1b[2J\u202e" + "x" * 200: b""}), "contents")
    (text,) = found.details
    assert "\x1b" not in text and "\u202e" not in text and "\\x1b[2J" in text and len(text) < 100


def test_all_dogs_of_one_zip_are_seen_in_order_whatever_the_threads(check, dogs, monkeypatch):
    from tfdogs.competition import validation

    expected = check(dogs).to_dict()
    monkeypatch.setattr(validation, "_THREADS", 1)
    assert check(dogs).to_dict() == expected
