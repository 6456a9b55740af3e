"""A split of a data_dir as images to score."""

import json
import shutil

import numpy as np
import pytest

from tfdogs.data.feed import Feed
from tfdogs.errors import TfdogsError, UsageError
from tfdogs.metrics.image_sets import DataDir, open_images


def test_the_images_of_a_split_in_order(paper_data):
    feed = Feed(paper_data)
    expected, _ = feed.first(feed.num_images)
    image_set = open_images(str(paper_data), flag="reals")
    assert isinstance(image_set, DataDir) and image_set.num_images == feed.num_images
    np.testing.assert_array_equal(np.concatenate(list(image_set.batches(7))), expected)
    np.testing.assert_array_equal(image_set.image(5), expected[5])
    wanted = [0, 6, 7, 8, feed.num_images - 1]
    np.testing.assert_array_equal(
        np.concatenate(list(image_set.batches(7, indices=wanted))), expected[wanted]
    )


def test_content_key_is_that_of_the_records(paper_data, tmp_path):
    shutil.copytree(paper_data, tmp_path / "copy")
    train, evaluation = (DataDir(paper_data, split=split) for split in ("train", "eval"))
    assert DataDir(tmp_path / "copy").content_key() == train.content_key() != evaluation.content_key()
    facts = json.loads((tmp_path / "copy/dataset.json").read_text())
    (tmp_path / "copy/dataset.json").write_text(json.dumps({**facts, "fingerprint": "other"}))
    assert DataDir(tmp_path / "copy").content_key() != train.content_key()


def test_label_counts_are_the_train_splits(paper_data, tmp_path):
    counts = Feed(paper_data).label_counts
    assert DataDir(paper_data, split="eval").label_counts() == counts and sum(counts) > 40
    shutil.copytree(paper_data, tmp_path / "copy")
    facts = json.loads((tmp_path / "copy/dataset.json").read_text())
    (tmp_path / "copy/dataset.json").write_text(json.dumps({**facts, "classes": facts["classes"][:1]}))
    with pytest.raises(TfdogsError, match=r"record \d+ has label \d+, legal are -1 to 0"):
        DataDir(tmp_path / "copy").label_counts()


def test_what_is_wrong_is_said(paper_data, tmp_path):
    with pytest.raises(UsageError, match=r"has no images in split 'test'\. It has: train"):
        DataDir(paper_data, split="test")
    with pytest.raises(UsageError, match="no such data_dir"):
        DataDir(tmp_path / "nowhere")
    shutil.copytree(paper_data, tmp_path / "copy")
    image_set = DataDir(tmp_path / "copy")
    (path,) = (tmp_path / "copy").glob("train-*")
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    with pytest.raises(TfdogsError, match=r"record \d+ is corrupt"):
        list(image_set.batches())


def test_records_of_another_size_are_refused(paper_data, tmp_path):
    shutil.copytree(paper_data, tmp_path / "copy")
    facts = json.loads((tmp_path / "copy/dataset.json").read_text())
    (tmp_path / "copy/dataset.json").write_text(json.dumps({**facts, "image_size": 32}))
    with pytest.raises(TfdogsError, match="holds no image of 32x32x3; prepare it again"):
        list(DataDir(tmp_path / "copy").batches())


def test_the_held_out_split_is_beside_the_train_split_and_large_enough(paper_data):
    train, held = DataDir(paper_data), DataDir(paper_data, split="eval")
    assert train.heldout(held.num_images).content_key() == held.content_key()
    assert train.heldout(held.num_images + 1) is None and held.heldout(1) is None
