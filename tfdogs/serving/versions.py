"""Which versions of the model are served: the newest one that loads, and those that have a label."""

import dataclasses
import gc
import logging
import re
import threading
from pathlib import Path

from tfdogs.errors import TfdogsError
from tfdogs.serving import version_folders
from tfdogs.serving.errors import ServingError
from tfdogs.serving.notices import tell
from tfdogs.serving.version_labels import VersionLabels

_LOG = logging.getLogger(__name__)
_FOLDER = re.compile(r"(?<![\w.:/])/(?:[^\s/:'\"]+/)+")


@dataclasses.dataclass(frozen=True)
class VersionStatus:
    """What became of a version.

    Attributes:
        version: its number.
        state: "LOADING", "AVAILABLE" or "END", as TensorFlow Serving calls them.
        error: why it cannot be served, without where it lies, or "".
    """

    version: int
    state: str
    error: str = ""

    @property
    def error_code(self):
        """One of the names of TensorFlow's codes: "OK", or "UNKNOWN" with an error."""
        return "UNKNOWN" if self.error else "OK"


class Versions:
    """The versions in an export's folder, of which the newest is served, and those that models.config labels.

    The folder is looked at again and again. A new version is loaded and warmed up beside the one that
    serves, then takes its place; requests in flight finish on the old one. A version that does not load is
    reported in its status, and not tried again before its files change; the one before it goes on serving.
    Where the newest is deleted, the next takes its place; where all are deleted, the one in memory goes on.

    Args:
        export_dir: folder of version folders, named by numbers.
        name: the model's name in requests.
        poll_seconds: time between two looks at the folder.
        load: makes a servable of a version's folder, ready to serve; default `Servable`, warmed up.
    """

    def __init__(self, export_dir, *, name, poll_seconds=1.0, load=None):
        self.name = name
        self._export_dir, self._poll_seconds = Path(export_dir), poll_seconds
        self._load = load or _load
        self._servable, self._statuses, self._broken = None, {}, {}
        self._served = {}  # the newest and those that have labels; replaced, never changed
        self._labels = VersionLabels(export_dir, name)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="versions", daemon=True)

    def start(self):
        """Loads the newest version, then watches the folder in a thread of its own.

        Raises:
            TfdogsError: there is no version that loads.
        """
        self.poll()
        if self._servable is None:
            reasons = "; ".join(reason for _, reason in self._broken.values())
            reasons = reasons or "no version in it (python -m tfdogs.export writes one)"
            raise TfdogsError(f"nothing to serve in {self._export_dir}: {reasons}")
        for version, (_, reason) in self._broken.items():
            self._tell_broken(version, reason)
        self._thread.start()

    def close(self):
        """Stops watching; a version that is being loaded is waited for, but not for long."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(timeout=5)

    def find(self, name, version=None, label=None):
        """Returns the `Servable` that a request asks for.

        Args:
            name: the model's name.
            version: a number, or None for the newest.
            label: a version's label in models.config, or None.

        Raises:
            ServingError: NOT_FOUND: another name, or a version that is not served; INVALID_ARGUMENT: a label
                that models.config does not have.
        """
        version = self._labelled(name, version, label)
        servable = self._servable if version is None else self._served.get(version)
        if name != self.name or servable is None:
            wanted = f"Latest({name})" if version is None else f"Specific({name}, {version})"
            raise ServingError("NOT_FOUND", f"Servable not found for request: {wanted}")
        return servable

    def status(self, name, version=None, label=None):
        """Returns the `VersionStatus` of one or of all versions ever seen, newest first.

        Raises:
            ServingError: as `find`.
        """
        version = self._labelled(name, version, label)
        statuses = self._statuses if name == self.name else {}  # replaced, never changed
        if version is None and not statuses:
            raise ServingError("NOT_FOUND", f"Could not find any versions of model {name}")
        if version is not None and version not in statuses:
            raise ServingError("NOT_FOUND", f"Could not find version {version} of model {name}")
        wanted = [version] if version is not None else sorted(statuses, reverse=True)
        return [statuses[number] for number in wanted]

    def _labelled(self, name, version, label):
        """Returns the version that a label stands for, or `version` where there is no label."""
        if label is None:
            return version
        found = self._labels.get(label) if name == self.name else None
        if found is None:
            raise ServingError("INVALID_ARGUMENT", f"Unrecognized servable version label: {label}")
        return found

    def poll(self):
        """Looks at the folder once and loads what is to be served, if it is not; says whether it did."""
        try:
            self._labels.look()
        except TfdogsError as e:
            tell(f"{self.name}: labels stay as they were: {e}", error=True)
        try:
            folders = version_folders.versions(self._export_dir)
        except OSError as e:
            if self._servable is None:
                raise TfdogsError(f"cannot read {self._export_dir}: {e.strerror}") from e
            return False
        newer = self._serve_newest(folders)
        return self._serve_labelled(folders) or newer

    def _serve_newest(self, folders):
        for version in sorted(folders, reverse=True):
            if self._servable is not None and version == self._servable.version:
                return False
            servable = self._served.get(version) or self._try(version, folders[version])
            if servable is not None:
                self._served = {**self._served, version: servable}
                old, self._servable = self._servable, servable
                if old is not None:
                    tell(f"{self.name}: version {version} takes the place of {old.version}")
                return True
        return False

    def _serve_labelled(self, folders):
        """Loads what labels ask for, and lets go what is neither that nor the newest; says whether it did."""
        if self._servable is None:
            return False
        before, served = self._served, {self._servable.version: self._servable}
        for version in sorted((self._labels.versions & folders.keys()) - served.keys()):
            servable = before.get(version) or self._try(version, folders[version])
            if servable is not None:
                served[version] = servable
        self._served = served
        for version in before.keys() - served.keys():
            self._set(version, "END")
        for version in served.keys() - before.keys():
            tell(f"{self.name}: version {version} is served for its label")
        return served.keys() != before.keys()

    def _try(self, version, folder):
        """Returns a version's servable, or None where it does not load, or did not before."""
        files = _fingerprint(folder)
        tried, _ = self._broken.get(version, ((), ""))
        if tried == files:
            return None
        self._set(version, "LOADING")
        try:
            servable = self._load(folder)
        except Exception as e:
            if not isinstance(e, TfdogsError):
                _LOG.exception("version %d: a fault of ours", version)
            reason = str(e) or type(e).__name__
            self._broken[version] = files, reason
            self._set(version, "END", _without_folders(reason, folder))
            if self._servable is not None:
                self._tell_broken(version, reason)
            return None
        self._broken.pop(version, None)
        self._set(version, "AVAILABLE")
        return servable

    def _tell_broken(self, version, reason):
        tell(f"{self.name}: version {version} cannot be served: {reason}", error=True)

    def _set(self, version, state, error=""):
        self._statuses = {**self._statuses, version: VersionStatus(version, state, error)}

    def _watch(self):
        while not self._stop.wait(self._poll_seconds):
            try:
                if self.poll():
                    gc.collect()  # a loaded model holds on to itself, and its weights may be large
            except Exception:  # or no version would ever be served again
                _LOG.exception("a fault of ours while looking for versions in %s", self._export_dir)


def _load(folder):
    from tfdogs.serving.servable import Servable  # TensorFlow, which takes seconds

    servable = Servable(folder)
    servable.warm_up()
    return servable


def _without_folders(text, folder):
    """Returns a reason as others may read it: they need not know where files lie on this machine."""
    for path in (folder, folder.resolve()):
        text = text.replace(f"{path}/", "").replace(str(path), "it")
    return _FOLDER.sub("", text)


def _fingerprint(folder):
    """Returns what changes when the folder's files do."""
    try:
        stats = [(str(path), path.stat()) for path in sorted(folder.rglob("*"))]
    except OSError:  # it is just being written or deleted
        return None
    return [(path, stat.st_size, stat.st_mtime_ns) for path, stat in stats]
