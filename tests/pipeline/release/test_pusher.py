import shutil

import pytest

pytest.importorskip("tensorflow_data_validation", reason="TFDV comes with the extra `pipeline`")

from pipeline.components.pusher import Pusher
from pipeline.core.artifact import Artifact
from pipeline.core.contract import Parameter
from pipeline.models import model_fingerprints
from pipeline.release import documents
from pipeline.release.pushed_versions import roll_back
from tfdogs.errors import TfdogsError


@pytest.fixture
def bound(plain_export_dir, tmp_path):
    """Returns a maker of Pusher's arguments, given what the two blessings say."""
    model = Artifact("Model", plain_export_dir, model_fingerprints.of_export(plain_export_dir), id=7)

    def blessing(name, told):
        folder = tmp_path / name
        folder.mkdir()
        values = {"blessed": True, "model": model.fingerprint, "reasons": [], **told}
        documents.write(folder, documents.BLESSING, values)
        return Artifact(name, folder, "", id=8)

    def make(gate=None, infra=None):
        pushed = tmp_path / "pushed"
        pushed.mkdir()
        return {
            "model": model,
            "blessing": blessing("ModelBlessing", gate or {}),
            "infra_blessing": blessing("InfraBlessing", infra or {}),
            "pushed_model": pushed,
            "push_dir": str(tmp_path / "served"),
            "keep": 5,
        }

    return make


def test_a_blessed_model_is_served(bound, tmp_path):
    told = Pusher.execute(**bound())["pushed_model"]
    assert told == {"version": 1, "outcome": "served", "destination": str(tmp_path / "served")}
    assert (tmp_path / "served/1/saved_model.pb").is_file()
    document = documents.read(tmp_path / "pushed", documents.PUSHED)
    assert document["version"] == 1
    assert document["fingerprint"] == model_fingerprints.of_export(tmp_path / "served")


@pytest.mark.parametrize(
    ("told", "says"),
    [
        (
            {"gate": {"blessed": False, "reasons": ["FID 300 is not at most 100"]}},
            "FID 300 is not at most 100",
        ),
        ({"infra": {"blessed": False, "reasons": ["no signature"]}}, "not blessed: no signature"),
        ({"gate": {"model": "another"}}, "ModelBlessing 8 is another's"),
        ({"infra": {"model": "another"}}, "InfraBlessing 8 is another's"),
    ],
)
def test_nothing_else_is(bound, tmp_path, told, says):
    with pytest.raises(TfdogsError, match=f"Pusher refuses Model 7.*{says}"):
        Pusher.execute(**bound(**told))
    assert not (tmp_path / "served").exists()


@pytest.fixture
def pusher(plain_export_dir, tmp_path):
    """Returns (push, holds), functions of a model's name; all models have the same files."""
    push_dir = tmp_path / "served"

    def inputs(name):
        model = Artifact("Model", plain_export_dir, name, id=7)
        blessings = {}
        for key in ("blessing", "infra_blessing"):
            folder = tmp_path / f"{key} of {name}"
            folder.mkdir(exist_ok=True)
            documents.write(folder, documents.BLESSING, {"blessed": True, "model": name, "reasons": []})
            blessings[key] = Artifact(key, folder, "", id=8)
        return {"model": model, **blessings}

    def push(name, keep=5):
        folder = tmp_path / "pushed"
        folder.mkdir(exist_ok=True)
        told = Pusher.execute(**inputs(name), pushed_model=folder, push_dir=str(push_dir), keep=keep)
        return told["pushed_model"]

    def holds(name, keep=5):
        outputs = {"pushed_model": Artifact("PushedModel", tmp_path / "pushed", "")}
        return Pusher.holds({"push_dir": str(push_dir), "keep": keep}, inputs(name), outputs)

    return push, holds


def test_what_is_served_holds_and_nothing_else(pusher, tmp_path):
    push, holds = pusher
    assert not holds("a")
    push("a")
    assert holds("a") and holds("a", keep=1) and not holds("b")
    push("b")
    assert holds("b") and not holds("a")
    assert push("a")["version"] == 3 and holds("a") and not holds("b")


def test_a_folder_that_is_gone_is_filled_again(pusher, tmp_path):
    push, holds = pusher
    push("a")
    shutil.rmtree(tmp_path / "served")
    assert not holds("a")
    assert push("a")["version"] == 1 and (tmp_path / "served/1/saved_model.pb").is_file() and holds("a")


def test_what_was_removed_as_too_old_is_pushed_again(pusher):
    push, holds = pusher
    for name in "abc":
        push(name, keep=1)
    assert not holds("a") and push("a", keep=1)["version"] == 4 and holds("a")


def test_a_rollback_stands(pusher, tmp_path, capsys):
    push, holds = pusher
    push("a")
    push("b")
    roll_back(tmp_path / "served")
    assert holds("a") and holds("b")  # which a person has decided
    for keep in (5, 1, 1):
        told = push("b", keep=keep)
        assert told["version"] == 3
        assert told["outcome"] == "not pushed again: version 3 is a rollback from Model 7"
        assert f"Pusher: {told['outcome']}" in capsys.readouterr().out
        assert holds("a") and holds("b")
    assert push("c")["version"] == 4 and not holds("a") and holds("b")


def test_how_many_stay_makes_no_other_result():
    assert not Pusher.declared(Parameter)["keep"].counts
