import pytest

pytest.importorskip("tensorflow_serving", reason="needs the stubs of TensorFlow Serving")

from tfdogs.errors import TfdogsError
from tfdogs.serving import deployment
from tfdogs.serving.version_labels import VersionLabels

CONFIG = """model_config_list {
  config { name: "cats" version_labels { key: "stable" value: 9 } }
  config {
    name: "dogs"  # this one
    version_labels { key: "stable" value: 3 }
    version_labels { key: "canary" value: 4 }
  }
}
"""


def test_labels_follow_the_file(tmp_path):
    labels, path = VersionLabels(tmp_path, "dogs"), tmp_path / "models.config"
    labels.look()
    assert labels.get("stable") is None
    path.write_text(CONFIG)
    labels.look()
    assert (labels.get("stable"), labels.get("canary"), labels.get("beta")) == (3, 4, None)
    path.write_text(CONFIG.replace("value: 3", "value: 12"))
    labels.look()
    assert labels.get("stable") == 12
    path.unlink()
    labels.look()
    assert labels.get("stable") is None


def test_the_file_that_export_writes_has_none(tmp_path):
    deployment.write(tmp_path, "dogs")
    labels = VersionLabels(tmp_path, "dogs")
    labels.look()
    assert labels.get("stable") is None


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"model_config_list { version_labels", "is no configuration of TensorFlow Serving: "),
        (b"version_labels \xff", "cannot read .*models.config: 'utf-8' codec"),
    ],
)
def test_a_damaged_file_is_told_once_and_changes_nothing(tmp_path, data, message):
    labels, path = VersionLabels(tmp_path, "dogs"), tmp_path / "models.config"
    path.write_text(CONFIG)
    labels.look()
    path.write_bytes(data)
    with pytest.raises(TfdogsError, match=message):
        labels.look()
    labels.look()
    assert labels.get("stable") == 3
