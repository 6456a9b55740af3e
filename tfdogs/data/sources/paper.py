"""Paper dogs as a source."""

from tfdogs.data import paper_dogs
from tfdogs.data.sources.base import Item, Source


class PaperDogsSource(Source):
    """Drawn dog faces, made in the workers; their breeds are the classes.

    Args:
        count: how many.
        image_size: height and width of the drawings, in pixels.
        seed: another seed gives other dogs.

    Raises:
        ValueError: `paper_dogs.draw` cannot draw at that size or with that seed.
    """

    photographs = False

    def __init__(self, count, *, image_size=64, seed=0):
        paper_dogs.draw(0, seed=seed, size=image_size)
        self._count = count
        self._image_size = image_size
        self._seed = seed

    def items(self):
        """Yields every drawing, named by its number from 0."""
        for index in range(self._count):
            breed = paper_dogs.BREEDS[paper_dogs.breed_of(index, seed=self._seed)]
            yield Item(f"paper_dogs/{index:06d}", breed, index)

    def load(self, item):
        """Returns a drawing as a PIL.Image of mode "RGB"."""
        return paper_dogs.draw(item.ref, seed=self._seed, size=self._image_size)

    def __len__(self):
        return self._count
