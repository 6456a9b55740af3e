import numpy as np
import pytest
from PIL import Image

from tfdogs.data import preview
from tfdogs.data.ingest import prepare
from tfdogs.data.prepare_config import PrepareConfig


def prepared(tmp_path, folder):
    for i in range(4):
        pixels = np.random.default_rng(i).integers(0, 256, (40, 40, 3), np.uint8)
        path = tmp_path / "pictures" / folder / f"dog\n\x1b\t{i}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).save(path)
    out = tmp_path / "out"
    made = {"image_size": 16, "checks": "none", "workers": 1}
    return out, prepare(PrepareConfig(images=str(tmp_path / "pictures"), output_dir=str(out), **made))


@pytest.mark.parametrize("folder", ["", "toy\r\npoodle\udcff"])
def test_names_with_line_breaks_are_drawn(tmp_path, folder, capsys):
    out, manifest = prepared(tmp_path, folder)
    assert sum(manifest.num_images(split) for split in manifest.splits) == 4
    with Image.open(out / "preview.png") as sheet:
        assert sheet.width > 500
    assert not capsys.readouterr().err


def test_a_preview_that_cannot_be_drawn_costs_nothing(tmp_path, monkeypatch, capsys):
    def fail(*args, **kwargs):
        raise ValueError("no font")

    monkeypatch.setattr(preview, "save", fail)
    out, _ = prepared(tmp_path, "")
    assert (out / "dataset.json").is_file() and not (out / "preview.png").exists()
    line = f"warning: cannot write {out}/preview.png (ValueError: no font); all else is there"
    assert line in capsys.readouterr().err
