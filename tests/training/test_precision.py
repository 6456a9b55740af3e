import pytest

from tfdogs.training import precision


@pytest.mark.parametrize(
    "flags, fast",
    [
        ("fpu avx512f avx512_bf16", True),
        ("fpu amx_bf16", True),
        ("fpu avx2 bf16x", False),
        ("", False),
    ],
)
def test_bfloat16_is_fast_where_linux_lists_its_instructions(tmp_path, monkeypatch, flags, fast):
    monkeypatch.delenv("TF_ENABLE_ONEDNN_OPTS", raising=False)
    path = tmp_path / "cpuinfo"
    path.write_text(f"processor\t: 0\nflags\t\t: {flags}\nbugs\t\t: amx_bf16\n")
    assert precision.fast_bfloat16(path) is fast
    monkeypatch.setenv("TF_ENABLE_ONEDNN_OPTS", "0")
    assert not precision.fast_bfloat16(path)


def test_without_linux_it_is_float32(tmp_path):
    assert not precision.fast_bfloat16(tmp_path / "absent")
