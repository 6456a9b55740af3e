import threading

import pytest

from tfdogs.errors import TfdogsError
from tfdogs.serving.errors import ServingError
from tfdogs.serving.versions import Versions, VersionStatus


class Fake:
    """What stands for a servable: the folder's number, and what its file says."""

    def __init__(self, folder):
        self.version, self.text = int(folder.name), (folder / "model").read_text()
        if self.text == "broken":
            raise TfdogsError(f"{folder} is broken")


@pytest.fixture
def export(tmp_path):
    """Returns a maker of versions in `tmp_path`."""

    def export(version, text="good"):
        folder = tmp_path / str(version)
        if folder.is_dir():
            (folder / "model").write_text(text)
            return
        aside = tmp_path / f".{version}.partial"
        aside.mkdir()
        (aside / "model").write_text(text)
        aside.rename(folder)

    return export


@pytest.fixture
def versions(export, tmp_path):
    """Versions of an export with version 1, looked at when a test says so."""
    export(1)
    versions = Versions(tmp_path, name="dogs", load=Fake)
    versions.poll()
    return versions


def delete(path):
    (path / "model").unlink()
    path.rmdir()


def refused(call, *args):
    with pytest.raises(ServingError) as caught:
        call(*args)
    return str(caught.value)


def states(versions):
    return [(status.version, status.state) for status in versions.status("dogs")]


def test_the_newest_version_is_served(versions, export):
    assert versions.find("dogs").version == 1
    for version in (9, 10, 2):
        export(version)
    assert versions.poll() and not versions.poll()
    assert versions.find("dogs").version == versions.find("dogs", 10).version == 10
    assert states(versions) == [(10, "AVAILABLE"), (1, "END")]
    assert versions.status("dogs", 1) == [VersionStatus(1, "END")]


def test_folders_that_are_no_versions(versions, tmp_path):
    for name in (".2.77.partial", "page", "-3", "4.0", "\u0665", "9" * 19):
        (tmp_path / name).mkdir()
    (tmp_path / "6").write_text("a file")
    assert not versions.poll() and versions.find("dogs").version == 1


def test_what_is_not_there_is_refused_in_tensorflow_servings_words(versions):
    assert refused(versions.find, "half") == "NOT_FOUND: Servable not found for request: Latest(half)"
    assert refused(versions.find, "dogs", 7) == "NOT_FOUND: Servable not found for request: Specific(dogs, 7)"
    assert refused(versions.status, "half") == "NOT_FOUND: Could not find any versions of model half"
    assert refused(versions.status, "dogs", 7) == "NOT_FOUND: Could not find version 7 of model dogs"
    for call in (versions.find, versions.status):
        message = "INVALID_ARGUMENT: Unrecognized servable version label: stable"
        assert refused(call, "dogs", None, "stable") == message


def test_a_broken_version_is_reported_and_the_old_one_kept(versions, export, capsys):
    export(2, "broken")
    assert not versions.poll() and not versions.poll()
    assert versions.find("dogs").version == 1
    (broken,) = versions.status("dogs", 2)
    assert broken.state == "END" and "2 is broken" in broken.error and broken.error_code == "UNKNOWN"
    assert states(versions) == [(2, "END"), (1, "AVAILABLE")]
    assert capsys.readouterr().err.count("version 2 cannot be served") == 1  # tried once
    export(2, "mended")
    assert versions.poll() and versions.find("dogs").text == "mended"
    assert states(versions) == [(2, "AVAILABLE"), (1, "END")]


def test_deleting_the_newest_rolls_back(versions, export, tmp_path):
    export(2)
    export(3, "broken")
    assert versions.poll() and versions.find("dogs").version == 2
    delete(tmp_path / "2")
    assert versions.poll() and versions.find("dogs").version == 1
    assert states(versions) == [(3, "END"), (2, "END"), (1, "AVAILABLE")]
    delete(tmp_path / "1")
    assert not versions.poll() and versions.find("dogs").version == 1  # from memory
    delete(tmp_path / "3")
    tmp_path.rmdir()
    assert not versions.poll() and versions.find("dogs").version == 1


def test_nothing_to_serve(tmp_path, export):
    with pytest.raises(TfdogsError, match="no version in it"):
        Versions(tmp_path, name="dogs", load=Fake).start()
    with pytest.raises(TfdogsError, match=r"cannot read .*nowhere: No such file"):
        Versions(tmp_path / "nowhere", name="dogs", load=Fake).start()
    export(1, "broken")
    export(2, "broken")
    with pytest.raises(TfdogsError, match=r"2 is broken; .*1 is broken"):
        Versions(tmp_path, name="dogs", load=Fake).start()


def test_the_folder_is_watched_and_the_old_version_serves_while_the_new_one_loads(export, tmp_path):
    loads, go_on, loaded = threading.Event(), threading.Event(), threading.Event()

    def load(folder):
        if folder.name == "2":
            loads.set()
            assert go_on.wait(10)
        elif folder.name == "3":
            loaded.set()
        return Fake(folder)

    export(1)
    versions = Versions(tmp_path, name="dogs", poll_seconds=0.001, load=load)
    versions.start()
    try:
        export(2)
        assert loads.wait(10)
        assert versions.find("dogs").version == 1
        assert states(versions) == [(2, "LOADING"), (1, "AVAILABLE")]
        go_on.set()
        export(3)
        assert loaded.wait(10)  # 2 has been served by then
        assert (2, "END") in states(versions) or (2, "AVAILABLE") in states(versions)
    finally:
        go_on.set()
        versions.close()
