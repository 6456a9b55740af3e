"""The reader of PyTorch's old format against files that are written here, byte for byte as PyTorch did."""

import collections
import io
import pickle
import re
import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tfdogs.errors import TfdogsError
from tfdogs.metrics.extractors import torch_pickle


class Global:
    """Is pickled as the name of something, which need not exist here."""

    def __init__(self, name):
        self.name = name

    def __call__(self, *_):
        raise AssertionError("it is only written")


class Storage:
    def __init__(self, kind, key, length):
        self.pid = ("storage", Global(f"torch {kind}"), key, "cpu", length, None)


class Tensor:
    """A tensor as PyTorch pickles it; what is not given is that of the array."""

    def __init__(self, array, kind, key, *, offset=0, shape=None, strides=None, length=None):
        self.array, self.key = array, key
        storage = Storage(kind, key, array.size if length is None else length)
        shape = array.shape if shape is None else shape
        strides = tuple(step // array.itemsize for step in array.strides) if strides is None else strides
        self.args = (storage, offset, shape, strides, False, collections.OrderedDict())

    def __reduce__(self):
        return Global("torch._utils _rebuild_tensor_v2"), self.args


class Pickler(pickle._Pickler):
    def save(self, obj, *args, **kwargs):
        if isinstance(obj, Global):
            module, name = obj.name.split()
            return self.write(f"c{module}\n{name}\n".encode())
        return super().save(obj, *args, **kwargs)

    def persistent_id(self, obj):
        return obj.pid if isinstance(obj, Storage) else None


def dumped(obj):
    file = io.BytesIO()
    Pickler(file, protocol=2).dump(obj)
    return file.getvalue()


HEAD = dumped(0x1950A86A20F9469CFC6C) + dumped(1001) + dumped({"little_endian": True})


def written(state, *, keys=None):
    """Returns the bytes of a file of tensors."""
    arrays = {tensor.key: tensor.array for tensor in state.values()}
    storages = [struct.pack("<q", array.size) + array.tobytes() for array in arrays.values()]
    return b"".join([HEAD, dumped(state), dumped(list(arrays) if keys is None else keys), *storages])


@pytest.fixture
def load(tmp_path):
    def load(data):
        path = tmp_path / "weights.pth"
        path.write_bytes(data)
        return torch_pickle.load(path)

    return load


STATE = {
    "conv.weight": Tensor(np.arange(24, dtype="<f4").reshape(2, 3, 4), "FloatStorage", "1"),
    "bn.num_batches_tracked": Tensor(np.array(7, "<i8"), "LongStorage", "2"),
    "half": Tensor(np.array([1.5, -2], "<f2"), "HalfStorage", "3"),
    "empty": Tensor(np.zeros((0, 3), "<f8"), "DoubleStorage", "4"),
}


def test_tensors_are_read(load):
    state = collections.OrderedDict(STATE)
    state._metadata = collections.OrderedDict({"": {"version": 1}})
    arrays = load(written(state))
    assert list(arrays) == list(STATE)
    for name, tensor in STATE.items():
        assert arrays[name].dtype == tensor.array.dtype
        np.testing.assert_array_equal(arrays[name], tensor.array)


def test_views_of_one_storage_are_read(load):
    base = np.arange(12, dtype="<f4")
    views = {
        "all": Tensor(base, "FloatStorage", "1"),
        "transposed": Tensor(base, "FloatStorage", "1", shape=(3, 4), strides=(1, 3)),
        "row": Tensor(base, "FloatStorage", "1", offset=8, shape=(4,), strides=(1,)),
    }
    arrays = load(written(views))
    np.testing.assert_array_equal(arrays["transposed"], base.reshape(4, 3).T)
    np.testing.assert_array_equal(arrays["row"], base[8:])
    arrays["all"][0] = 99
    assert arrays["transposed"][0, 0] == 0


@pytest.mark.parametrize(
    "name",
    [
        "os system",
        "posix system",
        "builtins eval",
        "torch load",
        "torch._utils _rebuild_tensor",
        "collections namedtuple",
    ],
)
def test_code_is_refused_and_not_run(load, tmp_path, name):
    class Attack:
        def __reduce__(self):
            return Global(name), (f"touch {tmp_path}/was_run",)

    dotted = re.escape(name.replace(" ", "."))
    with pytest.raises(TfdogsError, match=f"asks for {dotted}, which tensors do not need$") as error:
        load(HEAD + dumped(Attack()))
    assert "\n" not in str(error.value)
    with pytest.raises(TfdogsError, match=f"asks for {dotted}"):
        load(dumped(Attack()))  # even where the magic number should be
    assert not (tmp_path / "was_run").exists()


def test_a_file_that_is_cut_off_anywhere_is_one_clear_error(load):
    data = written(STATE)
    for length in range(0, len(data), 7):
        with pytest.raises(
            TfdogsError, match=r"weights\.pth is not a dict of tensors .* or it is damaged"
        ) as error:
            load(data[:length])
        assert "\n" not in str(error.value)


@settings(max_examples=200)
@given(damage=st.lists(st.tuples(st.integers(0, len(written(STATE)) - 1), st.integers(0, 255)), min_size=1))
def test_a_damaged_file_gives_arrays_or_one_clear_error(tmp_path_factory, damage):
    data = bytearray(written(STATE))
    for position, byte in damage:
        data[position] = byte
    path = tmp_path_factory.getbasetemp() / "damaged.pth"
    path.write_bytes(data)
    try:
        arrays = torch_pickle.load(path)
    except TfdogsError as error:
        assert "\n" not in str(error)
    else:
        assert all(array.nbytes <= len(data) for array in arrays.values())


BASE = np.arange(12, dtype="<f4")


@pytest.mark.parametrize(
    "tensor",
    [
        Tensor(BASE, "FloatStorage", "1", shape=(13,), strides=(1,)),
        Tensor(BASE, "FloatStorage", "1", offset=9, shape=(4,), strides=(1,)),
        Tensor(BASE, "FloatStorage", "1", offset=-1, shape=(4,), strides=(1,)),
        Tensor(BASE, "FloatStorage", "1", shape=(4,), strides=(-1,)),
        Tensor(BASE, "FloatStorage", "1", shape=(3, 3), strides=(5, 1)),
        Tensor(BASE, "FloatStorage", "1", shape=(10**6, 10**6), strides=(0, 0)),
        Tensor(BASE, "FloatStorage", "1", shape=(4,), strides=(1, 1)),
        Tensor(BASE, "FloatStorage", "1", length=10**12),
        Tensor(BASE, "DoubleStorage", "1"),
    ],
)
def test_sizes_that_the_file_does_not_have_are_refused(load, tensor):
    with pytest.raises(TfdogsError, match=r"damaged: a (tensor|storage)"):
        load(written({"w": tensor}))


def test_other_files_are_refused(load, tmp_path):
    with pytest.raises(TfdogsError, match="newer format, a zip"):
        load(b"PK\x03\x04 and so on")
    with pytest.raises(TfdogsError, match="its first bytes are others"):
        load(dumped(1) * 3)
    with pytest.raises(TfdogsError, match="other things than tensors"):
        load(HEAD + dumped({"epoch": 3}))
    with pytest.raises(TfdogsError, match="do not belong together"):
        load(written(STATE, keys=["1", "2", "3"]))
    with pytest.raises(TfdogsError, match=r"^cannot read weights from .*nowhere: No such file or directory$"):
        torch_pickle.load(tmp_path / "nowhere")
    with pytest.raises(TfdogsError, match=r"^cannot read weights from .*: Is a directory$"):
        torch_pickle.load(tmp_path)
