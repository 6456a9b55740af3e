"""The client's calls on a SavedModel in this process."""

from pathlib import Path

from tfdogs.errors import TfdogsError, UsageError
from tfdogs.serving import version_folders
from tfdogs.serving.client.client import Client, Tensors


class LocalClient(Client):
    """Calls an export without a server. See `Client`; there is nothing to try again, and no deadline.

    Args:
        path: an export, or one of its version folders.
        name: not used; the other clients have it.
        version: which version of the export, a number; default: the newest.
        deadline, retries: not used; the other clients have them.

    Raises:
        UsageError: there is no such version.
        TfdogsError: it cannot be loaded.
    """

    def __init__(self, path, *, name="dogs", version=None, deadline=10.0, retries=3):
        super().__init__(name=name, version=version, deadline=deadline, retries=retries)
        folder = _version_folder(Path(path), version)
        from tfdogs.serving.servable import Servable  # TensorFlow takes seconds

        self._servable = Servable(folder)

    def close(self):
        """Lets go of the model."""
        super().close()
        self._servable = None

    def _ask_signatures(self, seconds):
        return {
            name: Tensors(_tensors(found.inputs), _tensors(found.outputs))
            for name, found in self._servable.signatures.items()
        }

    def _predict(self, signature_name, arrays, outputs, seconds):
        return self._servable.predict(signature_name, arrays)

    def _status(self, seconds):
        return [(self._servable.version, "AVAILABLE")]


def _version_folder(path, version):
    if (path / "saved_model.pb").is_file():
        # "." and links have no number: resolved, they do.
        folder = path.resolve()
        if version is not None and folder.name != str(version):
            raise UsageError(f"version must be that of the folder. Received: {version} for {path}")
        return folder
    try:
        versions = version_folders.versions(path)
    except OSError as e:
        raise TfdogsError(f"{path} cannot be read: {e.strerror}") from e
    if not versions or version not in (None, *versions):
        there = ", ".join(map(str, sorted(versions))) or "none"
        wanted = "a version" if version is None else f"version {version}"
        raise UsageError(f"{path} has not got {wanted}; it has: {there} (python -m tfdogs.export writes one)")
    return versions[max(versions) if version is None else version]


def _tensors(specs):
    return {name: (dtype.name, shape) for name, (dtype, shape) in specs.items()}
