import io
import os
import pickle
import sys
import types

import numpy as np
import pytest
from PIL import Image

from tfdogs.data.sources.base import Box
from tfdogs.data.sources.open import open_source
from tfdogs.data.sources.tfds import TfdsSource, split_spec
from tfdogs.errors import TfdogsError

BOXES = [(0.25, 0.1, 1.0, 0.5), (0.0, 0.0, 0.5, 0.5)]  # ymin, xmin, ymax, xmax


@pytest.fixture(scope="module")
def tfds():
    os.environ.setdefault("NO_GCE_CHECK", "true")
    module = pytest.importorskip("tensorflow_datasets", exc_type=ImportError)
    if not hasattr(module, "core"):
        pytest.skip("tensorflow_datasets is installed but fails to import its own dependencies")
    return module


@pytest.fixture(scope="module")
def data_dir(tfds, tmp_path_factory):
    """Prepares, without a network, a data set like tfds' stanford_dogs and one like its mnist."""
    folder = tmp_path_factory.mktemp("tfds")
    tfds.core.add_data_dir(str(folder))  # where names are looked up, beside tfds' own

    def prepare(data_set, features, splits):
        class Tiny(tfds.core.GeneratorBasedBuilder, skip_registration=True):
            name = data_set
            VERSION = tfds.core.Version("1.2.3")
            pkg_dir_path = folder
            url_infos = {}  # noqa: RUF012  it downloads nothing

            def _info(self):
                return self.dataset_info_from_configs(features=tfds.features.FeaturesDict(features))

            def _split_generators(self, dl_manager):
                return {split: iter(list(enumerate(examples))) for split, examples in splits.items()}

            def _generate_examples(self):
                raise NotImplementedError

        config = tfds.download.DownloadConfig(try_download_gcs=False)
        Tiny(data_dir=folder).download_and_prepare(download_config=config)

    def dog(index, boxes):
        return {
            "image": np.full((8, 10, 3), 20 * index, np.uint8),
            "image/filename": f"n0{index // 2}.jpg",
            "label": index % 2,
            "objects": [{"bbox": tfds.features.BBox(*box)} for box in boxes],
        }

    prepare(
        "tiny_dogs",
        {
            "image": tfds.features.Image(shape=(None, None, 3), encoding_format="png"),
            "image/filename": tfds.features.Text(),
            "label": tfds.features.ClassLabel(names=["akita", "pug"]),
            "objects": tfds.features.Sequence({"bbox": tfds.features.BBoxFeature()}),
        },
        {
            "train": [*(dog(i, BOXES[: i + 1]) for i in range(4)), dog(4, [])],
            "test": [dog(9, BOXES)],
        },
    )
    digit = {"image": np.zeros((4, 4, 1), np.uint8)}
    prepare("tiny_digits", {"image": tfds.features.Image(shape=(4, 4, 1))}, {"train": [digit] * 3})
    prepare("tiny_text", {"text": tfds.features.Text()}, {"train": [{"text": "x"}]})
    return folder


def test_pictures_labels_and_boxes(data_dir):
    source = open_source("tfds:tiny_dogs")
    items = sorted(source.items(), key=lambda item: item.name)
    assert [item.name for item in items] == ["n00.jpg", "n00.jpg#2", "n01.jpg", "n01.jpg#2", "n02.jpg"]
    assert len(source) == 5
    assert (source.channels, source.photographs) == (3, True)
    assert {item.class_name for item in items} == {"akita", "pug"}
    copy = pickle.loads(pickle.dumps(source))
    for item in items[:4]:
        data = copy.load(item)
        assert data[:4] == b"\x89PNG", "the encoded bytes travel"
        picture = Image.open(io.BytesIO(data))
        level = picture.getpixel((0, 0))[0] // 20
        assert picture.size == (10, 8)
        assert item.class_name == ("akita", "pug")[level % 2]
        assert item.frame == (1, 1)
        expected = (Box(0.1, 0.25, 0.5, 1.0), Box(0, 0, 0.5, 0.5))[: level + 1]
        np.testing.assert_allclose(item.boxes, expected, rtol=1e-6)
    assert (items[4].problem, items[4].ref, items[4].boxes) == ("no_annotation", None, None)
    assert items[4].detail == "it has no boxes"


def test_order_is_stable_also_in_a_copy(data_dir):
    source = open_source("tfds:tiny_dogs:1.2.3")
    items = list(source.items())
    assert list(source.items()) == items == list(pickle.loads(pickle.dumps(source)).items())


def test_splits_and_parts_of_them(data_dir):
    assert len(list(open_source("tfds:tiny_dogs:test").items())) == 1
    part = open_source("tfds:tiny_dogs:train[:2]")
    assert len(part) == len(list(part.items())) == 2


def test_a_prepared_folder_will_do(data_dir):
    source = TfdsSource(str(data_dir / "tiny_digits" / "1.2.3"))
    items = list(source.items())
    assert [item.name for item in items] == ["train/000000", "train/000001", "train/000002"]
    assert {(item.class_name, item.boxes, item.frame, item.problem) for item in items} == {(None,) * 4}
    assert (source.channels, source.photographs) == (1, False)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("no_such_data", r"tfds:no_such_data is unknown or not prepared .*tfds build no_such_data"),
        ("stanford_dogs:9.9.9", r"tfds:stanford_dogs:9.9.9 is unknown or not prepared"),
        ("tiny_dogs:valid", r"tfds:tiny_dogs has no split 'valid', only "),
        ("tiny_text", "has no feature `image`"),
        ("not/a:name/", "unknown or not prepared|has no split"),
    ],
)
def test_what_cannot_be_read_is_one_line(data_dir, name, message):
    with pytest.raises(TfdogsError, match=message) as e:
        open_source(f"tfds:{name}")
    assert "\n" not in str(e.value)


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ("mnist", ("mnist", "train")),
        ("mnist:test", ("mnist", "test")),
        ("mnist:3.0.1", ("mnist:3.0.1", "train")),
        ("mnist:3.*.*:test", ("mnist:3.*.*", "test")),
        ("x/config:train[:10%]", ("x/config", "train[:10%]")),
    ],
)
def test_split_spec(spec, expected):
    assert split_spec(spec) == expected


def test_a_missing_library_is_one_line(monkeypatch):
    monkeypatch.setitem(sys.modules, "tensorflow_datasets", None)
    with pytest.raises(TfdogsError, match=r"needs tensorflow-datasets: pip install tfdogs\[tfds\]"):
        open_source("tfds:mnist")
    monkeypatch.setitem(sys.modules, "tensorflow_datasets", types.ModuleType("half"))
    with pytest.raises(TfdogsError, match="tensorflow-datasets is broken"):
        open_source("tfds:mnist")
