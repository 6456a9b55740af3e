"""Pictures in a data set of TensorFlow Datasets."""

import functools
import importlib
from collections import Counter
from pathlib import Path

from absl import logging

from tfdogs.data.annotations import fault_of, is_box
from tfdogs.data.names import normalized
from tfdogs.data.sources.base import Box, Item, Source
from tfdogs.errors import TfdogsError

_FILENAME = "image/filename"


class TfdsSource(Source):
    """A data set that TensorFlow Datasets has prepared on this machine; nothing is downloaded.

    Read are the features `image`, and where they exist `label`, `objects/bbox` and `image/filename`. The
    encoded pictures travel to the workers within the items; only the parent process imports TensorFlow.
    Data sets of one channel (digits, letters) do not count as photographs. A picture without boxes where
    the data set has boxes gets the problem "no_annotation", one with impossible boxes only
    "bad_annotation".

    Args:
        name: name of the data set as tfds takes it ("stanford_dogs", "stanford_dogs:0.2.0", "name/config"),
            looked for in tfds' own data_dir, or the path of a prepared data set's folder.
        split: a split or a part of one: "train", "train[:10%]".

    Raises:
        TfdogsError: tensorflow-datasets is missing, or the data set is unknown or not prepared, has no
            such split, no pictures or no image feature.
    """

    def __init__(self, name, split="train"):
        self.name = name
        self.split = split
        features = _import_tfds().features
        image = self._features.get("image")
        if not isinstance(image, features.Image):
            raise TfdogsError(f"tfds:{name} has no feature `image` that is an image")
        self.channels = 1 if image.shape[-1] == 1 else 3
        self.photographs = self.channels == 3
        splits = self._builder.info.splits
        try:
            self._count = splits[split].num_examples
        except (KeyError, ValueError, AssertionError) as e:
            known = ", ".join(splits) or "none"
            raise TfdogsError(f"tfds:{name} has no split {split!r}, only {known}") from e
        if not self._count:
            raise TfdogsError(f"tfds:{name} has no pictures in its split {split!r}")

    @property
    def folder(self):
        """Path of the prepared data set."""
        return Path(self._builder.data_dir)

    def __getstate__(self):
        return {key: value for key, value in self.__dict__.items() if key not in ("_builder", "_features")}

    def items(self):
        """Yields every picture in the order of the shards.

        Raises:
            TfdogsError: a shard is missing or corrupt; the pictures before it were yielded.
        """
        label = self._features.get("label")
        classes = getattr(label, "names", None)
        copies = Counter()
        for index, example in enumerate(self._examples()):
            name = example.get(_FILENAME, b"").decode("utf-8", "surrogateescape")
            name = name or f"{self.split}/{index:06d}"
            copies[name] += 1
            if copies[name] > 1:
                name = f"{name}#{copies[name]}"
            labelled = classes and example["label"] >= 0
            class_name = normalized(classes[example["label"]]) if labelled else None
            if "objects" not in example:
                yield Item(name, class_name, example["image"])
                continue
            corners = example["objects"]["bbox"].tolist()
            boxes = tuple(Box(xmin, ymin, xmax, ymax) for ymin, xmin, ymax, xmax in corners)
            if any(map(is_box, boxes)):
                yield Item(name, class_name, example["image"], boxes=boxes, frame=(1, 1))
            else:
                problem = "bad_annotation" if boxes else "no_annotation"
                detail = fault_of(boxes[0]) if boxes else "it has no boxes"
                yield Item(name, class_name, None, problem=problem, detail=detail)

    def load(self, item):
        """Returns a picture's encoded bytes."""
        return item.ref

    def __len__(self):
        return self._count

    @functools.cached_property
    def _builder(self):
        tfds = _import_tfds()
        try:
            if Path(self.name).is_dir():
                return tfds.builder_from_directory(self.name)
            # From its files alone: tfds.builder would ask the network about a data set that is not here.
            files = importlib.import_module("tensorflow_datasets.core.read_only_builder")
            return files.builder_from_files(self.name)
        except (tfds.core.DatasetNotFoundError, ValueError, OSError, AssertionError) as e:
            reason = " ".join(str(e).split()).split(". ")[0]
            raise TfdogsError(
                f"tfds:{self.name} is unknown or not prepared on this machine; "
                f"`tfds build {self.name}` downloads and prepares it ({reason})"
            ) from e

    @functools.cached_property
    def _features(self):
        return _fields(self._builder.info.features)

    def _examples(self):
        tfds, tf = _import_tfds(), importlib.import_module("tensorflow")
        wanted = {key: True for key in ("image", "label", _FILENAME) if key in self._features}
        objects = _fields(getattr(self._features.get("objects"), "feature", None))
        if isinstance(objects.get("bbox"), tfds.features.BBoxFeature):
            wanted["objects"] = {"bbox": True}
        dataset = self._builder.as_dataset(
            split=self.split,
            shuffle_files=False,
            decoders=tfds.decode.PartialDecoding(wanted, decoders={"image": tfds.decode.SkipDecoding()}),
            read_config=tfds.ReadConfig(try_autocache=False, interleave_cycle_length=1),
        )
        try:
            yield from dataset.as_numpy_iterator()
        except tf.errors.OpError as e:
            raise TfdogsError(f"tfds:{self.name}: a shard is missing or corrupt ({e.message})") from e


def split_spec(spec):
    """Splits "NAME[:VERSION][:SPLIT]" into a data set's name, with its version, and a split.

    >>> split_spec("stanford_dogs:0.2.0:train[:10%]")
    ('stanford_dogs:0.2.0', 'train[:10%]')
    """
    name, _, rest = spec.partition(":")
    version, _, after = rest.partition(":")
    if version and all(part.isdigit() or part == "*" for part in version.split(".")):
        name, rest = f"{name}:{version}", after
    return name, rest or "train"


def _fields(feature):
    """Returns the features within a feature by name; none where it is no dict."""
    return dict(feature.items()) if hasattr(feature, "items") else {}


def _import_tfds():
    verbosity = logging.get_verbosity()
    try:
        logging.set_verbosity(logging.FATAL)  # where its own imports fail, tfds logs a traceback and goes on
        tfds = importlib.import_module("tensorflow_datasets")
    except ImportError as e:
        raise TfdogsError(f"tfds:NAME needs tensorflow-datasets: pip install tfdogs[tfds] ({e})") from e
    finally:
        logging.set_verbosity(verbosity)
    if not hasattr(tfds, "core"):
        raise TfdogsError("tensorflow-datasets is broken: `python -c 'import tensorflow_datasets'` tells why")
    return tfds
