"""Where a disk is full, or files may not become larger, each command says which path in one line."""

import contextlib
import resource
import runpy
import sys

import pytest

COMMANDS = {
    "prepare": (
        "--images=paper_dogs:12 --image_size=28 --workers=1 --output_dir={out}/data", "{out}/data", 4096,
    ),
    "train": (
        "--data_dir=data --model_dir={out}/run --model=mlp --g_channels=1 --d_channels=1 --batch_size=4 "
        "--total_kimg=0.008 --augment=brightness --sheet_columns=2 --precision=float32",
        "{out}/run/checkpoints/kimg000000.008", 16384,
    ),
    "generate zip": ("--model_dir=run --num_images=12 --output={out}/a.zip", "{out}/a.zip", 4096),
    "generate folder": ("--model_dir=run --num_images=12 --output={out}/a", "{out}/a", 512),
    "generate grid": ("--model_dir=run --output={out}/a.png", "{out}/a.png", 4096),
    "generate walk": ("--model_dir=run --num_images=3 --output={out}/a.gif", "{out}/a.gif", 4096),
    "generate page": ("--model_dir=run --num_images=3 --output={out}/a.html", "{out}/a.html", 4096),
    "gallery": ("--images=dogs --num_images=4 --output_dir={out}/g", "{out}/g", 512),
    "export": ("--model_dir=run --export_dir={out}/e", "{out}/e", 4096),
}  # fmt: skip


@contextlib.contextmanager
def files_of_at_most(size):
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("command", COMMANDS)
def test_the_line_names_the_path(command, home, tmp_path, monkeypatch, capsys):
    flags, path, size = COMMANDS[command]
    name = command.split()[0]
    if name == "export":
        pytest.importorskip("tensorflow_serving", reason="comes with the extra `serve`")
    monkeypatch.chdir(home)
    monkeypatch.setattr(sys, "argv", [name, *flags.format(out=tmp_path).split()])
    monkeypatch.delitem(sys.modules, f"tfdogs.{name}", raising=False)
    capsys.readouterr()
    with files_of_at_most(size), pytest.raises(SystemExit) as caught:
        runpy.run_module(f"tfdogs.{name}", run_name="__main__", alter_sys=True)
    *warnings, line = capsys.readouterr().err.splitlines()
    assert caught.value.code == 1, line
    assert f"cannot write {path.format(out=tmp_path)}: " in line
    assert "File too large" in line or "larger than is allowed" in line
    for text in (*warnings, line):
        assert "Traceback" not in text and "{{" not in text and "[Op:" not in text
    kept = ".a.zip.unfinished" if command == "generate zip" else "run" if name == "train" else None
    assert [path.name for path in tmp_path.iterdir() if path.name != "e"] == [kept] * bool(kept)
    assert not [path for path in tmp_path.rglob(".*") if path.name != kept]
