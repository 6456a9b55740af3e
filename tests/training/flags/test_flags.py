"""Flags of a training that exclude each other, or that only some models know."""

import json

import pytest

from tfdogs import cli
from tfdogs.errors import UsageError
from tfdogs.training.config import TrainConfig


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"blocks": 3}, "--blocks goes with --model=r3gan only, not dcgan. Received: --blocks=3"),
        ({"attention": 16}, "--attention goes with --model=biggan or sagan only, not dcgan"),
        ({"model": "mlp", "d_norm": "batch"}, "--d_norm goes with --model=dcgan only, not mlp"),
        (
            {"model": "sngan", "reconstruction": 1.0},
            "--reconstruction goes with --model=dcgan or r3gan only, not sngan. Rec.*: --reconstruction=1.0",
        ),
        (
            {"model": "stylegan2", "skip_excitation": True},
            "--skip_excitation goes with --model=dcgan or r3gan only, not stylegan2",
        ),
        ({"path_length": 2.0}, "--path_length goes with --model=stylegan2 only, not dcgan"),
        (
            {"model": "stylegan2", "g_orthogonal": 1e-4},
            "--g_orthogonal goes with --model=biggan or dcgan or mlp or sagan or sngan or wgan_gp only, "
            "not stylegan2. Received: --g_orthogonal=0.0001",
        ),
        ({"model": "stylegan2", "d_orthogonal": 1e-4}, "--d_orthogonal goes with .* only, not stylegan2"),
        ({"model": "r3gan", "g_orthogonal": 1e-4}, "--g_orthogonal goes with .* only, not r3gan"),
        ({"model": "r3gan", "d_orthogonal": 1e-4}, "--d_orthogonal goes with .* only, not r3gan"),
        ({"augment": "ada:sparkle"}, "--augment must be made of .*Received: --augment=ada:sparkle"),
        ({"loss": "relativistic", "label_smoothing": 0.1}, "--label_smoothing must be 0 with --loss=relati"),
        (
            {"d_norm": "batch", "dragan": 1.0},
            "--dragan takes images one by one, which .* mixes: give --dragan=0 or --d_norm=none",
        ),
        (
            {"d_norm": "batch"},
            "--r1 takes images one by one, which BatchNorm mixes: give --r1=0 or --d_norm=none. "
            "Received: --r1=0.1",
        ),
        ({"d_norm": "batch", "r1": 0.0, "r2": 1.0}, "--r2 takes .* give --r2=0 or --d_norm=none. Received"),
        (
            {"augment": "ada", "ada_kimg": 0.0},
            "--ada_kimg must be over 0, or --ada_p: p would stay at 0 and augment nothing. Received: .*=0.0",
        ),
        (
            {"augment": "ada", "ada_p_end": 0.3},
            "--ada_p_end goes with --ada_kimg=0 and a --schedule_kimg over 0 only. Received: --ada_p_end=0.3",
        ),
        ({"ada_p_end": 0.3, "ada_kimg": 0.0}, "--ada_kimg goes with --augment=ada only, not --augment=auto"),
        ({"penalty_before_augment": True, "r1": 0.0}, "--penalty_before_augment needs --r1 or --r2"),
        ({"penalty_before_augment": True, "augment": ""}, "--penalty_before_augment needs an augmentation"),
        (
            {"augment": "color", "ada_p": 0.3},
            "--ada_p goes with --augment=ada only, not --augment=color. Rec",
        ),
        ({"ada_kimg": 3.0}, "--ada_kimg goes with --augment=ada only, not --augment=auto"),
        (
            {"augment": "", "ada_target": 0.1},
            "--ada_target goes with --augment=ada only, not --augment=. Rec",
        ),
        (
            {"instance_noise_kimg": 5.0},
            "--instance_noise_kimg must be 0 without --instance_noise: .*Received: --instance_noise_kimg=5.0",
        ),
        ({"model": "wgan_gp"}, "--model needs --loss=wasserstein and --gradient_penalty"),
        (
            {"model": "stylegan2", "latent": "uniform"},
            "--style_mixing mixes in styles of N.0, 1. latents: give --latent=normal or --style_mixing=0",
        ),
        (
            {"eval_labels": "data"},
            "--eval_labels goes with --conditional only. Received: --eval_labels=data",
        ),
        ({"eval_labels": "balanced"}, "--eval_labels must be one of , data, uniform. Received"),
        ({"aug_preview": "sheet.jpg"}, "--aug_preview must end in .png"),
        ({"augment": "", "aug_preview": "sheet.png"}, "--aug_preview needs an augmentation: give --augment"),
        (
            {"updates": "simultaneous", "loss": "hinge"},
            "--updates=simultaneous goes with --loss=minimax or .* only, not hinge",
        ),
        (
            {"updates": "simultaneous", "model": "stylegan2"},
            "--updates=simultaneous needs a discriminator that judges each image on its own",
        ),
        (
            {"updates": "simultaneous", "d_norm": "batch", "r1": 0.0},
            "--updates=simultaneous needs a discriminator that",
        ),
        (
            {"updates": "simultaneous", "r2": 1.0},
            "--updates=simultaneous needs --r2=0, or an --r2_interval of 2 or more",
        ),
        ({"updates": "simultaneous", "lecam": 1.0}, "--updates=simultaneous needs --lecam=0"),
        ({"updates": "simultaneous", "top_k": 0.5}, "--updates=simultaneous needs --top_k=1"),
        ({"early_stop": 2}, "--early_stop needs evaluations: give --eval_kimg"),
        (
            {"xla": True, "augment": "ada"},
            "--xla does not go together with --augment=ada's blit and geometry",
        ),
        ({"xla": True, "top_k": 0.5}, "--xla does not go together with --top_k"),
        ({"xla": True, "strategy": "mirrored"}, "--xla does not go together with --strategy=mirrored"),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, dict) else "",
)
def test_refused(changes, message):
    with pytest.raises(UsageError, match=message):
        TrainConfig(data_dir="data", model_dir="run", **changes)


