import numpy as np
import pytest
import tensorflow as tf
from tensorflow.core.framework import tensor_pb2

from tfdogs.serving.errors import ServingError
from tfdogs.serving.tensor_protos import to_array

MAX_BYTES = 2**20
INT64_PAIR = b"\x08\x09\x12\x04\x12\x02\x08\x02"  # dtype and shape of two int64


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
        tensor(tf.string, [2**16], string_val=[b"x" * 2**16]),  # one picture for all: 4 GiB
        tensor(tf.string, [2], tensor_content=b"\x01\x09abc"),
        tensor(tf.bool, [2], tensor_content=b"\x01\x07"),
        tensor(tf.resource, [1]),
        tensor(tf.variant, [1]),
    ],
)
def test_tensors_that_nobody_vouches_for(proto):
    with pytest.raises(ServingError) as caught:
        to_array("seed", proto, MAX_BYTES)
    assert caught.value.code == "INVALID_ARGUMENT" and "\n" not in caught.value.message


@pytest.mark.parametrize(
    ("proto", "message"),
    [
        (tensor(shape=[2], int64_val=[1, 2, 3]), "its shape has 2 values. Received: 3 in int64_val"),
        (tensor(int64_val=[1, 2]), "its shape has 1 values. Received: 2 in int64_val"),
        (tensor(shape=[2], int_val=[5, 6]), "int64 has its values in int64_val. Received: int_val"),
        (tensor(tf.float32, [1], double_val=[0.5]), "float32 has its values in float_val. Received: double"),
    ],
)
def test_values_that_would_get_lost(proto, message):
    with pytest.raises(ServingError) as caught:
        to_array("seed", proto, MAX_BYTES)
    assert message in caught.value.message


def test_tensors_as_they_should_be():
    strings = np.array([b"\x00", b"\xff"], object)
    for array in (np.int64([1, 2]), strings, np.float32([[1.5], [2.5]]), np.zeros((0, 3), np.float32)):
        np.testing.assert_array_equal(to_array("x", tf.make_tensor_proto(array), MAX_BYTES), array)


@pytest.mark.parametrize(
    "proto",
    [
        tensor(shape=[2], tensor_content=np.int64([1, 2]).tobytes()),
        tensor(shape=[2, 2], int64_val=[7]),
        tensor(shape=[3], int64_val=[7, 8]),
        tensor(shape=[3]),
        tensor(int64_val=[9]),
        tensor(shape=[0, 2**40]),
        tensor(shape=[1], int64_val=[9], tensor_content=np.int64([1]).tobytes()),
        tensor(tf.float32, [2], float_val=[0.5]),
        tensor(tf.float16, [2], half_val=[15360]),
        tensor(tf.uint8, [2], int_val=[255]),
        tensor(tf.bool, [3], bool_val=[True, False]),
        tensor(tf.bool, [2], tensor_content=b"\x01\x00"),
        tensor(tf.complex64, [2], scomplex_val=[1.0, 2.0, 3.0, 4.0]),
        tensor(tf.string, [2], string_val=[b"\xff"]),
        tensor(tf.string, [2]),
        tensor(tf.string, [2], tensor_content=b"\x01\x02abc"),  # lengths, then all strings
        tensor(tf.string, [0], tensor_content=b"abc"),
        # int64_val as two fields, and as one of two values with one more field behind it.
        tensor_pb2.TensorProto.FromString(INT64_PAIR + b"\x50\x01\x50\x02"),
        tensor_pb2.TensorProto.FromString(b"\x52\x01\x01" + INT64_PAIR + b"\x50\x02"),
    ],
)
def test_unusual_tensors_are_taken_as_tensorflow_takes_them(proto):
    expected = tf.io.parse_tensor(proto.SerializeToString(), tf.as_dtype(proto.dtype)).numpy()
    found = to_array("x", proto, MAX_BYTES)
    assert found.dtype == np.asarray(expected).dtype
    np.testing.assert_array_equal(found, expected)
