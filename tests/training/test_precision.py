import dataclasses

import pytest

from tfdogs.errors import UsageError
from tfdogs.training import precision
from tfdogs.training.config import TrainConfig
from tfdogs.training.run import load, train


@pytest.mark.parametrize(
    "flags, fast",
    [
        ("fpu avx512f avx512_bf16", True),
        ("fpu amx_bf16", True),
        ("fpu avx2 bf16x", False),
        ("", False),
    ],
)
def test_bfloat16_is_fast_where_linux_lists_its_instructions(tmp_path, monkeypatch, flags, fast):
    monkeypatch.delenv("TF_ENABLE_ONEDNN_OPTS", raising=False)
    path = tmp_path / "cpuinfo"
    path.write_text(f"processor\t: 0\nflags\t\t: {flags}\nbugs\t\t: amx_bf16\n")
    assert precision.fast_bfloat16(path) is fast
    monkeypatch.setenv("TF_ENABLE_ONEDNN_OPTS", "0")
    assert not precision.fast_bfloat16(path)


def test_without_linux_it_is_float32(tmp_path):
    assert not precision.fast_bfloat16(tmp_path / "absent")


@pytest.mark.parametrize("fast, chosen", [(True, "mixed_bfloat16"), (False, "float32")])
def test_a_run_keeps_what_auto_was_where_it_began(make_config, monkeypatch, capsys, fast, chosen):
    config = make_config(precision="auto", total_kimg=0.008)
    monkeypatch.setattr(precision, "fast_bfloat16", lambda: fast)
    train(config)
    assert f"precision: {chosen}" in capsys.readouterr().out
    assert TrainConfig.load(f"{config.model_dir}/config.json").precision == chosen
    monkeypatch.setattr(precision, "fast_bfloat16", lambda: not fast)  # resumed on another machine
    train(dataclasses.replace(config, total_kimg=0.016))
    assert f"precision: {chosen} (as {config.model_dir} began)" in capsys.readouterr().out
    run = load(config.model_dir)
    assert run.config.precision == chosen and run.kimg == 0.016
    assert run.gan.generator.body.layers[0].compute_dtype == chosen.removeprefix("mixed_")


def test_another_precision_than_the_runs_own_is_refused(make_config):
    config = make_config(total_kimg=0.008)
    train(config)
    with pytest.raises(UsageError, match="--precision: 'float32' -> 'mixed_bfloat16'"):
        train(dataclasses.replace(config, precision="mixed_bfloat16"))