def test_a_penalty_that_the_models_kernels_can_take():
    weights = {"g_orthogonal": 1e-4, "d_orthogonal": 1e-4}
    for model in ("biggan", "dcgan", "mlp", "sagan", "sngan"):
        assert TrainConfig(data_dir="data", model_dir="run", model=model, **weights).g_orthogonal == 1e-4


def test_what_a_flag_on_top_of_a_recipe_turns_off_may_keep_its_details():
    details = {"r1": 0.0, "r1_interval": 8, "lr_end": 0.1, "lecam_start_kimg": 5.0}
    assert TrainConfig(data_dir="data", model_dir="run", **details).r1 == 0


@pytest.mark.parametrize(
    "changes",
    [
        {"d_norm": "batch", "r1": 0.0},
        {"augment": "ada", "ada_kimg": 0.0, "ada_p": 0.3},
        {"augment": "ada:color", "ada_target": 0.1},
        {"instance_noise": 0.1, "instance_noise_kimg": 5.0},
        {"updates": "simultaneous", "r2": 1.0, "r2_interval": 8, "loss": "relativistic"},
        {"model": "stylegan2", "latent": "uniform", "style_mixing": 0.0},
    ],
    ids="-".join,
)
def test_legal(changes):
    TrainConfig(data_dir="data", model_dir="run", **changes)


def test_a_run_from_before_a_flag_was_there_is_read(tmp_path):
    (tmp_path / "config.json").write_text('{"data_dir": "d", "model_dir": "m", "d_norm": "none", "r1": 0.1}')
    config = TrainConfig.load(tmp_path / "config.json")
    assert (config.d_norm, config.skip_excitation, config.reconstruction) == ("none", False, 0.0)


def test_a_run_from_when_another_models_flag_had_another_default_is_read(tmp_path):
    values = {"data_dir": "d", "model_dir": "m", "model": "mlp", "d_norm": "batch", "attention": 7}
    (tmp_path / "config.json").write_text(json.dumps(values))
    config = TrainConfig.load(tmp_path / "config.json")
    assert (config.model, config.d_norm) == ("mlp", TrainConfig.d_norm)
    (tmp_path / "config.json").write_text(config.dump())
    assert TrainConfig.load(tmp_path / "config.json") == config


