"""benchmarks/prepare.py: a side that fails is heard."""

import subprocess
import sys
from pathlib import Path

BENCHMARK = Path(__file__).resolve().parents[2] / "benchmarks/prepare.py"


def test_a_failed_side_says_why(tmp_path):
    command = [sys.executable, str(BENCHMARK), f"--images={tmp_path / 'nowhere'}", "--rounds=1"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 1
    message, end = done.stderr.splitlines()
    assert message.startswith("tfdogs.prepare: ") and str(tmp_path / "nowhere") in message
    assert end.startswith("prepare.py: ") and end.endswith(" failed; its message is above")
