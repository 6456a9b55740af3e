import concurrent.futures
import io
import shutil
import threading

import pytest
from PIL import Image

pytest.importorskip("apache_beam", reason="Apache Beam comes with the extra `pipeline`")

from pipeline.components.example_gen import ExampleGen
from pipeline.core.contract import Parameter
from pipeline.examples import raw_records
from pipeline.examples.raw_examples import RawExamples
from pipeline.examples.shard_writer import WriteShards, leave_ranges
from tfdogs.data import png
from tfdogs.data.sources.base import Box, Item
from tfdogs.data.sources.open import open_source

DEFAULTS = {name: spec.default for name, spec in ExampleGen.declared(Parameter).items() if not spec.required}


def generate(folder, images, **parameters):
    folder.mkdir()
    told = ExampleGen.execute(examples=folder, **{**DEFAULTS, "images": str(images), **parameters})
    return told["examples"], RawExamples.load(folder)


def read(folder, facts):
    """Returns (split, index, item, problem) of all records, in the source's order."""
    found = [
        (split, *raw_records.parse(row))
        for split, names in facts.shards.items()
        for name in names
        for row in raw_records.read(folder / name)
    ]
    return sorted(found, key=lambda row: row[1])


@pytest.fixture
def pets(tmp_path):
    """Twelve pictures of two classes, the last of which is none."""
    for number in range(12):
        path = tmp_path / "pets" / "ab"[number % 2] / f"{number:02}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (20 + number, 30), (number * 20, 99, 40)).save(path)
    path.write_bytes(b"no picture")
    return tmp_path / "pets"


def test_pictures_stay_as_they_came(pets, tmp_path):
    told, facts = generate(tmp_path / "out", pets, eval_fraction=0.3, shard_size=5)
    rows = read(tmp_path / "out", facts)
    assert told == {"train_examples": facts.counts["train"], "eval_examples": facts.counts["eval"]}
    assert sum(told.values()) == len(rows) == 12 and min(told.values()) > 0
    assert [index for _, index, *_ in rows] == list(range(12))
    assert {item.name: item.class_name for _, _, item, _ in rows}["b/11.png"] == "b"
    for _, _, item, problem in rows:
        assert item.ref == (pets / item.name).read_bytes() and problem is None
    assert facts.photographs and facts.channels == 3
    assert len(facts.shards["train"]) <= 3 and not list((tmp_path / "out").glob(".*"))


def test_neither_shards_nor_neighbours_move_a_picture_between_splits(pets, tmp_path):
    def splits(name, **parameters):
        _, facts = generate(tmp_path / name, pets, eval_fraction=0.4, **parameters)
        return {item.name: split for split, _, item, _ in read(tmp_path / name, facts)}, facts

    whole, facts = splits("whole")
    assert splits("again", shard_size=3)[0] == whole
    assert set(whole.values()) == {"train", "eval"}
    (pets / "a/00.png").unlink()
    fewer, changed = splits("fewer")
    assert fewer.items() <= whole.items() and len(fewer) == 11
    assert changed.fingerprint != facts.fingerprint
    assert splits("seed", seed=7)[0] != fewer


def test_a_sample_is_drawn_by_name_and_grows(pets, tmp_path):
    def names(share, **parameters):
        folder = tmp_path / f"{share}{parameters}"
        _, facts = generate(folder, pets, sample=share, **parameters)
        return [item.name for _, _, item, _ in read(folder, facts)]

    some, most, everything = names(0.4), names(0.7), names(1.0)
    assert 0 < len(some) < len(most) < len(everything) == 12
    assert set(some) < set(most) < set(everything)
    assert some != names(0.4, seed=5)


