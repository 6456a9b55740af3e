"""Preparation as a whole: counts that add up, splits that do not leak, the same output from any workers."""

import csv
import io
import json
import os
import struct
import zipfile
import zlib
from collections import Counter
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw, ImageEnhance, ImageFilter, ImageFont, ImageOps

from tfdogs.data import ingest, near_duplicates, preview, shards, twins
from tfdogs.data.doctor import grey
from tfdogs.data.ingest import prepare
from tfdogs.data.manifest import Manifest
from tfdogs.data.names import readable
from tfdogs.data.prepare_config import PrepareConfig
from tfdogs.data.records import parse
from tfdogs.data.sources.base import Box
from tfdogs.data.sources.folder import FolderSource
from tfdogs.errors import TfdogsError, UsageError

VOC = """<annotation><size><width>48</width><height>40</height></size><object><name>dog</name>
<bndbox><xmin>4</xmin><ymin>4</ymin><xmax>24</xmax><ymax>30</ymax></bndbox></object></annotation>"""


def photo(seed, width=48, height=40):
    """A random picture with coarse and fine structure, as a photograph has."""
    rng = np.random.default_rng(seed)
    coarse = Image.fromarray(rng.integers(0, 256, (6, 6, 3), np.uint8)).resize((width, height))
    fine = rng.normal(0, 25, (height, width, 1))
    return Image.fromarray(np.clip(np.asarray(coarse) + fine, 0, 255).astype(np.uint8))


def encode(image, form="JPEG", **options):
    buffer = io.BytesIO()
    image.save(buffer, form, **options)
    return buffer.getvalue()


def bomb():
    header = struct.pack(">IIBBBBB", 50_000, 50_000, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(bytes(10**6))), (b"IEND", b""))
    data = b"\x89PNG\r\n\x1a\n"
    for name, content in chunks:
        data += struct.pack(">I", len(content)) + name + content
        data += struct.pack(">I", zlib.crc32(name + content))
    return data


# Each makes a file's bytes from a seed. The first group may be kept, the second never.
GOOD = {
    "photo": lambda seed: encode(photo(seed)),
    "repeated": lambda seed: encode(photo(seed % 3)),
    "mirrored": lambda seed: encode(ImageOps.mirror(photo(seed % 3)), quality=95),
    "alpha": lambda seed: encode(photo(seed).convert("RGBA"), "PNG"),
    "grey": lambda seed: encode(photo(seed).convert("L")),
    "long": lambda seed: encode(photo(seed, 64, 20)),
}
BAD = {
    "empty": lambda seed: b"",
    "letter": lambda seed: b"Dear dog, %d" % seed,
    "cut": lambda seed: encode(photo(seed))[:-200],
    "bomb": lambda seed: bomb(),
    "plain": lambda seed: encode(Image.new("RGB", (40, 40), (seed % 256, 9, 9))),
    "tiny": lambda seed: encode(photo(seed, 5, 5)),
    "thread": lambda seed: encode(photo(seed, 200, 16)),
}
KINDS = {**GOOD, **BAD}


def config(images, output, **changes):
    values = {"image_size": 16, "workers": 1, "shard_size": 16, "eval_fraction": 0.3, "max_aspect": 4.0}
    return PrepareConfig(images=str(images), output_dir=str(output), **{**values, **changes})


def write_folder(folder, kinds):
    for number, kind in enumerate(kinds):
        path = folder / "ab"[number % 2] / f"{number:03d}_{kind}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(KINDS[kind](number))


def records_of(data_dir, split):
    """Returns a split's records as a list of (source, crop, label, pixels)."""
    manifest = Manifest.load(data_dir)
    found = []
    for shard in manifest.splits[split]:
        data = list(tf.data.TFRecordDataset(str(Path(data_dir, shard.file))).as_numpy_iterator())
        assert len(data) == shard.records <= 16
        fields = {name: values.numpy() for name, values in parse(tf.constant(data)).items()}
        keys = ("image/source", "image/crop", "image/class/label", "image/encoded")
        for source, crop, label, png in zip(*(fields[key] for key in keys)):
            pixels = np.asarray(Image.open(io.BytesIO(png)))
            assert pixels.shape[:2] == (manifest.image_size,) * 2
            assert pixels.ndim == (3 if manifest.channels == 3 else 2)
            found.append((source.decode(), tuple(crop), int(label), pixels))
    return found


