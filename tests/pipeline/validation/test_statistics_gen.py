import io
import shutil
from pathlib import Path

import pytest
from PIL import Image

pytest.importorskip("tensorflow_data_validation", reason="TFDV comes with the extra `pipeline`")

from pipeline.types import STATISTICS
from pipeline.validation import statistics as files
from pipeline.validation.looking import Digest, table, write_text
from pipeline.validation.picture_facts import look
from tfdogs.data.sources.base import Box, Item
from tfdogs.errors import TfdogsError


def png(image):
    file = io.BytesIO()
    image.save(file, "PNG")
    return file.getvalue()


def test_a_tile_has_its_colours_luma_and_no_contrast():
    data = png(Image.new("RGB", (40, 100), (200, 100, 50)))
    found = look(Item("tile.png", "tiles", data, boxes=(Box(0, 0, 9, 9),)), None)
    luma = round(0.299 * 200 + 0.587 * 100 + 0.114 * 50)
    assert found == {
        "class": "tiles",
        "boxes": 1,
        "kind": "uniform",
        "width": 40,
        "height": 100,
        "scale": "32-63",
        "bytes": len(data),
        "brightness": luma,
        "contrast": 0,
        "saturation": 150,
    }


def test_black_beside_white_has_all_the_contrast_there_is():
    image = Image.new("L", (64, 64), 0)
    image.paste(255, (0, 0, 32, 64))
    found = look(Item("half", None, image), None)
    assert "class" not in found and "boxes" not in found
    assert (found["kind"], found["scale"], found["bytes"]) == ("picture", "64-127", 64 * 64)
    assert (found["brightness"], found["contrast"], found["saturation"]) == (127.5, 127.5, 0)


def test_what_cannot_be_read_is_told_with_its_class():
    for data, problem in ((b"no picture", None), (b"", ("unreadable", "gone"))):
        assert look(Item("x", "a", data), problem) == {"class": "a", "kind": "unreadable"}


def test_statistics_tell_of_every_picture(kennel, describe):
    root = kennel(lambda n, breed, data: (breed, data if n % 10 else b"broken"))
    found = describe(root)
    told = files.Statistics.load(found.path)
    assert told.photographs and sum(told.counts.values()) == 120 and min(told.counts.values()) > 0
    assert found.properties == {f"{split}_examples": n for split, n in told.counts.items()}
    both = [files.features(files.read(found.path, split)) for split in ("train", "eval")]
    assert [sum(files.words(f["class"]).values()) for f in both] == list(told.counts.values())
    assert sum(files.words(f["kind"]).get("unreadable", 0) for f in both) == 12
    looks = [look(Item("", None, path.read_bytes()), None) for path in root.rglob("*.png")]
    mean = sum(f["brightness"].num_stats.mean * files.present(f["brightness"]) for f in both) / 108
    assert mean == pytest.approx(sum(f.get("brightness", 0) for f in looks) / 108)
    assert sorted(path.name for path in found.path.iterdir()) == ["eval.pb", "statistics.json", "train.pb"]


@pytest.mark.slow  # each process imports TensorFlow, TFDV and Beam
def test_two_processes_see_what_one_sees(kennel, describe):
    root = kennel(count=12)
    assert describe(root, workers=2, shard_size=5).fingerprint == describe(root).fingerprint


def test_the_fingerprint_is_of_the_pictures(kennel, describe):
    root = kennel(count=12)
    one = describe(root)
    assert describe(root, shard_size=5).fingerprint == one.fingerprint
    broken = next(root.rglob("*.png"))
    broken.write_bytes(broken.read_bytes()[:50])
    assert describe(root).fingerprint != one.fingerprint


def test_digests_depend_on_the_facts_and_not_on_their_order():
    digest = Digest()

    def of(*parts):
        sums = []
        for part in parts:
            total = digest.create_accumulator()
            for element in part:
                total = digest.add_input(total, element)
            sums.append(total)
        return digest.extract_output(digest.merge_accumulators(sums))

    a, b = ("train", {"width": 3}), ("train", {"width": 4})
    assert of([a, b]) == of([b], [a]) == of([], [b, a])
    assert len({of([a]), of([a, a]), of([a, b]), of([("eval", a[1]), b]), of([])}) == 5


def test_beam_changes_nothing(kennel, describe):
    """What the tests of the validator rely on."""
    root = kennel(count=60)
    one, two = (files.read(describe(root, quick=quick).path, "train") for quick in (False, True))
    assert files.features(one).keys() == files.features(two).keys()
    for name, feature in files.features(one).items():
        same = files.features(two)[name]
        assert files.words(feature) == files.words(same) and files.present(feature) == files.present(same)
        assert feature.num_stats.mean == pytest.approx(same.num_stats.mean)


@pytest.mark.parametrize("fraction", [0.0, 1.0])
def test_a_split_may_be_empty(kennel, describe, fraction):
    found = describe(kennel(count=6), eval_fraction=fraction)
    counts = [files.count(files.read(found.path, split)) for split in ("train", "eval")]
    assert sorted(counts) == [0, 6] and counts[fraction == 1] == 6


def test_a_split_may_have_nothing_that_can_be_read(kennel, describe):
    found = describe(kennel(lambda n, breed, data: (breed, b"broken"), count=8), eval_fraction=0.0)
    features = files.features(files.read(found.path, "train"))
    assert set(features) == {"class", "kind"} and files.words(features["kind"]) == {"unreadable": 8}


def test_drawings_are_no_photographs(describe):
    found = describe("paper_dogs:6", image_size=16)
    assert not files.Statistics.load(found.path).photographs


def test_classes_that_are_no_utf_8_stay_apart():
    column = table([{"class": "\udce4"}, {"class": "\udcf6"}, {}]).column(0).to_pylist()
    assert column == [[b"\\udce4"], [b"\\udcf6"], None]


def test_a_fingerprint_moves_with_its_folder(kennel, describe, tmp_path):
    found = describe(kennel(count=6), quick=True)
    shutil.copytree(found.path, tmp_path / "copy")
    assert STATISTICS.fingerprint(tmp_path / "copy") == STATISTICS.fingerprint(found.path)


def test_a_text_is_there_whole_or_not_at_all(tmp_path, monkeypatch):
    write_text("old", tmp_path / "digest")
    write = Path.write_text

    def half(path, text, **options):
        write(path, text[:1], **options)
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_text", half)
    with pytest.raises(TfdogsError, match="No space left"):
        write_text("new", tmp_path / "digest")
    assert [path.read_text() for path in tmp_path.iterdir()] == ["old"]
