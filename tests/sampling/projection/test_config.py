import pytest

from tfdogs.errors import UsageError
from tfdogs.sampling.projection.config import ProjectConfig


def config(**flags):
    return ProjectConfig(**{"model_dir": "run", "image": "rex.jpg", "output": "out", **flags})


@pytest.mark.parametrize(
    "output, base", [("out", "out"), ("a/out.png", "a/out"), ("out.NPZ", "out"), ("rex.v2", "rex.v2")]
)
def test_outputs(output, base):
    assert [path.as_posix() for path in config(output=output).outputs] == [f"{base}.png", f"{base}.npz"]


@pytest.mark.parametrize(
    "flags, message",
    [
        ({"image": " "}, "--image must not be empty"),
        ({"output": ""}, "--output must not be empty"),
        ({"steps": 0}, "--steps must be at least 1"),
        ({"starts": 5, "candidates": 4}, "--starts must be at most the 4 --candidates"),
        ({"ema_length": 0.01}, r"--ema_length must be 0, or from 0\.02 to 0\.25"),
        ({"ema_length": 0.1, "best": True}, "--ema_length makes another generator than --best"),
    ],
)
def test_what_is_impossible(flags, message):
    with pytest.raises(UsageError, match=message):
        config(**flags)
