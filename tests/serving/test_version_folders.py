import os
import threading
import time

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


def test_which_folders_are_versions(tmp_path):
    for name in (
        "2",
        "10",
        "01",
        "1",
        "001",
        "0",
        "007",
        "9" * 18,
        "9" * 19,
        "-3",
        "4.5",
        "\u0663",
        "\u00b2",
        "page",
    ):
        (tmp_path / name).mkdir()
    (tmp_path / "5").write_text("")
    (tmp_path / "6").symlink_to(tmp_path / "page")
    (tmp_path / "8").symlink_to(tmp_path / "nowhere")
    found = version_folders.versions(tmp_path)
    assert list(found) == [0, 1, 2, 6, 7, 10, 10**18 - 1]
    assert [path.name for path in found.values()] == ["0", "1", "2", "6", "007", "10", "9" * 18]
    assert found[7] == tmp_path / "007"
    assert {path.name for path in tmp_path.iterdir() if version_folders.is_version(path)} == {
        *(path.name for path in found.values()),
        *("01", "001"),
    }
    assert version_folders.is_version(str(tmp_path / "1"))
    with pytest.raises(FileNotFoundError):
        version_folders.versions(tmp_path / "nowhere")


def test_no_number_is_larger_than_the_largest(tmp_path):
    (tmp_path / ("9" * 25)).mkdir()  # which is no version
    assert publish(tmp_path, version_folders.MAX_VERSION).name == "9" * 18
    with pytest.raises(UsageError, match=r"--version must be given .*9{18} is in"):
        version_folders.check(tmp_path)
    assert publish(tmp_path, 3).name == "3"


def test_a_file_is_in_the_way_of_a_version(tmp_path):
    (tmp_path / "4").write_text("")
    with pytest.raises(UsageError, match="--version=4 exists"):
        version_folders.check(tmp_path, 4)
    assert publish(tmp_path).name == "5"


def test_what_a_killed_export_left_is_removed_after_a_day(tmp_path):
    now = time.time()
    for name, days in (
        (".12.0123abcd.partial", 2),
        (".13.0123abcd.partial", 0.5),
        (".own.partial", 9),
        ("1", 9),
    ):
        (tmp_path / name / "variables").mkdir(parents=True)
        (tmp_path / name / "variables/weights").write_text("half")
        os.utime(tmp_path / name, (now, now - days * 24 * 60 * 60))
    publish(tmp_path)
    assert names(tmp_path) == [".13.0123abcd.partial", ".own.partial", "1", "2"]


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