def rejects_of(data_dir):
    with Path(data_dir, "rejects.csv").open(newline="", encoding="utf-8") as f:
        return list(csv.DictReader(f))


def check_sums(data_dir, names):
    """Checks that every picture is in a shard or in rejects.csv and that all counts agree with the files."""
    manifest, rejects = Manifest.load(data_dir), rejects_of(data_dir)
    counts, crops = manifest.counts, manifest.counts["crops"]
    kept = [record for split in manifest.splits for record in records_of(data_dir, split)]
    kept_names = {source for source, *_ in kept}
    assert kept_names | {row["source"] for row in rejects} == set(map(readable, names))
    assert counts["read"] == len(names) == counts["kept"] + counts["rejected"]
    assert counts["kept"] == len(kept_names)
    assert crops["kept"] == len(kept) and crops["rejected"] == sum(row["crop"] != "" for row in rejects)
    assert crops["cut"] == crops["kept"] + crops["rejected"]
    assert counts["reasons"] == Counter(row["reason"] for row in rejects)
    assert len(rejects) == crops["rejected"] + counts["uncut"] + counts["orphans"]
    return manifest, kept, rejects


@settings(max_examples=4, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    kinds=st.lists(st.sampled_from(sorted(KINDS)), min_size=1, max_size=120),
    crop=st.sampled_from(["box_square", "box_and_full"]),
)
def test_every_picture_is_in_a_shard_or_in_rejects(tmp_path_factory, kinds, crop):
    folder = tmp_path_factory.mktemp("mixture")
    write_folder(folder / "in", kinds)
    names = [item.name for item in FolderSource(folder / "in").items()]
    if not set(kinds) & set(GOOD):
        with pytest.raises(TfdogsError, match="none of the"):
            prepare(config(folder / "in", folder / "out", crop=crop))
        assert [path.name for path in folder.iterdir()] == ["in"]
        return
    prepare(config(folder / "in", folder / "out", crop=crop))
    _, kept, rejects = check_sums(folder / "out", names)
    for name, *_ in kept:
        assert name.rpartition("_")[2].removesuffix(".jpg") in GOOD
    assert {row["source"] for row in rejects} >= {n for n in names if n.rpartition("_")[2][:-4] in BAD}


@pytest.fixture(scope="module")
def mixture(tmp_path_factory):
    """A folder of 130 files of all kinds, ten of each, and what preparing them with one worker gave."""
    folder = tmp_path_factory.mktemp("all")
    write_folder(folder / "in", sorted(KINDS) * 10)
    manifest = prepare(config(folder / "in", folder / "one"))
    return folder, manifest


def test_reasons_and_measures(mixture):
    folder, manifest = mixture
    names = [item.name for item in FolderSource(folder / "in").items()]
    loaded, _, rejects = check_sums(folder / "one", names)
    assert loaded == manifest
    by_kind = {}
    for row in rejects:
        by_kind.setdefault(row["source"].rpartition("_")[2][:-4], set()).add(row["reason"])
    assert by_kind["empty"] == by_kind["letter"] == {"unreadable"}
    assert by_kind["cut"] == {"truncated"}
    assert by_kind["bomb"] == {"decompression_bomb"}
    assert by_kind["plain"] == {"uniform"}
    assert by_kind["tiny"] == {"too_small"}
    assert by_kind["thread"] == {"extreme_aspect"}
    assert "exact_duplicate" in by_kind["repeated"]
    assert "near_duplicate" in by_kind["mirrored"]
    assert next(row for row in rejects if row["reason"] == "too_small")["measure"] == "5"
    twins = {row["detail"] for row in rejects if row["reason"].endswith("_duplicate")}
    kept = {source for split in ("train", "eval") for source, *_ in records_of(folder / "one", split)}
    assert twins <= kept


