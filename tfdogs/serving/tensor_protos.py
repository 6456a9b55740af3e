"""Tensors and their shapes as protocol buffers carry them."""

import math

import tensorflow as tf

from tfdogs.serving.errors import ServingError


def to_array(name, proto, most):
    """Returns the array of a TensorProto that nobody vouches for.

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
        size = math.prod(sizes) * (dtype.size or 8)
        if size > most:
            raise ServingError(
                "INVALID_ARGUMENT", f"input {name} must have at most {most} bytes. Received: {size} bytes"
            )
        return tf.make_ndarray(proto)
    except (TypeError, ValueError, LookupError, AttributeError) as e:  # TensorFlow checks nothing first
        raise ServingError(
            "INVALID_ARGUMENT", f"input {name} is no tensor: {' '.join(str(e).split())}"
        ) from e


def to_shape(proto):
    """Returns the shape in a TensorShapeProto: a tuple with None for each size that varies, or None where not
    even the rank is fixed."""
    if proto.unknown_rank:
        return None
    return tuple(None if dim.size < 0 else dim.size for dim in proto.dim)
