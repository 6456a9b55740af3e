from pathlib import Path

import pytest

from tfdogs.errors import UsageError
from tfdogs.training import init_source
from tfdogs.training.config import TrainConfig
from tfdogs.training.init_source import resolve


def touch(path):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()


def make_run(path):
    touch(path / "config.json")
    touch(path / "checkpoints/kimg000001.000/state.json")


def test_what_it_may_be(tmp_path):
    make_run(tmp_path / "run")
    touch(tmp_path / "dogs.keras")
    for version in ("2", "10", "old"):
        touch(tmp_path / "export" / version / "saved_model.pb")
    touch(tmp_path / "export/11/assets.extra/card.json")
    expected = {
        "run": ("run", "run"),
        "dogs.keras": ("keras", "dogs.keras"),
        "export": ("export", "export/10"),
        "export/2": ("export", "export/2"),
    }
    for name, (kind, path) in expected.items():
        found = resolve(str(tmp_path / name))
        assert (found.kind, found.path) == (kind, tmp_path / path)


@pytest.mark.parametrize("name", ["nothing", "file.h5", "empty", "begun", "missing.keras"])
def test_what_it_may_not_be(tmp_path, name):
    touch(tmp_path / "file.h5")
    (tmp_path / "empty").mkdir()
    touch(tmp_path / "begun/config.json")
    rule = (
        r"--init_from must be a run of .*, an export .*, or a \.keras file of a tfdogs.GAN. Received: --init_"
    )
    with pytest.raises(UsageError, match=rule) as error:
        resolve(tmp_path / name)
    assert str(error.value).endswith(f"--init_from={Path(tmp_path, name)}")


def test_a_run_that_has_a_checkpoint_is_not_asked_for_its_source(tmp_path):
    config = TrainConfig(data_dir="d", model_dir=str(tmp_path / "run"), init_from="gone")
    with pytest.raises(UsageError, match="--init_from=gone"):
        init_source.check(config)
    make_run(tmp_path / "run")
    init_source.check(config)
    init_source.check(TrainConfig(data_dir="d", model_dir="nowhere"))


def test_freeze_d_needs_trained_layers():
    with pytest.raises(
        UsageError, match=r"--freeze_d goes with --init_from only: .*. Received: --freeze_d=1"
    ):
        TrainConfig(data_dir="d", model_dir="m", freeze_d=1)
    with pytest.raises(UsageError, match=r"--freeze_d must be at least 0"):
        TrainConfig(data_dir="d", model_dir="m", freeze_d=-1, init_from="run")
    old = TrainConfig(data_dir="d", model_dir="m").to_dict()
    del old["init_from"], old["freeze_d"]
    assert TrainConfig.from_dict(old) == TrainConfig(data_dir="d", model_dir="m")