def test_labels_index_sorted_classes(mixture):
    folder, manifest = mixture
    assert manifest.classes == ("a", "b")
    for split in ("train", "eval"):
        for source, _, label, _ in records_of(folder / "one", split):
            assert source.split("/")[0] == manifest.classes[label]


def test_output_does_not_depend_on_the_number_of_workers(mixture):
    folder, manifest = mixture
    again = prepare(config(folder / "in", folder / "two", workers=2))
    assert again == manifest
    names = sorted(path.name for path in (folder / "one").iterdir())
    assert names == sorted(path.name for path in (folder / "two").iterdir())
    assert all((folder / "one" / name).read_bytes() == (folder / "two" / name).read_bytes() for name in names)


def test_the_seed_changes_split_and_order_but_not_what_is_kept(mixture):
    folder, manifest = mixture
    other = prepare(config(folder / "in", folder / "seed1", seed=1))
    assert other.counts == manifest.counts and other.fingerprint != manifest.fingerprint

    def sources(name, split):
        return [source for source, *_ in records_of(folder / name, split)]

    assert set(sources("one", "eval")) != set(sources("seed1", "eval"))
    both = [sorted(sources(name, "train") + sources(name, "eval")) for name in ("one", "seed1")]
    assert both[0] == both[1]
    assert sources("one", "train") != sorted(sources("one", "train"))


def test_output_holds_the_five_things_and_nothing_else(mixture):
    folder, manifest = mixture
    names = {path.name for path in (folder / "one").iterdir()}
    shards = {shard.file for split in manifest.splits.values() for shard in split}
    assert names == shards | {"dataset.json", "rejects.csv", "rejects.png", "preview.png"}
    assert len(manifest.splits["train"]) > 1
    with Image.open(folder / "one/preview.png") as sheet:
        assert sheet.mode == "RGB" and sheet.width > 300 and sheet.height > 300
    assert not [path for path in folder.iterdir() if path.name.startswith(".")]


