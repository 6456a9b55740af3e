import subprocess
import sys
from pathlib import Path

import pytest

from pipeline import extract, sample
from pipeline.bulk.extract_config import ExtractConfig
from pipeline.bulk.sample_config import SampleConfig
from tfdogs import cli

ROOT = Path(__file__).resolve().parents[3]


def command(module, config_class, *flags):
    """Runs a command in this process; returns its exit status."""
    with pytest.raises(SystemExit) as caught:
        cli.main(config_class, module.run, summary=module.__doc__, argv=["command.py", *flags])
    return caught.value.code


SAMPLE_ERRORS = {
    "flag --num_images=: must be one whole number": ["--num_images="],
    "--num_images must be at least 1. Received: --num_images=0": ["--num_images=0"],
    "exactly one of --model_dir and --export_dir must be given": ["--model_dir="],
    "--model_dir must be a run": ["--model_dir=nowhere"],
    "--best goes with --model_dir only": ["--model_dir=", "--export_dir=export", "--best"],
    "--seed must leave room for --num_images": [f"--seed={2**63 - 2}"],
    "--shard_size must be at least 1": ["--shard_size=0"],
    "--workers must be at least 0": ["--workers=-1"],
    "--label goes with a conditional model": ["--label=pug"],
    "Apache Beam: argument --direct_num_workers": ["--beam_args=--direct_num_workers=many"],
    "--ema_length must be 0, or from": ["--ema_length=3"],
}


@pytest.mark.parametrize("said, flags", list(SAMPLE_ERRORS.items()))
def test_wrong_flags_of_sample_are_one_line(plain, tmp_path, capsys, said, flags):
    output = tmp_path / "bulk"
    given = [f"--model_dir={plain}", f"--output_dir={output}", "--num_images=4", *flags]
    assert command(sample, SampleConfig, *given) == 2
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1 and said in lines[0] and not output.exists()


EXTRACT_ERRORS = {
    "--output must end in .npz. Received: --output=stats.json": ["--output=stats.json"],
    "--images must not be empty": ["--images="],
    "--extractor must be efficientnet_lite0, inception_v3, or the path": ["--extractor=vgg"],
    "--inception_path goes with --extractor=inception_v3 only": ["--inception_path=here"],
    "--cache_dir goes with --features only": ["--cache_dir=here"],
    "--seed goes with --num_images only": ["--seed=4"],
    "--split must be one of train, eval. Received: --split=test": ["--split=test"],
    "Apache Beam: argument --direct_num_workers": ["--beam_args=--direct_num_workers=many"],
}


@pytest.mark.parametrize("said, flags", list(EXTRACT_ERRORS.items()))
def test_wrong_flags_of_extract_are_one_line(drawn, network, tmp_path, capsys, said, flags):
    output = tmp_path / "a.npz"
    given = [f"--images={drawn}", f"--output={output}"]
    if not any("extract" in flag or "inception" in flag for flag in flags):
        given.append(f"--extractor={network}")
    assert command(extract, ExtractConfig, *given, *flags) == 2
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1 and said in lines[0] and not list(tmp_path.iterdir())


def test_commands_draw_and_extract(plain, network, tmp_path, capsys):
    bulk, output = tmp_path / "bulk", tmp_path / "a.npz"
    assert (
        command(sample, SampleConfig, f"--model_dir={plain}", f"--output_dir={bulk}", "--num_images=20") == 0
    )
    assert f"{bulk}: 20 images by mlp at 1.5 kimg, 1 shards" in capsys.readouterr().out
    assert (
        command(extract, ExtractConfig, f"--images={bulk}", f"--output={output}", f"--extractor={network}")
        == 0
    )
    assert f"{output}: 20 images by tiny.keras" in capsys.readouterr().out


def test_another_runner_by_its_flags(plain, drawn, tmp_path):
    bulk = tmp_path / "bulk"
    flags = [f"--model_dir={plain}", "--num_images=70", "--seed=3", "--shard_size=16", f"--output_dir={bulk}"]
    runner = "--runner=PortableRunner --job_endpoint=embed --environment_type=LOOPBACK"
    assert command(sample, SampleConfig, *flags, f"--beam_args={runner}") == 0
    for path in drawn.glob("*.tfrecord"):
        assert (bulk / path.name).read_bytes() == path.read_bytes()


def test_help_is_there_at_once():
    code = (
        "import sys; from pipeline import sample, extract; "
        "from pipeline.bulk import sample_config, extract_config; "
        "assert not {'tensorflow', 'apache_beam'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)


def test_what_is_required(capsys):
    assert command(sample, SampleConfig, "--output_dir=a", "--model_dir=b") == 2
    assert "--num_images is required: Number of images." in capsys.readouterr().err
    assert command(extract, ExtractConfig, "--images=a") == 2
    assert "--output is required" in capsys.readouterr().err
