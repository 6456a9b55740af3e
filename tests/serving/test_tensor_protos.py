import numpy as np
import pytest
import tensorflow as tf
from tensorflow.core.framework import tensor_pb2

from tfdogs.serving.errors import ServingError
from tfdogs.serving.tensor_protos import to_array

MAX_BYTES = 2**20


def tensor(dtype=tf.int64, shape=(), **values):
    proto = tensor_pb2.TensorProto(dtype=dtype.as_datatype_enum)
    for size in shape:
        proto.tensor_shape.dim.add().size = size
    for name, value in values.items():
        setattr(proto, name, value) if isinstance(value, bytes) else getattr(proto, name).extend(value)
    return proto


@pytest.mark.parametrize(
    "proto",
    [
        tensor(shape=[2**40], int64_val=[1]),  # one value for all: 8 TiB
        tensor(shape=[2**40, 2**40], int64_val=[1]),
        tensor(shape=[MAX_BYTES // 8 + 1], int64_val=[1]),
        tensor(tf.string, [2**30], string_val=[b"x"]),
        tensor(shape=[-1], int64_val=[1]),
        tensor(shape=[3], int64_val=[1, 2, 3, 4]),
        tensor(shape=[3], tensor_content=b"123"),
        tensor(shape=[2**31], tensor_content=b""),
        tensor(tf.resource, [1]),
        tensor(tf.variant, [1]),
    ],
)
def test_tensors_that_nobody_vouches_for(proto):
    with pytest.raises(ServingError) as caught:
        to_array("seed", proto, MAX_BYTES)
    assert caught.value.code == "INVALID_ARGUMENT" and "\n" not in caught.value.message


def test_tensors_as_they_should_be():
    strings = np.array([b"\x00", b"\xff"], object)
    for array in (np.int64([1, 2]), strings, np.float32([[1.5], [2.5]]), np.zeros((0, 3), np.float32)):
        np.testing.assert_array_equal(to_array("x", tf.make_tensor_proto(array), MAX_BYTES), array)
