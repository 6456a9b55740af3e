"""Labels of versions, such as "stable", as models.config has them for TensorFlow Serving."""

from pathlib import Path

from tfdogs.errors import TfdogsError

FILE_NAME = "models.config"


class VersionLabels:
    """The labels in the models.config of an export, read again where it has changed.

    Args:
        export_dir: the folder of the versions, in which the file may lie.
        name: the model's name.
    """

    def __init__(self, export_dir, name):
        self._path, self._name = Path(export_dir, FILE_NAME), name
        self._seen, self._labels = None, {}

    @property
    def versions(self):
        """The versions that have labels, a set."""
        return set(self._labels.values())

    def get(self, label):
        """Returns a label's version, or None where there is no such label."""
        return self._labels.get(label)

    def look(self):
        """Reads the file, if it has changed; a file that is gone has no labels.

        Raises:
            TfdogsError: it cannot be read, or is no such file; the labels stay as they are. It is said once.
        """
        try:
            stat = self._path.stat()
            seen = stat.st_mtime_ns, stat.st_size
            if seen == self._seen:
                return
            self._seen = seen
            text = self._path.read_text(encoding="utf-8")
        except (FileNotFoundError, NotADirectoryError):
            self._seen, self._labels = None, {}
            return
        except (OSError, UnicodeDecodeError) as e:
            raise TfdogsError(f"cannot read {self._path}: {getattr(e, 'strerror', None) or e}") from e
        if "version_labels" not in text:
            self._labels = {}
            return
        self._labels = self._parse(text)

    def _parse(self, text):
        from google.protobuf import text_format

        from tfdogs.serving import protos  # TensorFlow, which takes seconds

        config = protos.model_server_config_pb2.ModelServerConfig()
        try:
            text_format.Parse(text, config)
        except text_format.ParseError as e:
            raise TfdogsError(f"{self._path} is no configuration of TensorFlow Serving: {e}") from e
        models = [model for model in config.model_config_list.config if model.name == self._name]
        return {label: version for model in models for label, version in model.version_labels.items()}