def test_where_attention_is_that_nobody_asked_for():
    places = {"data_dir": "d", "model_dir": "m"}
    config = TrainConfig(**places, model="biggan", updates="alternating")
    assert config.network_options["attention"] is None
    assert config.resolve(256).attention == 64
    before = TrainConfig.from_dict({**places, "model": "biggan", "attention": 32})  # 32 was the default
    assert before.diff(config.resolve(128)) == [] and before.resolve(256).attention == 32
    assert TrainConfig(**places).resolve(256).attention == -1  # dcgan has none


def test_columns_of_a_sheet_that_nobody_asked_for():
    config = TrainConfig(data_dir="d", model_dir="m")
    columns = [config.resolve(size).sheet_columns for size in (28, 512, 720, 1024)]
    assert columns == [8, 8, 5, 4]
    assert TrainConfig(data_dir="d", model_dir="m", sheet_columns=8).resolve(1024).sheet_columns == 8


@pytest.mark.parametrize("text", ["[]", "3", '["model"]', "null"])
def test_a_file_that_holds_no_configuration_is_named(tmp_path, text):
    (tmp_path / "config.json").write_text(text)
    with pytest.raises(UsageError, match=r"config\.json is not a TrainConfig"):
        TrainConfig.load(tmp_path / "config.json")


@pytest.mark.parametrize(
    ("changes", "simultaneous"),
    [
        ({}, True),
        ({"updates": "alternating"}, False),
        ({"loss": "hinge"}, False),
        ({"r2": 1.0}, False),
        ({"r2": 1.0, "r2_interval": 2}, True),
        ({"model": "stylegan2"}, False),
        ({"d_norm": "batch", "r1": 0.0}, False),
        ({"precision": "mixed_float16"}, False),
        ({"precision": "mixed_bfloat16"}, True),
    ],
    ids=str,
)
def test_auto_is_simultaneous_where_that_is_possible(changes, simultaneous):
    config = TrainConfig(data_dir="data", model_dir="run", **changes)
    assert config.simultaneous == simultaneous
    resolved = config.resolve(64)
    assert resolved.updates == ("simultaneous" if simultaneous else "alternating")
    assert resolved.simultaneous == simultaneous


def test_a_run_that_is_older_than_simultaneous_updates_alternates():
    values = TrainConfig(data_dir="data", model_dir="run").to_dict()
    del values["updates"]
    assert TrainConfig.from_dict(values).updates == "alternating"


def test_float16_and_simultaneous_updates_do_not_go_together_but_a_run_of_both_is_read():
    values = {"data_dir": "d", "model_dir": "m", "precision": "mixed_float16", "updates": "simultaneous"}
    with pytest.raises(UsageError, match=r"--updates=simultaneous needs --precision=float32 or mixed_b"):
        TrainConfig(**values)
    assert TrainConfig.from_dict(values).updates == "alternating"


def parsed(*flags):
    return cli.parse(TrainConfig, ["train", "--data_dir=d", "--model_dir=m", *flags], summary="")


def test_what_is_on_by_default_is_off_and_refused_where_a_model_has_no_such_thing():
    assert parsed("--self_modulation").self_modulation and not parsed("--model=mlp").self_modulation
    with pytest.raises(UsageError, match=r"^--self_modulation goes with --model=dcgan only, .*=True$"):
        parsed("--model=mlp", "--self_modulation")
    for model in ("dcgan", "r3gan"):  # every flag by name, as scripts write it
        config = parsed(f"--model={model}")
        assert parsed(*(f"--{name}={value}" for name, value in config.to_dict().items())) == config


def test_a_run_that_is_older_than_self_modulation_has_none():
    values = TrainConfig(data_dir="d", model_dir="m").to_dict()
    assert values.pop("self_modulation") is True
    assert TrainConfig.from_dict(values).self_modulation is False
    r3gan = TrainConfig(data_dir="d", model_dir="m", model="r3gan")
    assert TrainConfig.from_dict({**values, "model": "r3gan"}) == r3gan
