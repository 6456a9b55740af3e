"""Flags of a training that exclude each other, or that only some models know."""

import pytest

from tfdogs.errors import UsageError
from tfdogs.training.config import TrainConfig


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"blocks": 3}, "--blocks goes with --model=r3gan only, not dcgan. Received: --blocks=3"),
        ({"attention": 16}, "--attention goes with --model=biggan or sagan only, not dcgan"),
        ({"model": "mlp", "d_norm": "none"}, "--d_norm goes with --model=dcgan only, not mlp"),
        ({"path_length": 2.0}, "--path_length goes with --model=stylegan2 only, not dcgan"),
        ({"r1_interval": 4}, "--r1_interval goes with --r1 only"),
        ({"r2_interval": 4}, "--r2_interval goes with --r2 only"),
        ({"lecam_start_kimg": 4.0}, "--lecam_start_kimg goes with --lecam only"),
        ({"top_k_kimg": 4.0}, "--top_k_kimg goes with --top_k only"),
        ({"instance_noise_kimg": 4.0}, "--instance_noise_kimg goes with --instance_noise only"),
        ({"ada_target": 0.5}, "--ada_target goes with --augment=ada only"),
        ({"augment": "ada:sparkle"}, "--augment must be made of .*Received: --augment=ada:sparkle"),
        ({"lr_end": 0.1}, "--lr_end needs a schedule: give --schedule_kimg"),
        ({"loss": "relativistic", "label_smoothing": 0.1}, "--label_smoothing must be 0 with --loss=relati"),
        ({"dragan": 1.0}, "--dragan takes images one by one: it must be 0, or --d_norm=none"),
        ({"model": "wgan_gp"}, "--model needs --loss=wasserstein and --gradient_penalty"),
        ({"aug_preview": "sheet.jpg"}, "--aug_preview must end in .png"),
        ({"early_stop": 2}, "--early_stop needs evaluations: give --eval_kimg"),
        ({"xla": True, "strategy": "mirrored"}, "--xla does not go together with --strategy=mirrored"),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, dict) else "",
)
def test_refused(changes, message):
    with pytest.raises(UsageError, match=message):
        TrainConfig(data_dir="data", model_dir="run", **changes)


def test_a_run_from_before_a_flag_was_there_is_read(tmp_path):
    (tmp_path / "config.json").write_text('{"data_dir": "d", "model_dir": "m", "d_norm": "none", "r1": 0.1}')
    assert TrainConfig.load(tmp_path / "config.json").d_norm == "none"
