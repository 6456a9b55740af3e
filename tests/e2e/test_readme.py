"""What the README shows runs as it is printed."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_ten_lines_of_keras(tmp_path):
    (code,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    script = code + "\nassert dogs.shape == (4, 16, 16, 3) and dogs.dtype == np.uint8"
    script += "\nassert (dogs == gan.generate(4, seed=0)).all()"
    done = subprocess.run([sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "dogs.keras").is_file()


def test_the_scores_example(capsys):
    text = (ROOT / "docs/metrics.md").read_text(encoding="utf-8")
    (code,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    exec(code, {})
    fid, distances = capsys.readouterr().out.splitlines()
    assert 0 < float(fid) < 1000 and 0 < float(distances.split()[0]) < 64


def test_networks_by_name():
    assert 'tfdogs.models.build("dcgan", image_size=64)' in README
    script = 'import tfdogs; g, d = tfdogs.models.build("dcgan", image_size=64); print(g.count_params())'
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_the_two_commands_are_targets():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in ("demo", "test"):
        assert f"make {target}" in README and re.search(rf"^{target}:", makefile, re.MULTILINE)


@pytest.mark.parametrize(
    "page", ["README.md", "BUILD.md", *(f"docs/{p.name}" for p in (ROOT / "docs").glob("*.md"))]
)
def test_links_between_pages_lead_somewhere(page):
    text = (ROOT / page).read_text(encoding="utf-8")
    for link in re.findall(r"\]\(([^)#]+)\)", text):
        if "://" not in link:
            assert ((ROOT / page).parent / link).exists(), link
