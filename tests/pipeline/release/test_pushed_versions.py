import json

import pytest

from pipeline.release import pushed_versions
from pipeline.release.pushed_versions import notes, push, roll_back, rolled_back
from tfdogs.errors import UsageError


@pytest.fixture
def model(tmp_path):
    """Returns a maker of folders that look like SavedModels, and what they are known by."""

    def make(name):
        folder = tmp_path / "models" / name / "1"
        (folder / "assets.extra").mkdir(parents=True)
        (folder / "saved_model.pb").write_text(name)
        (folder / "assets.extra" / "card.json").write_text("{}")
        return folder, {"fingerprint": name}

    return make


def push_all(model, push_dir, names, **options):
    for name in names:
        folder, origin = (
            model(name) if not (push_dir.parent / "models" / name).exists() else again(push_dir, name)
        )
        yield push(folder, push_dir, origin=origin, **options)


def again(push_dir, name):
    return push_dir.parent / "models" / name / "1", {"fingerprint": name}


def contents(push_dir):
    return {int(p.name): (p / "saved_model.pb").read_text() for p in push_dir.iterdir() if p.name.isdigit()}


def test_versions_count_up_and_bring_what_serves_them(model, tmp_path):
    push_dir = tmp_path / "served"
    assert list(push_all(model, push_dir, "ab")) == [1, 2]
    assert contents(push_dir) == {1: "a", 2: "b"}
    assert notes(push_dir) == {1: {"fingerprint": "a"}, 2: {"fingerprint": "b"}}
    assert (push_dir / "models.config").is_file() and (push_dir / "2/assets.extra/card.json").is_file()
    assert not [path for path in push_dir.iterdir() if path.name.startswith(".")]


def test_what_is_served_is_not_pushed_again(model, tmp_path):
    push_dir = tmp_path / "served"
    assert list(push_all(model, push_dir, "aab")) == [1, 1, 2]
    assert list(push_all(model, push_dir, "a")) == [3]  # an older one becomes the newest


def test_only_the_newest_stay(model, tmp_path):
    push_dir = tmp_path / "served"
    list(push_all(model, push_dir, "abcd", keep=2))
    assert contents(push_dir) == {3: "c", 4: "d"}


def test_a_push_that_fails_leaves_what_was_there(model, tmp_path, monkeypatch):
    push_dir = tmp_path / "served"
    list(push_all(model, push_dir, "a"))

    def fail(hidden, version=None):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(pushed_versions.version_folders, "publish", fail)
    with pytest.raises(Exception, match="No space left"):
        list(push_all(model, push_dir, "b"))
    assert contents(push_dir) == {1: "a"}
    assert not [path for path in push_dir.iterdir() if path.name.startswith(".")]


def test_rolling_back_is_the_old_model_under_a_new_number(model, tmp_path):
    push_dir = tmp_path / "served"
    list(push_all(model, push_dir, "abc"))
    assert roll_back(push_dir) == (2, 4)
    assert contents(push_dir) == {1: "a", 2: "b", 3: "c", 4: "b"}
    assert json.loads((push_dir / "4/assets.extra/lineage.json").read_text()) == {
        "fingerprint": "b",
        "rolled_back_to": 2,
        "instead_of": ["c"],
    }
    assert roll_back(push_dir) == (3, 5)  # and it can be taken back
    assert roll_back(push_dir, 1) == (1, 6) and contents(push_dir)[6] == "a"


def test_a_rollback_stands(model, tmp_path):
    push_dir = tmp_path / "served"
    list(push_all(model, push_dir, "abc"))
    roll_back(push_dir)
    assert [rolled_back(notes(push_dir), name) for name in "abcd"] == [4, None, 4, None]
    assert list(push_all(model, push_dir, "ca")) == [4, 4]
    assert list(push_all(model, push_dir, "cc", keep=1)) == [4, 4]  # also once its own version is gone
    assert contents(push_dir) == {4: "b"}
    assert list(push_all(model, push_dir, "d")) == [5]
    assert list(push_all(model, push_dir, "c")) == [5]
    assert list(push_all(model, push_dir, "ab")) == [6, 7]  # nobody ever went back from these
    assert contents(push_dir) == {4: "b", 5: "d", 6: "a", 7: "b"}


def test_a_rollback_of_an_older_tfdogs_stands(model, tmp_path):
    push_dir = tmp_path / "served"
    list(push_all(model, push_dir, "ab"))
    roll_back(push_dir)
    (push_dir / "3/assets.extra/lineage.json").write_text('{"fingerprint": "a", "rolled_back_to": 1}')
    assert list(push_all(model, push_dir, "b")) == [3]


def test_a_rollback_can_be_taken_back(model, tmp_path):
    push_dir = tmp_path / "served"
    list(push_all(model, push_dir, "ab"))
    roll_back(push_dir)
    roll_back(push_dir)
    assert contents(push_dir) == {1: "a", 2: "b", 3: "a", 4: "b"}
    assert rolled_back(notes(push_dir), "b") is None and rolled_back(notes(push_dir), "a") == 4


def test_what_cannot_be_rolled_back_is_told(model, tmp_path):
    push_dir = tmp_path / "served"
    with pytest.raises(UsageError, match="no such folder"):
        roll_back(push_dir)
    list(push_all(model, push_dir, "a"))
    with pytest.raises(UsageError, match="no other model"):
        roll_back(push_dir)
    list(push_all(model, push_dir, "b"))
    with pytest.raises(UsageError, match=r"--version must be one .*: 1. Received: --version=2"):
        roll_back(push_dir, 2)
    (push_dir / "empty").mkdir()
    with pytest.raises(UsageError, match="no version"):
        roll_back(push_dir / "empty")
    assert contents(push_dir) == {1: "a", 2: "b"}


def test_strangers_versions_have_empty_notes(model, tmp_path):
    push_dir = tmp_path / "served"
    (push_dir / "7").mkdir(parents=True)
    assert notes(push_dir) == {7: {}}
    assert list(push_all(model, push_dir, "a")) == [8]