def test_eval_holds_no_twin_of_train(tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    for seed in range(40):
        image = photo(seed, 96, 64)
        image.save(folder / f"{seed:02d}_a.png")
        # Another view of the same picture: both halves are crops, one mirrored and brighter.
        brighter = ImageEnhance.Brightness(ImageOps.mirror(image)).enhance(1.1)
        brighter.save(folder / f"{seed:02d}_b.png")
    prepare(config(folder, tmp_path / "out", eval_fraction=0.5, near_duplicate_bits=6, image_size=32))
    train, evaluation = (records_of(tmp_path / "out", split) for split in ("train", "eval"))
    assert len(train) > 5 and len(evaluation) > 5
    assert not {source[:2] for source, *_ in train} & {source[:2] for source, *_ in evaluation}

    def hashes(records):
        images = [Image.fromarray(pixels) for *_, pixels in records]
        return np.array([near_duplicates.perceptual_hash(grey(image)) for image in images])

    assert near_duplicates.distance(hashes(train)[:, None], hashes(evaluation)[None]).min() > 6


@pytest.mark.parametrize("bits", [6, 13])
def test_a_narrower_search_for_twins_is_told(tmp_path, monkeypatch, capsys, bits):
    monkeypatch.setattr(near_duplicates, "_MOST_COMPARISONS", 1)  # as if there were very many
    write_folder(tmp_path / "in", ["photo"] * 4)
    manifest = prepare(config(tmp_path / "in", tmp_path / "out", checks="photos", near_duplicate_bits=bits))
    line = f"near duplicates: sought up to 6 bits apart, not --near_duplicate_bits={bits}, which takes"
    assert (line in capsys.readouterr().out) == (bits > 6)
    assert manifest.provenance.get("near_duplicate_bits_sought") == (6 if bits > 6 else None)


class _Rows(dict):
    """Columns of a table, whose length is that of its columns."""

    def __len__(self):
        return len(self["hash"])


@pytest.mark.parametrize("of_crops", [False, True])
def test_twins_of_a_twin_share_its_group(of_crops):
    a = 2**40
    b = a ^ (2**8 - 1 << 1)  # 8 bits from a
    c = b ^ (2**6 - 1 << 7)  # 6 bits from b, 10 from a
    hashes = np.array([a, a ^ (2**16 - 1 << 24), b, c, c ^ int(near_duplicates.MIRROR), b], np.uint64)
    assert near_duplicates.distance(hashes[[0, 2, 0]], hashes[[2, 3, 3]]).tolist() == [8, 6, 10]
    count = len(hashes)
    far = np.random.default_rng(0).integers(0, 2**63, count, np.uint64) << np.uint64(1)
    digests = np.arange(2 * count, dtype=np.uint64).reshape(count, 2)
    rows = {"digest": digests, "picture": np.arange(count)}
    whole, cut = (far, hashes) if of_crops else (hashes, far)
    spool = SimpleNamespace(pictures=_Rows(rows, hash=whole), crops=_Rows(rows, hash=cut))
    limits = config("x", "y", checks="photos", near_duplicate_bits=6)
    group = twins.groups(spool, limits, np.full(count, -1))
    assert len(set(group[[0, 2, 3, 4, 5]])) == 1 and group[1] != group[0]


def test_crops_of_one_picture_stay_together(tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    for seed in range(30):
        photo(seed, 160, 60).save(folder / f"{seed:02d}.png")
    manifest = prepare(config(folder, tmp_path / "out", crop="multi", eval_fraction=0.4))
    train, evaluation = (
        Counter(source for source, *_ in records_of(tmp_path / "out", split)) for split in ("train", "eval")
    )
    assert manifest.counts["crops"]["kept"] == 60 and set(train.values()) == set(evaluation.values()) == {2}
    assert not train.keys() & evaluation.keys()


@pytest.mark.parametrize(("fraction", "seed"), [(0.0, 0), (0.5, 0), (0.5, 1), (0.5, 2), (0.5, 3)])
def test_one_picture_goes_to_train(tmp_path, fraction, seed):
    (tmp_path / "in").mkdir()
    for copy in range(4):  # one group
        (tmp_path / "in" / f"{copy}.jpg").write_bytes(encode(photo(0)))
    manifest = prepare(config(tmp_path / "in", tmp_path / "out", eval_fraction=fraction, seed=seed))
    assert (manifest.num_images("train"), manifest.num_images("eval")) == (1, 0)
    assert manifest.splits["eval"] == () and manifest.classes == ()


def test_annotations_give_boxes_and_their_faults_are_listed(tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "xml").mkdir()
    for name in ("good", "alone", "broken"):
        (tmp_path / "in" / f"{name}.jpg").write_bytes(encode(photo(len(name))))
    for name, text in (("good", VOC), ("broken", VOC[:90]), ("nowhere", VOC)):
        (tmp_path / "xml" / f"{name}.xml").write_text(text)
    changes = {"annotations": str(tmp_path / "xml"), "eval_fraction": 0.0}
    prepare(config(tmp_path / "in", tmp_path / "out", **changes))
    (record,) = records_of(tmp_path / "out", "train")
    crop = Box(*record[1])
    assert record[0] == "good.jpg"
    assert crop.right - crop.left == crop.bottom - crop.top == pytest.approx(26, abs=1)
    reasons = {Path(row["source"]).stem: row["reason"] for row in rejects_of(tmp_path / "out")}
    assert reasons == {"alone": "no_annotation", "broken": "bad_annotation", "nowhere": "no_picture"}
    counts = Manifest.load(tmp_path / "out").counts
    assert (counts["read"], counts["kept"], counts["rejected"], counts["orphans"]) == (3, 1, 2, 1)


def test_one_bad_object_costs_no_good_box_and_the_sums_hold(tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in/IMG_1.JPG").write_bytes(encode(photo(1)))
    swapped = "<object><bndbox><xmin>30</xmin><ymin>4</ymin><xmax>9</xmax><ymax>9</ymax></bndbox></object>"
    (tmp_path / "in/img_1.xml").write_text(VOC.replace("<object>", swapped + "<object>", 1))
    prepare(config(tmp_path / "in", tmp_path / "out", annotations=str(tmp_path / "in")))
    _, kept, (row,) = check_sums(tmp_path / "out", ["IMG_1.JPG"])
    assert len(kept) == 1 and row["reason"] == "bad_box" and "object 1: the corners" in row["detail"]


def test_nothing_left_says_what_to_do(tmp_path):
    pixels = np.random.default_rng(0).integers(0, 256, (50, 28, 28), np.uint8)
    (tmp_path / "digits").write_bytes(struct.pack(">4I", 0x803, *pixels.shape) + pixels.tobytes())
    with pytest.raises(
        TfdogsError, match=r"too_small 50\); too_small: the largest has 28 px, --min_side=32: "
    ) as e:
        prepare(config(f"idx:{tmp_path / 'digits'}", tmp_path / "out", image_size=64))
    assert str(e.value).endswith("--image_size=28, or --min_side=28 to enlarge them")
    with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr("a.png", encode(photo(0)))
    with pytest.raises(TfdogsError, match="zip_method: packed with LZMA, not with Deflate: unpack it"):
        prepare(config(tmp_path / "a.zip", tmp_path / "out"))


def test_the_summary_says_what_was_left_out(tmp_path, capsys):
    write_folder(tmp_path / "in", ["photo", "grey"])
    prepare(config(tmp_path / "in", tmp_path / "all"))
    assert "left out" not in capsys.readouterr().out
    for name in ("1.heic", "2.HEIC", "a/3.heic", "notes.txt", "._4.heic", ".DS_Store"):
        (tmp_path / "in" / name).write_bytes(b"x")
    manifest = prepare(config(tmp_path / "in", tmp_path / "some"))
    assert manifest == Manifest.load(tmp_path / "some") and manifest.counts["read"] == 2
    out = capsys.readouterr().out
    assert "left out, no pictures by their names: 4 files (.heic 3, .txt 1)\n" in out
    for number in range(5):
        (tmp_path / "in" / f"x.s{number}").write_bytes(b"x")
    prepare(config(tmp_path / "in", tmp_path / "many"))
    assert "9 files (.heic 3, .s0 1, .s1 1, .s2 1, .s3 1, ...)\n" in capsys.readouterr().out


def test_nothing_under_images_vanishes_without_a_trace(tmp_path, capsys):
    write_folder(tmp_path / "in", ["photo", "grey", "photo"])
    for name in ("gone", "lost"):
        (tmp_path / "in" / name).mkdir()
    (tmp_path / "in/lost/9.jpg").write_bytes(b"no picture")
    (tmp_path / "in/.DS_Store").write_bytes(b"x")
    (tmp_path / "other").mkdir()
    (tmp_path / "other/1.jpg").write_bytes(encode(photo(9)))
    (tmp_path / "in/pug").symlink_to(tmp_path / "other")
    (tmp_path / "in/shiba").symlink_to("a")
    (tmp_path / "in" / os.fsdecode(b"\xe9.jpg")).write_bytes(b"no picture")
    for name in (".ipynb_checkpoints", "A"):
        (tmp_path / "in" / name).mkdir()
        (tmp_path / "in" / name / "8.jpg").write_bytes(encode(photo(8)))
    manifest = prepare(config(tmp_path / "in", tmp_path / "out"))
    out = capsys.readouterr().out
    assert "folders without pictures: 1 (gone)\n" in out
    assert "classes whose names differ in nothing but case: 2 (A, a)\n" in out
    assert "hidden folders or in those of a computer: 1 files (.ipynb_checkpoints 1)\n" in out
    assert "classes of which no picture is left: 2 (lost, shiba)\n" in out
    assert "left out, made by macOS beside the pictures: 1 files\n" in out
    rows = {row["source"]: row for row in rejects_of(tmp_path / "out")}
    assert rows["\\xe9.jpg"]["reason"] == "unreadable"
    assert rows["pug"]["reason"] == "link" and "outside" in rows["pug"]["detail"]
    twins = {name: row["detail"] for name, row in rows.items() if row["reason"] == "exact_duplicate"}
    assert twins == {"shiba/000_photo.jpg": "a/000_photo.jpg", "shiba/002_photo.jpg": "a/002_photo.jpg"}
    assert manifest.classes == ("A", "a", "b")
    check_sums(tmp_path / "out", [item.name for item in FolderSource(tmp_path / "in").items()])


NASTY = [
    "a\nb",
    "tab\there",
    "\x1b[31mred",
    "\u202etxet",
    "\r",
    "\u2028",
    "犬" * 60,
    os.fsdecode(b"\xff\xfe"),
]


def test_names_that_cannot_be_drawn_cost_nothing(tmp_path, capsys):
    folder = tmp_path / "in\nside"
    for number, name in enumerate(NASTY):
        path = folder / name / f"{name}{number}.jpg"
        path.parent.mkdir(parents=True)
        path.write_bytes(encode(photo(number)))
    manifest = prepare(config(folder, tmp_path / "out"))
    classes = sorted([*NASTY[:-1], "\\xff\\xfe"])  # the text of models is UTF-8
    assert manifest.classes == tuple(classes) and manifest.counts["kept"] == len(NASTY)
    assert Manifest.load(tmp_path / "out") == manifest
    with Image.open(tmp_path / "out/preview.png") as sheet:
        sheet.load()
    done = capsys.readouterr()
    assert done.err == "" and done.out.count("\n") == 11


def test_soft_pictures_among_sharp_ones_are_rejected(tmp_path):
    (tmp_path / "in").mkdir()
    for seed in range(40):
        image = photo(seed, 64, 64)
        if seed % 4 == 0:
            image = image.filter(ImageFilter.GaussianBlur(4))
        image.save(tmp_path / "in" / f"{seed:02d}.png")
    prepare(config(tmp_path / "in", tmp_path / "out", image_size=32, min_sharpness=0.0))
    rows = rejects_of(tmp_path / "out")
    assert {row["source"] for row in rows} == {f"{seed:02d}.png" for seed in range(0, 40, 4)}
    assert {row["reason"] for row in rows} == {"blurred"} and "--max_blur" in rows[0]["detail"]
    assert min(float(row["measure"]) for row in rows) > 1.2
    all_of_them = {"image_size": 32, "min_sharpness": 0.0, "max_blur": -1.0}
    manifest = prepare(config(tmp_path / "in", tmp_path / "all", **all_of_them))
    assert manifest.counts["reasons"] == {}
    assert not (tmp_path / "all/rejects.png").exists()


def test_candidates_for_twins_are_confirmed_by_their_pixels(tmp_path, monkeypatch):
    (tmp_path / "in").mkdir()
    for seed in range(6):
        photo(seed, 64, 64).save(tmp_path / "in" / f"{seed}_a.png")
        changed = ImageEnhance.Contrast(photo(seed, 64, 64)).enhance(0.7)
        changed.save(tmp_path / "in" / f"{seed}_b.png")
    # As if all hashes were near each other: the pixels alone tell the pictures apart.
    monkeypatch.setattr("tfdogs.data.shards.Spool.crops", property(_with_equal_hashes))
    manifest = prepare(config(tmp_path / "in", tmp_path / "out", image_size=64, eval_fraction=0.0))
    twins_of = {row["source"]: row["detail"] for row in rejects_of(tmp_path / "out")}
    assert twins_of.get("0_b.png") == "0_a.png"
    assert manifest.counts["kept"] >= 6 and all(name.endswith("_b.png") for name in twins_of)


def _with_equal_hashes(spool):
    rows = np.frombuffer(spool._crops, shards.CROP).copy()
    rows["hash"] = 2
    return rows


def test_names_are_drawn_on_one_line_within_their_width():
    draw, font = ImageDraw.Draw(Image.new("L", (9, 9))), ImageFont.load_default(10)
    for name in NASTY:
        text = preview._fit(draw, name, font, preview.TILE)
        assert text.isprintable() and draw.textlength(text, font) <= preview.TILE
    assert preview._fit(draw, "a\nb", font, preview.TILE) == "a\\nb"


def test_a_preview_that_cannot_be_drawn_costs_a_warning(tmp_path, monkeypatch, capsys):
    def save(spool, orders, manifest, path, *, seed):
        path.write_bytes(b"half a sheet")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(ingest.preview, "save", save)
    manifest = prepare(config("paper_dogs:6", tmp_path / "out", image_size=32))
    err = capsys.readouterr().err
    warning = f"cannot write {tmp_path}/out/preview.png (No space left on device); all else is there"
    assert err.count(warning) == 1
    assert Manifest.load(tmp_path / "out") == manifest and manifest.counts["kept"] == 6
    assert not (tmp_path / "out/preview.png").exists()


def test_one_channel(tmp_path):
    write_folder(tmp_path / "in", ["photo", "grey", "alpha"])
    manifest = prepare(config(tmp_path / "in", tmp_path / "out", channels=1, checks="basic"))
    assert manifest.channels == 1
    assert sum(len(records_of(tmp_path / "out", split)) for split in ("train", "eval")) == 3


def test_drawings_are_not_judged_as_photographs(tmp_path):
    manifest = prepare(config("paper_dogs:12", tmp_path / "out", image_size=32))
    assert manifest.counts["kept"] == 12 and manifest.provenance["flags"]["checks"] == "basic"


def test_an_output_that_is_there_is_kept_unless_overwrite_says_so(tmp_path):
    write_folder(tmp_path / "in", ["photo"] * 3)
    first = prepare(config(tmp_path / "in", tmp_path / "out"))
    with pytest.raises(UsageError, match="is not empty: name another, or --overwrite a data_dir"):
        prepare(config(tmp_path / "in", tmp_path / "out"))
    write_folder(tmp_path / "in", ["photo"] * 5)
    second = prepare(config(tmp_path / "in", tmp_path / "out", overwrite=True))
    assert Manifest.load(tmp_path / "out") == second != first
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in", "out"]


def test_a_failed_run_leaves_the_old_output(tmp_path):
    write_folder(tmp_path / "in", ["photo"] * 3)
    first = prepare(config(tmp_path / "in", tmp_path / "out"))
    write_folder(tmp_path / "bad", ["letter", "empty", "letter"])
    with pytest.raises(TfdogsError, match=r"none of the 3 pictures of .* is left \(rejected: unreadable 3\)"):
        prepare(config(tmp_path / "bad", tmp_path / "out", overwrite=True))
    assert Manifest.load(tmp_path / "out") == first
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bad", "in", "out"]


@pytest.mark.parametrize("content", [{"notes.txt": "mine"}, {"dataset.json": "{}"}, {"rejects.csv": ""}])
def test_overwrite_spares_what_is_not_ours(tmp_path, content):
    write_folder(tmp_path / "in", ["photo"])
    (tmp_path / "out").mkdir()
    for name, text in content.items():
        (tmp_path / "out" / name).write_text(text)
    with pytest.raises(UsageError, match="replaces only what tfdogs"):
        prepare(config(tmp_path / "in", tmp_path / "out", overwrite=True))
    assert [path.name for path in (tmp_path / "out").iterdir()] == list(content)


def test_overwrite_spares_a_data_dir_that_something_was_added_to(tmp_path):
    write_folder(tmp_path / "in", ["photo"] * 2)
    prepare(config(tmp_path / "in", tmp_path / "out"))
    (tmp_path / "out" / "thesis.tex").write_text("years of work")
    with pytest.raises(UsageError, match=r"it holds thesis\.tex"):
        prepare(config(tmp_path / "in", tmp_path / "out", overwrite=True))


def test_an_output_that_is_a_file_is_refused(tmp_path):
    (tmp_path / "out").write_text("mine")
    with pytest.raises(UsageError, match="is a file, not a directory"):
        prepare(config("paper_dogs:2", tmp_path / "out"))


def test_the_manifest_says_how_it_was_made(mixture):
    folder, manifest = mixture
    flags = manifest.provenance["flags"]
    assert flags["images"] == str(folder / "in") and flags["min_side"] == 8 and flags["channels"] == 3
    assert not {"workers", "output_dir", "overwrite"} & flags.keys()
    assert json.loads((folder / "one/dataset.json").read_text())["provenance"]["versions"]["pillow"]
