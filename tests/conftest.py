import dataclasses
import os

import pytest
from hypothesis import settings

# The suite tries the same examples every time; `pytest --hypothesis-profile=explore` looks for new ones.
settings.register_profile("same", derandomize=True, deadline=None)
settings.register_profile("explore", deadline=None)
settings.load_profile("same")

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")


@pytest.fixture(scope="session")
def paper_data(tmp_path_factory):
    """A data_dir of 60 paper dogs of 28 px with their breeds."""
    from tfdogs.data.ingest import prepare
    from tfdogs.data.prepare_config import PrepareConfig

    path = tmp_path_factory.mktemp("data") / "paper"
    prepare(PrepareConfig(images="paper_dogs:60", image_size=28, output_dir=str(path), workers=1))
    return path


@pytest.fixture
def make_config(paper_data, tmp_path):
    """Returns a maker of small TrainConfigs: a few steps of 4 images on the paper dogs."""
    from tfdogs.training.config import TrainConfig

    small = TrainConfig(
        data_dir=str(paper_data),
        model_dir=str(tmp_path / "run"),
        total_kimg=0.016,
        model="dcgan",
        latent_dim=6,
        g_channels=2,
        d_channels=2,
        d_norm="none",
        r1=0.1,
        r1_interval=3,
        augment="brightness,translation",
        batch_size=4,
        ema_kimg=0.01,
        log_kimg=0.008,
        sheet_kimg=1.0,
        checkpoint_kimg=0.008,
        sheet_columns=2,
    )

    def make(**changes):
        if changes.get("model", "dcgan") != "dcgan":
            changes = {"d_norm": "batch", **changes}  # dcgan's own flag
        return dataclasses.replace(small, **changes)

    return make
