"""CelebA's aligned faces."""

from dataclasses import replace

from tfdogs.data.sources.base import Box, Source

_FOLDER = "img_align_celeba"
_FRAME = (178, 218)
_FACE = Box(35, 55, 143, 163)  # the middle 108 x 108 pixels: eyes to chin, without the background


class CelebASource(Source):
    """The pictures of a tree in CelebA's layout: one box round each face, no classes.

    The faces are aligned: the box is the same centred square in all of them, 108 pixels wide in the
    original frame of 178 x 218, and scales with pictures of another size.

    Args:
        tree: a `TreeSource` that `is_celeba` recognises.
    """

    def __init__(self, tree):
        self.tree = tree

    def items(self):
        """Yields every picture with its box."""
        for item in self.tree.items():
            yield item if item.problem else replace(item, class_name=None, boxes=(_FACE,), frame=_FRAME)

    def load(self, item):
        """Returns a picture's bytes; raises as the tree's `load` does."""
        return self.tree.load(item)

    def left_out(self):
        """Returns what is no item; see `TreeSource.left_out`."""
        return self.tree.left_out()

    def __len__(self):
        return len(self.tree)


def is_celeba(tree):
    """Says whether all pictures of a `TreeSource` lie directly in folders named `img_align_celeba`.

    Pictures at the top of a folder or an archive of that name count too.
    """
    names = {folder.rpartition("/")[2] for folder in tree.layout.folders}
    return names == {_FOLDER} or (names == {""} and tree.path.name.partition(".")[0] == _FOLDER)
