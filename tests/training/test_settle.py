import dataclasses
import json
from pathlib import Path

import pytest

from tfdogs.errors import UsageError
from tfdogs.training import precision, settle
from tfdogs.training.config import TrainConfig
from tfdogs.training.run import load, train


@pytest.mark.parametrize("slow, chosen", [(False, "mixed_bfloat16"), (True, "float32")])
def test_auto_is_what_the_slowest_worker_has_and_a_given_precision_stays(make_config, tmp_path, slow, chosen):
    said = []

    class Workers:
        say = said.append

    def settled(name):
        config = make_config(precision=name)
        return settle.with_precision(config, tmp_path / "config.json", slow, Workers).precision

    assert settled("mixed_float16") == "mixed_float16" and not said
    assert settled("auto") == chosen
    assert len(said) == 1 and said[0].startswith(f"precision: {chosen} (")


def test_a_run_goes_on_with_the_defaults_that_it_began_with(make_config, tmp_path):
    begun = tmp_path / "run" / "config.json"
    defaults = {field.name: field.default for field in dataclasses.fields(TrainConfig)}

    def settled(**flags):
        config, said = settle.with_former_defaults(make_config(**flags), begun)
        return {name: getattr(config, name) for name in ("schedule_kimg", "lr_end", "g_lr")}, said

    today = {name: defaults[name] for name in ("schedule_kimg", "lr_end", "g_lr")}
    assert settled() == (today, "")
    begun.parent.mkdir()
    begun.write_text(make_config(schedule_kimg=400.0, lr_end=0.2, g_lr=3e-3).dump())
    found, said = settled()
    assert found == {"schedule_kimg": 400.0, "lr_end": 0.2, "g_lr": defaults["g_lr"]}  # 3e-3 was no default
    assert said == f"as {begun.parent} began, with older defaults: --schedule_kimg=400.0 --lr_end=0.2"
    assert settled(schedule_kimg=70.0, lr_end=0.2) == ({**today, "schedule_kimg": 70.0, "lr_end": 0.2}, "")


def test_a_former_default_is_another_value_of_the_same_type():
    for field in dataclasses.fields(TrainConfig):
        values = [field.default, *field.metadata.get("former", ())]
        assert len(set(values)) == len(values)
        assert len(set(map(type, values))) == 1


def test_the_same_command_goes_on_with_a_run_of_an_older_default(make_config, capsys):
    config = make_config(total_kimg=0.008)
    train(config)
    path = Path(config.model_dir, "config.json")
    path.write_text(json.dumps({**json.loads(path.read_text()), "schedule_kimg": 400.0}))
    train(dataclasses.replace(config, total_kimg=0.016))
    assert "with older defaults: --schedule_kimg=400.0" in capsys.readouterr().out
    assert TrainConfig.load(path).schedule_kimg == 400 and load(config.model_dir).kimg == 0.016


def test_updates_are_those_that_the_run_began_with(make_config, tmp_path):
    begun = tmp_path / "config.json"

    def settled(**flags):
        return settle.with_updates(make_config(**flags), begun).updates

    assert settled() == "auto"
    begun.write_text(make_config(updates="alternating").dump())
    assert settled() == "alternating"
    assert settled(updates="simultaneous") == "simultaneous"


def test_labels_of_evaluations_are_the_runs_else_the_datas(make_config, tmp_path):
    begun = tmp_path / "config.json"

    def settled(**flags):
        return settle.with_labels(make_config(**flags), begun).eval_labels

    assert settled() == ""
    assert settled(conditional=True) == "data"
    assert settled(conditional=True, eval_labels="uniform") == "uniform"
    begun.write_text(make_config(conditional=True, eval_labels="uniform").dump())
    assert settled(conditional=True) == "uniform"
    assert settled(conditional=True, eval_labels="data") == "data"


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
    assert run.gan.discriminator.body.layers[0].compute_dtype == chosen.removeprefix("mixed_")


def test_another_precision_than_the_runs_own_is_refused(make_config):
    config = make_config(total_kimg=0.008)
    train(config)
    with pytest.raises(UsageError, match="--precision: 'float32' -> 'mixed_bfloat16'"):
        train(dataclasses.replace(config, precision="mixed_bfloat16"))
