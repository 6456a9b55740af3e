import pytest

pytest.importorskip("tensorflow_data_validation", reason="TFDV comes with the extra `pipeline`")

from pipeline.components.pusher import Pusher
from pipeline.core.artifact import Artifact
from pipeline.models import model_fingerprints
from pipeline.release import documents
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
    assert told == {"version": 1, "destination": str(tmp_path / "served")}
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
