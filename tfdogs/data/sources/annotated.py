"""Pictures with VOC annotations."""

import functools
from dataclasses import replace

from tfdogs.data.annotations import Annotation, Annotations
from tfdogs.data.sources.base import Source
from tfdogs.data.sources.tree import split_name


class AnnotatedSource(Source):
    """The pictures of a folder or an archive with boxes from VOC annotations.

    A picture without an annotation, or whose annotation has no object, gets the problem "no_annotation",
    one whose annotation is malformed "bad_annotation". Class folders keep their say; where there are
    none, the annotations give the classes, if they have at least two between them.

    Args:
        tree: a `TreeSource`.
        annotations: path of the folder, tar or zip with the annotations.

    Raises:
        UsageError: there are no annotations at that path.
        TfdogsError: their archive is truncated or corrupt.
    """

    def __init__(self, tree, annotations):
        self.tree = tree
        self.path = annotations
        self._annotations  # noqa: B018  read now, so that a wrong path is found before any work

    def __getstate__(self):
        return {"tree": self.tree, "path": self.path}  # workers only load

    def items(self):
        """Yields every picture with its boxes."""
        joined, read = self._joined, self._annotations.read
        has_classes = not self.tree.layout.classes and len(self._class_names()) > 1
        for item in self.tree.items():
            if item.problem is not None:
                yield item
                continue
            entry = joined.get(split_name(item.name))
            annotation = read(entry) if entry else Annotation()
            if annotation.bad:
                yield replace(item, ref=None, problem="bad_annotation")
            elif not annotation.boxes:
                yield replace(item, ref=None, problem="no_annotation")
            else:
                class_name = annotation.class_name if has_classes else item.class_name
                yield replace(item, class_name=class_name, boxes=annotation.boxes, frame=annotation.frame)

    def load(self, item):
        """Returns a picture's bytes; raises as the tree's `load` does."""
        return self.tree.load(item)

    def orphans(self):
        """Yields the names of annotations that belong to no picture, in the order of their archive."""
        used = {entry.name for entry in self._joined.values()}
        return (name for name in self._annotations.names() if name not in used)

    def left_out(self):
        """Returns the numbers of files that are no pictures, by suffix; XML is expected and not counted."""
        return {suffix: count for suffix, count in self.tree.left_out().items() if suffix != ".xml"}

    def __len__(self):
        return len(self.tree)

    def _class_names(self):
        return {self._annotations.read(entry).class_name for entry in self._joined.values()} - {None}

    @functools.cached_property
    def _annotations(self):
        return Annotations(self.path)

    @functools.cached_property
    def _joined(self):
        return self._annotations.join(self.tree.names())
