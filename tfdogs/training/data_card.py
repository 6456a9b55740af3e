"""What a run knows of its data; `RUN/data.json`."""

import dataclasses
import json
import os
from pathlib import Path

from tfdogs.data.manifest import FILE_NAME as MANIFEST
from tfdogs.errors import UsageError

FILE_NAME = "data.json"


@dataclasses.dataclass(frozen=True)
class DataCard:
    """What a run has to know of its data once the data_dir is out of reach.

    Attributes:
        image_size: in pixels.
        channels: 1 or 3.
        classes: class names, by label.
        num_images: images in the train split.
        fingerprint: the manifest's.
        label_counts: images in the train split by class; empty in runs that were begun before it was kept,
            and therefore not compared: it follows from the records, as the fingerprint does.
        places: where the data_dir lay when it was last trained on: its absolute path, and its path from the
            run's folder. Not compared; empty in runs that were begun before they were kept.
    """

    image_size: int
    channels: int
    classes: tuple
    num_images: int
    fingerprint: str
    label_counts: tuple = dataclasses.field(default=(), compare=False)
    places: tuple = dataclasses.field(default=(), compare=False)

    @classmethod
    def of(cls, manifest):
        """Returns the card of a `tfdogs.data.manifest.Manifest`."""
        return cls(
            image_size=manifest.image_size,
            channels=manifest.channels,
            classes=tuple(manifest.classes),
            num_images=manifest.num_images("train"),
            fingerprint=manifest.fingerprint,
        )

    def placed(self, data_dir, run_dir):
        """Returns the card with the places of a data_dir."""
        absolute = Path(data_dir).absolute()
        return dataclasses.replace(self, places=(str(absolute), os.path.relpath(absolute, run_dir)))

    def dump(self):
        """Returns the card as indented JSON text."""
        return json.dumps(dataclasses.asdict(self), indent=2) + "\n"


def load_card(run_dir):
    """Reads a run's `DataCard`.

    Raises:
        UsageError: `run_dir` is not a run.
    """
    try:
        values = json.loads(Path(run_dir, FILE_NAME).read_text(encoding="utf-8"))
        lists = {name: tuple(values.get(name, ())) for name in ("label_counts", "places")}
        return DataCard(**{**values, **lists, "classes": tuple(values["classes"])})
    except (OSError, ValueError, TypeError, KeyError) as e:
        raise UsageError(
            f"{run_dir} is not a run of tfdogs.train: {FILE_NAME} is missing or foreign ({e})"
        ) from e


def find_data(run_dir, data_dir):
    """Finds a run's data_dir again, from whatever folder it is looked for and wherever both were moved to.

    Looked for are the path as it was given, the absolute path that it was then, and the path from the run's
    folder.

    Args:
        run_dir: the run's folder.
        data_dir: the `data_dir` of its configuration.

    Returns:
        Path of the first that is a data_dir; that of another content may be among them.

    Raises:
        UsageError: none is there; says where it was looked for.
    """
    try:
        places = load_card(run_dir).places
    except UsageError:
        places = ()
    places = [str(data_dir), *places[:1], *(str(Path(run_dir, place)) for place in places[1:])]
    places = list(dict.fromkeys(os.path.normpath(Path(place).absolute()) for place in places))
    found = next((place for place in places if Path(place, MANIFEST).is_file()), None)
    if found is None:
        raise UsageError(
            f"the data of {run_dir} is not there any more: looked for {MANIFEST} in {', '.join(places)}; "
            "give --data_dir"
        )
    return Path(data_dir) if os.path.normpath(Path(data_dir).absolute()) == found else Path(found)
