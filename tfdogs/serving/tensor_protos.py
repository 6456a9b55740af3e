"""Tensors and their shapes as protocol buffers carry them."""

import math

import tensorflow as tf

from tfdogs.serving.errors import ServingError

# Where a TensorProto has the values of each dtype.
_FIELDS = {
    **dict.fromkeys(("int32", "int16", "int8", "uint16", "uint8"), "int_val"),
    **dict.fromkeys(("float16", "bfloat16"), "half_val"),
    **{name: f"{name}_val" for name in ("int64", "uint32", "uint64", "bool", "string")},
    "float32": "float_val",
    "float64": "double_val",
    "complex64": "scomplex_val",
    "complex128": "dcomplex_val",
}


def to_array(name, proto, most):
    """Returns the array of a TensorProto that nobody vouches for, as TensorFlow Serving takes it.

    Its values are in `tensor_content`, or in the field of its dtype, where the last one stands for all that
    are left out, and none for zeros. Other than TensorFlow Serving, it refuses values that would get lost:
    those beyond the shape, and those in another dtype's field.

    Args:
        name: the input's name, for errors.
        proto: a TensorProto.
        most: largest size in bytes; one value may stand for a tensor of any shape.

    Raises:
        ServingError: INVALID_ARGUMENT: it is too large, or its parts do not fit together.
    """
    try:
        dtype = tf.as_dtype(proto.dtype)
        sizes = [dim.size for dim in proto.tensor_shape.dim]
        if proto.tensor_shape.unknown_rank or min(sizes, default=0) < 0:
            raise ValueError("its shape is not known")
        count = math.prod(sizes)
        size = _bytes(proto, dtype, count)
        if size > most:
            raise ServingError(
                "INVALID_ARGUMENT", f"input {name} must have at most {most} bytes. Received: {size} bytes"
            )
        if not proto.tensor_content:
            _check_values(proto, dtype, count)
        if dtype in (tf.string, tf.bool):  # in whose tensor_content NumPy finds nothing, or what is none
            return _parsed(proto, dtype)
        return tf.make_ndarray(proto)
    # TensorFlow checks nothing first.
    except (TypeError, ValueError, LookupError, AttributeError, OverflowError) as e:
        raise ServingError(
            "INVALID_ARGUMENT", f"input {name} is no tensor: {' '.join(str(e).split())}"
        ) from e


def _bytes(proto, dtype, count):
    """Returns how many bytes a tensor of so many values has, before it is made."""
    if dtype != tf.string:
        return count * dtype.size
    given = proto.string_val
    repeated = max(count - len(given), 0) * (len(given[-1]) if given else 0)
    return 8 * count + len(proto.tensor_content) + sum(map(len, given)) + repeated


def _check_values(proto, dtype, count):
    field = _FIELDS.get(dtype.name)
    if field is None:
        return
    given, wanted = len(getattr(proto, field)), count * (2 if dtype.is_complex else 1)
    if given > wanted:
        raise ValueError(f"its shape has {wanted} values. Received: {given} in {field}")
    others = [other.name for other, _ in proto.ListFields() if other.name in _FIELDS.values()]
    if others and not given:
        raise ValueError(f"{dtype.name} has its values in {field}. Received: {', '.join(others)}")


def _parsed(proto, dtype):
    try:
        return tf.io.parse_tensor(proto.SerializeToString(), dtype).numpy()
    except tf.errors.InvalidArgumentError as e:
        raise ValueError("its tensor_content does not fit its dtype and shape") from e


def to_shape(proto):
    """Returns the shape in a TensorShapeProto: a tuple with None for each size that varies, or None where not
    even the rank is fixed."""
    if proto.unknown_rank:
        return None
    return tuple(None if dim.size < 0 else dim.size for dim in proto.dim)
