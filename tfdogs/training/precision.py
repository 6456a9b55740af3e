"""Which arithmetic `--precision=auto` stands for on this machine."""

import os
from pathlib import Path

# As Linux names them: instructions that multiply bfloat16, of which oneDNN's kernels make use.
_BFLOAT16 = {"avx512_bf16", "amx_bf16"}
_CPU_FACTS = Path("/proc/cpuinfo")


def fast_bfloat16(path=_CPU_FACTS):
    """Returns whether this machine's processor multiplies bfloat16 faster than float32.

    False where that is not known to pay: on other systems than Linux, where TensorFlow was told to do without
    oneDNN (without it bfloat16 is slower), and where a GPU would do the work.

    Args:
        path: what Linux tells of the processor.
    """
    if os.environ.get("TF_ENABLE_ONEDNN_OPTS") in ("0", "false"):
        return False
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError:
        return False
    flags = next((line.partition(":")[2].split() for line in lines if line.startswith("flags")), [])
    if _BFLOAT16.isdisjoint(flags):
        return False

    import tensorflow as tf  # after the checks that need none

    return not tf.config.list_physical_devices("GPU")


def choose(fast):
    """Returns what auto is where all of a run's processes have fast bfloat16, or not."""
    return "mixed_bfloat16" if fast else "float32"


def policy(precision):
    """Returns the Keras policy of the networks' layers, or None for Keras' own, float32.

    Args:
        precision: one of `tfdogs.training.flags.run.PRECISIONS`.
    """
    if precision == "auto":
        precision = choose(fast_bfloat16())
    return None if precision == "float32" else precision
