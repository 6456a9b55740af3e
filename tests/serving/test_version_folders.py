import threading

import pytest

from tfdogs.errors import TfdogsError, UsageError
from tfdogs.serving import version_folders


def publish(root, version=None):
    with version_folders.aside(root) as hidden:
        (hidden / "model").write_text("weights")
        return version_folders.publish(hidden, version)


def names(root):
    return sorted(path.name for path in root.iterdir())


def test_numbers_go_up_from_the_largest(tmp_path):
    root = tmp_path / "new/export"
    assert publish(root) == root / "1" and (root / "1/model").read_text() == "weights"
    assert publish(root, 7).name == "7" and publish(root).name == "8" and publish(root, 2).name == "2"
    for name in ("0012", "page", "compose.yaml", "-30", "4.5"):
        (root / name).mkdir()
    assert publish(root).name == "13"
    assert not [name for name in names(root) if name.startswith(".")]


def test_a_version_never_changes(tmp_path):
    publish(tmp_path, 3)
    (tmp_path / "005").mkdir()
    for version in (3, 5):
        with pytest.raises(UsageError, match=f"--version={version} exists"):
            version_folders.check(tmp_path, version)
        with pytest.raises(UsageError, match=f"--version={version} exists"):
            publish(tmp_path, version)
    assert names(tmp_path) == ["005", "3"] and (tmp_path / "3/model").read_text() == "weights"


def test_what_is_no_folder(tmp_path):
    (tmp_path / "file").write_text("")
    for path in (tmp_path / "file", tmp_path / "file/below"):
        with pytest.raises(UsageError, match="file is not a folder"):
            version_folders.check(path)
    version_folders.check(tmp_path / "not/yet/there")
    assert names(tmp_path) == ["file"]


def test_a_failure_leaves_nothing(tmp_path):
    publish(tmp_path)
    with pytest.raises(TfdogsError, match="No space left"), version_folders.aside(tmp_path) as hidden:
        (hidden / "half").write_text("")
        raise OSError(28, "No space left on device")
    assert names(tmp_path) == ["1"]


def test_exports_at_once_get_a_version_each(tmp_path):
    published, start = [], threading.Barrier(8)

    def run():
        with version_folders.aside(tmp_path) as hidden:
            (hidden / "model").write_text("weights")
            start.wait()
            published.append(version_folders.publish(hidden).name)

    threads = [threading.Thread(target=run) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(published) == names(tmp_path) == [str(number) for number in range(1, 9)]
