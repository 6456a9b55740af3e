"""The notebooks run in their short form, and show what their code showed when it was last run in full."""

import base64
import gzip
import io
import json
import runpy
import struct
from pathlib import Path

import nbformat
import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

FOLDER = Path(__file__).resolve().parents[2] / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))
MAX_PICTURE = 60_000  # bytes of a picture kept in a notebook

run = runpy.run_path(str(FOLDER / "run.py"))


def outputs(notebook, kind):
    """Returns {cell id: its outputs of a kind} of the cells that have such ones."""
    found = {
        cell.id: [o for o in cell.get("outputs", ()) if o.output_type == kind] for cell in notebook.cells
    }
    return {name: values for name, values in found.items() if values}


def pictures(notebook):
    """Returns {cell id: its pictures, PNG} of the cells that show pictures."""
    shown = {
        cell.id: [o.data["image/png"] for o in cell.get("outputs", ()) if "image/png" in o.get("data", ())]
        for cell in notebook.cells
    }
    return {name: [base64.b64decode(png) for png in pngs] for name, pngs in shown.items() if pngs}


def hidden(notebook):
    """Returns the ids of the cells whose outputs are not kept."""
    return {cell.id for cell in notebook.cells if "remove-output" in cell.metadata.get("tags", ())}


def write_digits(folder, count=300):
    """Writes a stand-in for MNIST: digits of Pillow's own font, a little shifted, in an IDX file."""
    rng = np.random.default_rng(0)
    pixels = np.zeros((count, 28, 28), np.uint8)
    for i, (x, y) in enumerate(rng.integers(-3, 4, (count, 2))):
        digit = Image.new("L", (28, 28))
        font = ImageFont.load_default(int(rng.integers(18, 25)))
        ImageDraw.Draw(digit).text((14 + x, 14 + y), str(i % 10), 255, font, anchor="mm")
        pixels[i] = digit
    folder.mkdir()
    content = struct.pack(">4I", 0x803, *pixels.shape) + pixels.tobytes()
    (folder / "train-images-idx3-ubyte.gz").write_bytes(gzip.compress(content))


@pytest.fixture(params=NOTEBOOKS, ids=lambda path: path.stem)
def path(request):
    return request.param


@pytest.fixture
def kept(path):
    """The notebook as it is in the repository."""
    return nbformat.read(path, as_version=4)


def test_there_are_two():
    assert [path.stem for path in NOTEBOOKS] == ["01_first_gan_mnist", "02_your_own_pictures"]


def test_is_clean(path, kept):
    content = json.loads(path.read_text())
    assert (content["nbformat"], content["nbformat_minor"]) >= (4, 5)
    nbformat.validate(content)
    assert len({cell.id for cell in kept.cells}) == len(kept.cells)
    assert set(kept.metadata) == {"kernelspec", "language_info", "tfdogs"}


def test_shows_what_its_code_showed(kept):
    assert kept.metadata.tfdogs.code == run["digest"](kept), (
        "changed code: python notebooks/run.py runs it again"
    )
    code = [cell for cell in kept.cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in code] == list(range(1, len(code) + 1))
    assert not outputs(kept, "error")


def test_ran_in_under_ten_minutes(kept):
    assert 0 < kept.metadata.tfdogs.seconds < 600  # on two cores, when it was last run in full


def test_keeps_small_pictures_that_are_ours(kept):
    shown = pictures(kept)
    assert shown and not hidden(kept) & set(shown)
    assert max(len(png) for pngs in shown.values() for png in pngs) < MAX_PICTURE


def test_digest_follows_the_code_alone(kept):
    before = run["digest"](kept)
    kept.cells[0].source += "More words."
    kept.cells[-1].outputs = []
    assert run["digest"](kept) == before
    next(cell for cell in kept.cells if cell.cell_type == "code").source += "\npass"
    assert run["digest"](kept) != before


def test_pictures_are_kept_small():
    noise = np.random.default_rng(0).integers(0, 256, (40, 50, 3), np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(noise).save(buffer, "png")
    data = {
        "image/png": base64.b64encode(buffer.getvalue()).decode(),
        "image/jpeg": "",
        "text/plain": "<PIL>",
    }
    run["make_small"](data)
    assert set(data) == {"image/png", "text/plain"}
    png = base64.b64decode(data["image/png"])
    assert len(png) < buffer.tell() / 2
    with Image.open(io.BytesIO(png)) as image:
        assert image.size == (50, 40)
        assert np.abs(np.asarray(image.convert("RGB"), int) - noise).mean() < 30


@pytest.fixture
def short(tmp_path):
    """The environment of a notebook's short form, which keeps to tmp_path."""
    write_digits(tmp_path / "mnist")
    return {
        "TFDOGS_NOTEBOOK_SHORT": "1",
        "TFDOGS_MNIST": str(tmp_path / "mnist"),
        "TFDOGS_PICTURES": "",
        "TFDOGS_WORK": str(tmp_path / "work"),
        "XDG_CACHE_HOME": str(tmp_path / "cache"),
    }


@pytest.mark.slow
def test_runs_in_short_form(path, kept, short, tmp_path):
    done = run["execute"](path, short)
    assert not outputs(done, "error")
    assert set(pictures(done)) == set(pictures(kept)) | hidden(kept)
    assert {path.name for path in tmp_path.iterdir()} <= {"mnist", "work", "cache"}


@pytest.mark.slow
def test_a_second_run_loses_no_training(short, tmp_path):
    path = next(path for path in NOTEBOOKS if "own_pictures" in path.stem)
    run["execute"](path, short)
    trained = tmp_path / "work/run"
    before = {file: file.read_bytes() for file in trained.rglob("*") if file.is_file()}
    assert any("checkpoints" in file.parts for file in before)
    run["execute"](path, short)
    assert {file: file.read_bytes() for file in before} == before
    assert {version.name for version in (tmp_path / "work/export").glob("[0-9]*")} >= {"2"}
