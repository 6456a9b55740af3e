"""The generator as an ONNX file."""

from tfdogs.errors import TfdogsError, UsageError
from tfdogs.serving.generator_function import generator_function

OPSET = 17


def write(gan, path):
    """Writes the generator that `gan` samples with: inputs z, float32 [N, latent_dim], for a conditional one
    label, int32 [N], and for one that truncates styles truncation, float32 [N], 0 for none; output images,
    uint8 [N, H, W, C].

    Args:
        gan: `tfdogs.GAN`.
        path: the file.

    Raises:
        UsageError: tf2onnx is not installed.
        TfdogsError: the generator has an operation that ONNX lacks.
    """
    try:
        import onnx
        import tf2onnx
    except ImportError as e:
        raise UsageError(f"--onnx needs tf2onnx ({e}): pip install 'tfdogs[onnx]'") from e
    function = generator_function(gan)
    try:
        model, _ = tf2onnx.convert.from_function(function, function.input_signature, opset=OPSET)
        onnx.checker.check_model(model)  # what has no counterpart was left as it is
    # It fails in every way there is on what it does not know: all mean one.
    except Exception as e:
        reason = " ".join(str(e).split())[:200]
        raise TfdogsError(f"{gan.sampler.generator.name} cannot be written as ONNX: {reason}") from e
    path.write_bytes(model.SerializeToString())
