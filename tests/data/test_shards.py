import os

import pytest

from tfdogs.data import shards
from tfdogs.errors import TfdogsError


def test_what_a_killed_preparation_left_is_swept(tmp_path):
    gone = 2**22 + 1  # over the largest number of a process
    for number in (gone, os.getpid()):
        (tmp_path / f".out.tmp-{number}").mkdir()
        (tmp_path / f".out.tmp-{number}/spool").write_text("half")
    with shards.replacing(tmp_path / "out") as work:
        (work / "preview.png").write_text("")
        with pytest.raises(TfdogsError, match=f"/out is in use by process {os.getpid()} on "):
            shards.replacing(tmp_path / "out").__enter__()
    assert sorted(path.name for path in tmp_path.iterdir()) == [f".out.tmp-{os.getpid()}", "out"]


def test_a_link_is_locked_and_replaced_where_it_leads(tmp_path):
    (tmp_path / "disk").mkdir()
    (tmp_path / "out").symlink_to("disk/out")
    with shards.replacing(tmp_path / "out") as work:
        assert work.parent == tmp_path / "disk"
        with pytest.raises(TfdogsError, match="/disk/out is in use by"):
            shards.replacing(tmp_path / "disk/out").__enter__()
    assert (tmp_path / "out").is_dir() and [path.name for path in (tmp_path / "disk").iterdir()] == ["out"]
