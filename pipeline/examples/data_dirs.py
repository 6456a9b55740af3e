"""The artifact TransformedExamples: a data_dir, as `tfdogs.prepare` makes it."""

from tfdogs.data.manifest import Manifest


def fingerprint(folder):
    """Returns the fingerprint of a data_dir: over every record in order."""
    return Manifest.load(folder).fingerprint
