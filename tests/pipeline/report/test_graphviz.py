import pytest

from pipeline.report import graphviz
from tfdogs.errors import TfdogsError


def test_a_drawing_that_does_not_end_is_given_up(tmp_path, monkeypatch):
    dot = tmp_path / "dot"
    dot.write_text("#!/bin/sh\nexec sleep 30\n")
    dot.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    monkeypatch.setattr(graphviz, "SECONDS", 0.2)
    with pytest.raises(TfdogsError, match=r"dot could not draw the graph: it has done nothing for 0\.\d+ s"):
        graphviz.svg("digraph {}")
