import importlib.util
import shutil
import subprocess
from pathlib import Path

import pytest

import tfdogs
from pipeline.core import code_version

SOURCE = Path(code_version.__file__)
pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="needs git")


def git(folder, *words):
    who = ["-c", "user.name=me", "-c", "user.email=me@example.org"]
    subprocess.run(["git", "-C", str(folder), *who, *words], check=True, capture_output=True)


@pytest.fixture
def checkout(tmp_path):
    """A repository with one commit, of another package."""
    git(tmp_path, "init", "--quiet")
    (tmp_path / "other.py").write_text("")
    git(tmp_path, "add", "other.py")
    git(tmp_path, "commit", "--quiet", "--message=other")
    return tmp_path


def told(top):
    """Returns what a copy of the module says that lies below `top`."""
    path = top / "pipeline/core/code_version.py"
    path.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(SOURCE, path)
    spec = importlib.util.spec_from_file_location("a_copy_of_code_version", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.code_version()


def test_no_commit_of_somebody_elses_repository_is_told(checkout):
    assert told(checkout / ".venv/lib/site-packages") == tfdogs.__version__


def test_a_checkout_has_a_commit_and_may_have_changed(checkout):
    told(checkout)
    git(checkout, "add", "pipeline")
    git(checkout, "commit", "--quiet", "--message=ours")
    commit = told(checkout)
    assert commit.startswith(f"{tfdogs.__version__}, ") and "changed" not in commit
    (checkout / "notes.py").write_text("")
    (checkout / "pipeline/core/notes.txt").write_text("")
    assert told(checkout) == commit
    (checkout / "pipeline/core/new.py").write_text("")  # nothing git knows, and it may be imported
    assert told(checkout) == f"{commit}, changed since"
    (checkout / "pipeline/core/new.py").unlink()
    (checkout / "other.py").write_text("changed")
    assert told(checkout) == f"{commit}, changed since"
