import numpy as np

from tfdogs.classification import class_data
from tfdogs.data import records
from tfdogs.data.feed import Feed
from tfdogs.data.manifest import Manifest


def sources(data_dir, split):
    manifest = Manifest.load(data_dir)
    found = {}
    for _, _, batch in records.read_shards(data_dir, manifest.splits[split]):
        parsed = records.parse(batch)
        found.update(zip(parsed["image/source"].numpy(), parsed["image/class/label"].numpy()))
    return found


def test_one_class_of_the_train_split_and_nothing_else(pets, tmp_path):
    class_data.write(pets, 1, tmp_path / "b")
    manifest = Manifest.load(tmp_path / "b")
    assert manifest.classes == ("b",) and manifest.num_images("eval") == 0
    wanted = {name for name, label in sources(pets, "train").items() if label == 1}
    found = sources(tmp_path / "b", "train")
    assert set(found) == wanted and set(found.values()) == {0}
    assert not set(found) & set(sources(pets, "eval"))
    whole, part = Feed(pets), Feed(tmp_path / "b")
    images, labels = whole.first(whole.num_images)
    np.testing.assert_array_equal(part.first(part.num_images)[0], images[labels == 1])


def test_each_class_has_its_fingerprint_and_is_written_once(pets, tmp_path):
    for label, name in enumerate("ab"):
        class_data.write(pets, label, tmp_path / name)
    prints = {Manifest.load(tmp_path / name).fingerprint for name in "ab"}
    assert len(prints) == 2
    before = (tmp_path / "a" / "dataset.json").stat().st_mtime_ns
    class_data.write(pets, 0, tmp_path / "a")
    assert (tmp_path / "a" / "dataset.json").stat().st_mtime_ns == before
