"""A show of images that somebody made."""

from tfdogs.exhibition import curation
from tfdogs.exhibition.collection import Collection
from tfdogs.exhibition.config import MAX_IMAGES
from tfdogs.metrics import extractors
from tfdogs.progress import Progress
from tfdogs.sampling.facts import last_part


class Collected:
    """The images of a folder or zip, and what little there is to say of them.

    It has what `tfdogs.exhibition.drawn.Drawn` has; there is no run to open, no film and no card.

    Args:
        config: `tfdogs.exhibition.config.GalleryConfig` with `images`.

    Raises:
        UsageError: the path leads to no images, or `pick` or `drop` to none of them, or too many are left.
        TfdogsError: an archive or its `seeds.csv` is damaged.
    """

    generated = False
    card, scored, probability, data_dir = (), (), False, ""

    def __init__(self, config):
        self._config = config
        self._collection = Collection(config.images)
        numbers = self._collection.numbers
        for flag in ("pick", "drop"):
            seeds = getattr(config, "picked" if flag == "pick" else "dropped")
            stranger = seeds and curation.strangers(seeds, numbers)
            if stranger:
                config.reject(
                    flag, f"must be numbers of the images in {config.images}, and it has no {stranger}"
                )
        if config.picked:
            numbers = [n for part in config.picked.ranges for n in numbers if n in part]
        self.count = len(numbers)
        dropped = config.dropped.ranges
        self._numbers = [number for number in numbers if not any(number in part for part in dropped)]
        self.left_out = self.count - len(self._numbers)
        if not self._numbers:
            config.reject("drop", "leaves no image")
        if config.hung is None and len(self._numbers) > MAX_IMAGES:
            config.reject(
                "num_images", f"must be given: a wall takes {MAX_IMAGES:,}, and there are {self.count:,}"
            )

    def open(self, run=None):
        """Does nothing."""

    def hang(self, folder, *, extractor=None):
        """Writes the images, chosen among if that is asked for; see `Drawn.hang`."""
        numbers, count = self._numbers, self._config.hung
        if self._config.curated:
            extractor = extractor or extractors.get(curation.EXTRACTOR)
            with Progress("judge", len(numbers)) as progress:
                scores = curation.judge_by_dogs(extractor, self._pixels(progress))
            numbers = [numbers[place] for place in curation.best(scores, count)]
        with Progress("copy", len(numbers[:count])) as progress:
            return self._collection.hang(numbers[:count], folder, progress=progress)

    def lede(self, count):
        """Returns the sentence below the headline."""
        return f"{count:,} images out of {last_part(self._config.images)}."

    def film(self, folder):
        """Returns None."""

    def _pixels(self, progress):
        for image in self._collection.pixels(self._numbers):
            yield image
            progress(1)
