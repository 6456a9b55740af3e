"""dataset.json: written, read back, and refused where the data_dir is not what it says."""

import json

import pytest

from tfdogs.data.manifest import FILE_NAME, Manifest, Shard
from tfdogs.errors import TfdogsError, UsageError


@pytest.fixture
def data_dir(tmp_path):
    (tmp_path / "a.tfrecord").write_bytes(b"12345")
    Manifest(
        image_size=64,
        channels=3,
        classes=("akita", "basenji"),
        splits={"train": (Shard("a.tfrecord", 7, 5), Shard("a.tfrecord", 2, 5)), "eval": ()},
        fingerprint="ab" * 16,
        provenance={"flags": {"seed": 0}},
        counts={"read": 9},
    ).save(tmp_path)
    return tmp_path


def edit(data_dir, **changes):
    path = data_dir / FILE_NAME
    values = {**json.loads(path.read_text()), **changes}
    path.write_text(json.dumps({name: value for name, value in values.items() if value is not None}))


def test_load_gives_back_what_was_saved(data_dir, tmp_path_factory):
    manifest = Manifest.load(data_dir)
    assert manifest.classes == ("akita", "basenji")
    assert manifest.num_images() == 9
    assert manifest.num_images("eval") == 0
    again = tmp_path_factory.mktemp("again")
    (again / "a.tfrecord").write_bytes(b"12345")
    manifest.save(again)
    assert Manifest.load(again) == manifest


def test_a_missing_directory_is_bad_usage(tmp_path):
    with pytest.raises(UsageError, match=r"no such data_dir.*tfdogs\.prepare makes one"):
        Manifest.load(tmp_path / "none")


def test_a_directory_without_manifest_is_bad_usage(tmp_path):
    with pytest.raises(UsageError, match=r"is not a data_dir made by tfdogs\.prepare"):
        Manifest.load(tmp_path)


@pytest.mark.parametrize(
    "changes",
    [
        {"format": "tfdogs/0"},
        {"format": None},
        {"splits": None},
        {"splits": {"train": [{"file": "x"}]}},
        {"splits": []},
        {"colour": 1},
    ],
)
def test_foreign_manifests_are_bad_usage(data_dir, changes):
    edit(data_dir, **changes)
    with pytest.raises(UsageError, match=r"dataset\.json is missing or foreign"):
        Manifest.load(data_dir)


@pytest.mark.parametrize("text", ["", "[]", "null", "\xff"])
def test_broken_manifests_are_bad_usage(data_dir, text):
    (data_dir / FILE_NAME).write_text(text, encoding="latin-1")
    with pytest.raises(UsageError, match=r"dataset\.json is missing or foreign"):
        Manifest.load(data_dir)


def test_a_shard_of_another_size_is_named(data_dir):
    (data_dir / "a.tfrecord").write_bytes(b"1234")
    with pytest.raises(TfdogsError, match=r"a.tfrecord: expected 5 bytes, found 4 bytes; prepare it again"):
        Manifest.load(data_dir)


def test_a_missing_shard_is_named(data_dir):
    (data_dir / "a.tfrecord").unlink()
    with pytest.raises(TfdogsError, match=r"a.tfrecord: expected 5 bytes, found no such file"):
        Manifest.load(data_dir)
