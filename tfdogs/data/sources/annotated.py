"""Pictures with VOC annotations."""

import functools
from dataclasses import replace

from tfdogs.data.annotations import Annotations, read
from tfdogs.data.sources.base import Source
from tfdogs.data.sources.tree import split_name


class AnnotatedSource(Source):
    """The pictures of a folder or an archive with boxes from VOC annotations.

    A picture without an annotation, or whose annotation has no object, gets the problem "no_annotation",
    one whose annotation is malformed, or has no sound box, "bad_annotation". Class folders keep their say;
    where there are none, the annotations give the classes, if they have at least two between them.

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
        self._notes = self._annotations.tree  # listed now, so that a wrong path is found before any work

    def __getstate__(self):
        return {"tree": self.tree, "path": self.path, "_notes": self._notes}  # workers only load and read

    def items(self):
        """Yields every picture, its boxes unread."""
        joined = self._joined
        has_classes = not self.tree.layout.classes and len(set(self._classes.values()) - {None}) > 1
        for item in self.tree.items():
            key = split_name(item.name)
            entry = joined.get(key)
            if item.problem is not None:
                yield item
            elif entry is None:
                detail = self._annotations.why_none(key[1])
                yield replace(item, ref=None, problem="no_annotation", detail=detail)
            else:
                class_name = self._classes[key] if has_classes else item.class_name
                yield replace(item, class_name=class_name, ref=(item.ref, entry))

    def complete(self, item):
        """Returns a picture with its boxes, or its problem."""
        if item.problem is not None:
            return item
        ref, entry = item.ref
        annotation = read(self._notes, entry)
        if annotation.bad:
            return replace(item, ref=None, problem="bad_annotation", detail=annotation.detail)
        if not annotation.boxes:
            detail = f"{entry.path}: it has no <object>"
            return replace(item, ref=None, problem="no_annotation", detail=detail)
        return replace(item, ref=ref, boxes=annotation.boxes, frame=annotation.frame)

    def load(self, item):
        """Returns a picture's bytes; raises as the tree's `load` does."""
        return self.tree.load(item)

    def orphans(self):
        """Yields the names of annotations that belong to no picture, in the order of their archive."""
        used = {entry.name for entry in self._joined.values()}
        return (name for name in self._annotations.names() if name not in used)

    def left_out(self):
        """Returns what is neither picture nor annotation; XML beside pictures counts where it is not read."""
        left_out = self.tree.left_out()
        suffixes = dict(left_out.suffixes)
        pictures, notes = self.tree.path.resolve(), self._notes.path.resolve()
        if notes == pictures or pictures in notes.parents or notes in pictures.parents:
            suffixes.pop(".xml", None)
        return left_out._replace(suffixes=suffixes, annotations=self._annotations.left_out)

    def __len__(self):
        return len(self.tree)

    @functools.cached_property
    def _annotations(self):
        return Annotations(self.path)

    @functools.cached_property
    def _joined(self):
        return self._annotations.join(self.tree.names())

    @functools.cached_property
    def _classes(self):
        return {key: read(self._notes, entry).class_name for key, entry in self._joined.items()}