def test_two_may_write_a_range_at_the_same_time(pets, tmp_path):
    source = open_source(str(pets), image_size=32)
    assert leave_ranges(source.items(), tmp_path, 5) == [0, 1, 2]
    both, load = threading.Barrier(2), source.load
    source.load = lambda item: both.wait(30) is not None and load(item)  # picture by picture
    write = WriteShards(source, tmp_path, seed=0, eval_fraction=0.3)
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        first, second = pool.map(lambda number: list(write.process(number)), [1, 1])
    assert first == second and set(first) == {path.name for path in tmp_path.glob("*.parquet")}
    rows = [row["index"] for name in first for row in raw_records.read(tmp_path / name)]
    assert sorted(rows) == [5, 6, 7, 8, 9] and not list(tmp_path.glob(".*.partial"))


def test_two_processes_write_what_one_writes(pets, tmp_path):
    one = generate(tmp_path / "one", pets)[1]
    two = generate(tmp_path / "two", pets, workers=2)[1]
    assert two == one
    for name in one.shards["train"]:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


def test_drawings_are_kept_as_pixels(tmp_path):
    from tfdogs.data import paper_dogs

    _, facts = generate(tmp_path / "out", "paper_dogs:4", image_size=32)
    rows = read(tmp_path / "out", facts)
    assert not facts.photographs
    for index, (_, number, item, _) in enumerate(rows):
        drawing = paper_dogs.draw(index, size=32)
        assert number == index and item.ref.tobytes() == drawing.tobytes() and item.ref.mode == "RGB"


def test_what_cannot_be_loaded_says_so(pets, tmp_path, monkeypatch):
    from tfdogs.data.sources.folder import FolderSource

    def load(self, item):
        raise OSError("the disk is gone")

    monkeypatch.setattr(FolderSource, "load", load)
    _, facts = generate(tmp_path / "out", pets)
    for _, _, item, problem in read(tmp_path / "out", facts):
        assert problem == ("unreadable", "OSError: the disk is gone") and item.ref == b""


@pytest.mark.parametrize(
    "item",
    [
        Item("a/b.jpg", "a", b"12"),
        Item("b.jpg", None, b"12", boxes=(Box(1.0, 2.0, 30.5, 40.25), Box(0.0, 0.0, 5.0, 5.0))),
        Item("c.jpg", "", b"", boxes=(), frame=(1.0, 1.0)),
        Item("\udce4.jpg", "\udce4", b"12"),
    ],
    ids=["plain", "boxes", "none", "no utf-8"],
)
def test_rows_give_back_what_they_got(item, tmp_path):
    for problem in (None, ("unreadable", "gone")):
        row = raw_records.row(7, item, item.ref, problem=problem)
        with raw_records.writing(tmp_path / "one.parquet") as write:
            write(row)
        assert list(raw_records.read(tmp_path / "one.parquet")) == [row]
        assert raw_records.parse(row) == (7, item, problem)
        assert raw_records.row(*raw_records.parse(row)[:2], item.ref, problem=problem) == row


def test_files_that_changed_are_seen(pets):
    def seen():
        return ExampleGen.outside({"images": str(pets), "annotations": ""})

    before = seen()
    assert seen() == before
    (pets / "a/00.png").write_bytes((pets / "a/00.png").read_bytes() + b" ")
    changed = seen()
    shutil.rmtree(pets / "b")
    assert len({before, changed, seen()}) == 3
    assert ExampleGen.outside({"images": "paper_dogs:4", "annotations": ""}) == ExampleGen.outside(
        {"images": "paper_dogs:5", "annotations": ""}
    )  # the parameter itself tells them apart


def test_changed_labels_of_idx_are_seen(tmp_path):
    for name in ("train-images-idx3-ubyte", "train-labels-idx1-ubyte"):
        (tmp_path / name).write_bytes(b"some")
    given = {"images": f"idx:{tmp_path / 'train-images-idx3-ubyte'}", "annotations": ""}
    before = ExampleGen.outside(given)
    (tmp_path / "train-labels-idx1-ubyte").write_bytes(b"others")
    assert ExampleGen.outside(given) != before


def test_png_of_pixels_is_lossless():
    image = Image.new("L", (3, 2), 7)
    assert Image.open(io.BytesIO(png.encode(image))).tobytes() == image.tobytes()
