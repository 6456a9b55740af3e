import threading
import time

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


def until(condition, seconds=20):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.001)


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


def test_a_label_is_the_version_that_models_config_says(versions, tmp_path, capsys):
    pytest.importorskip("tensorflow_serving", reason="needs the stubs of TensorFlow Serving")
    text = 'model_config_list { config { name: "dogs" version_labels { key: "stable" value: %d } } }'
    (tmp_path / "models.config").write_text(text % 1)
    assert not versions.poll() and versions.find("dogs", None, "stable").version == 1
    assert [found.version for found in versions.status("dogs", None, "stable")] == [1]
    assert refused(versions.find, "dogs", None, "canary").endswith("version label: canary")
    assert refused(versions.find, "cats", None, "stable").endswith("version label: stable")
    (tmp_path / "models.config").write_text(text % 22)
    versions.poll()
    not_served = "NOT_FOUND: Servable not found for request: Specific(dogs, 22)"
    assert refused(versions.find, "dogs", None, "stable") == not_served
    (tmp_path / "models.config").write_text("version_labels {")
    assert not versions.poll() and not versions.poll()
    (told,) = capsys.readouterr().err.splitlines()
    assert told.startswith("dogs: labels stay as they were: ") and "models.config" in told


def test_versions_that_have_labels_are_served_beside_the_newest(versions, export, tmp_path, capsys):
    pytest.importorskip("tensorflow_serving", reason="needs the stubs of TensorFlow Serving")

    def label(version):
        text = (
            'model_config_list {{ config {{ name: "dogs" version_labels {{ key: "stable" value: {} }} }} }}'
        )
        (tmp_path / "models.config").write_text(text.format(version))

    label(1)
    first = versions.find("dogs")
    export(2)
    assert versions.poll() and versions.find("dogs").version == 2
    assert versions.find("dogs", None, "stable") is versions.find("dogs", 1) is first  # loaded once
    assert states(versions) == [(2, "AVAILABLE"), (1, "AVAILABLE")]
    anew = Versions(tmp_path, name="dogs", load=Fake)
    assert anew.poll() and not anew.poll() and anew.find("dogs").version == 2
    assert anew.find("dogs", None, "stable").version == 1
    assert "dogs: version 1 is served for its label" in capsys.readouterr().out
    label(22)
    assert versions.poll() and not versions.poll()
    assert refused(versions.find, "dogs", 1).startswith("NOT_FOUND") and states(versions)[1] == (1, "END")
    label("2 ")  # the newest
    assert not versions.poll() and versions.find("dogs", None, "stable").version == 2
    label("1  ")
    assert versions.poll() and versions.find("dogs", None, "stable").version == 1
    delete(tmp_path / "2")
    assert versions.poll() and versions.find("dogs") is versions.find("dogs", 1)
    assert states(versions) == [(2, "END"), (1, "AVAILABLE")]


def test_a_labelled_version_that_is_broken_or_gone_is_not_served(versions, export, tmp_path, capsys):
    pytest.importorskip("tensorflow_serving", reason="needs the stubs of TensorFlow Serving")
    text = 'model_config_list { config { name: "dogs" version_labels { key: "old" value: 3 } } }'
    (tmp_path / "models.config").write_text(text)
    export(3, "broken")
    export(4)
    assert versions.poll() and not versions.poll() and versions.find("dogs").version == 4
    assert refused(versions.find, "dogs", None, "old").endswith("Specific(dogs, 3)")
    assert capsys.readouterr().err.count("version 3 cannot be served") == 1
    export(3, "mended")
    assert versions.poll() and versions.find("dogs", None, "old").text == "mended"
    delete(tmp_path / "3")
    assert versions.poll() and refused(versions.find, "dogs", 3).startswith("NOT_FOUND")
    assert versions.find("dogs").version == 4


def test_a_broken_version_is_reported_and_the_old_one_kept(versions, export, tmp_path, capsys):
    export(2, "broken")
    assert not versions.poll() and not versions.poll()
    assert versions.find("dogs").version == 1
    (broken,) = versions.status("dogs", 2)
    assert broken.state == "END" and broken.error == "it is broken" and broken.error_code == "UNKNOWN"
    assert states(versions) == [(2, "END"), (1, "AVAILABLE")]
    told = f"dogs: version 2 cannot be served: {tmp_path / '2'} is broken\n"
    assert capsys.readouterr().err == told  # tried once, and told where it lies
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


def test_a_broken_version_beside_a_good_one_at_the_start_is_told_too(export, tmp_path, capsys):
    export(1)
    export(2, "broken")
    versions = Versions(tmp_path, name="dogs", load=Fake)
    versions.start()
    versions.close()
    assert versions.find("dogs").version == 1
    assert capsys.readouterr().err == f"dogs: version 2 cannot be served: {tmp_path / '2'} is broken\n"


@pytest.mark.parametrize(
    ("reason", "told"),
    [
        ("{folder}/variables: no such file", "variables: no such file"),
        ("{folder} holds nothing: see '{folder}/a/b.pb'", "it holds nothing: see 'a/b.pb'"),
        ("cannot read /usr/lib/python/x.py or http://host/a/b", "cannot read x.py or http://host/a/b"),
        ("1/2 of a/b/c", "1/2 of a/b/c"),
        ("", "RuntimeError"),
    ],
)
def test_the_status_says_nothing_of_where_files_lie(versions, export, tmp_path, reason, told):
    def load(folder):
        raise RuntimeError(reason.format(folder=folder))

    versions = Versions(tmp_path, name="dogs", load=load)
    assert not versions.poll()
    (broken,) = versions.status("dogs")
    assert (broken.state, broken.error) == ("END", told)


class Gone:
    """A file whose reader has gone."""

    def write(self, text):
        raise BrokenPipeError

    def flush(self):
        raise BrokenPipeError

    def fileno(self):
        raise OSError


def test_nothing_ends_the_watch(export, tmp_path, monkeypatch, caplog):
    def load(folder):
        if folder.name == "4":
            raise ZeroDivisionError("a fault of ours")
        return Fake(folder)

    def arrives(version, state="AVAILABLE"):
        export(version)
        until(lambda: (version, state) in states(versions))

    export(1)
    versions = Versions(tmp_path, name="dogs", poll_seconds=0.001, load=load)
    versions.start()
    try:
        monkeypatch.setattr("sys.stdout", Gone())
        monkeypatch.setattr("sys.stderr", Gone())
        arrives(2)
        arrives(3)
        arrives(4, "END")
        poll, failed = versions.poll, threading.Event()
        monkeypatch.setattr(versions, "poll", lambda: failed.set() or 1 / 0)
        assert failed.wait(20)
        monkeypatch.setattr(versions, "poll", poll)
        arrives(5)
    finally:
        versions.close()
    assert "a fault of ours" in caplog.text and "looking for versions" in caplog.text


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
