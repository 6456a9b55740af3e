"""Reads tensors out of a file of PyTorch's old format, without PyTorch and without running what is in it.

Such a file is five pickles (magic number, format version, facts on the writer, the object, the storages'
keys) and then each storage: its length as an int64, and its elements.
"""

import collections
import math
import os
import pickle
import struct
from pathlib import Path
from typing import NamedTuple

import numpy as np

from tfdogs.errors import TfdogsError
from tfdogs.metrics.extractors.extractor import reason

_MAGIC, _VERSION = 0x1950A86A20F9469CFC6C, 1001
_DTYPES = {
    "DoubleStorage": "<f8",
    "FloatStorage": "<f4",
    "HalfStorage": "<f2",
    "LongStorage": "<i8",
    "IntStorage": "<i4",
    "ShortStorage": "<i2",
    "CharStorage": "<i1",
    "ByteStorage": "<u1",
    "BoolStorage": "?",
}


class _Storage(NamedTuple):
    key: str
    kind: str  # a key of _DTYPES
    length: int


class _Tensor(NamedTuple):
    storage: _Storage
    offset: int
    shape: tuple
    strides: tuple  # in elements


# Python's own unpickler and not the one in C: that one lets a few bytes ask for gigabytes of memo.
class _Unpickler(pickle._Unpickler):
    """Knows the names that a dict of tensors needs, each as a stand-in that can do no harm, and no others."""

    def find_class(self, module, name):
        if (module, name) == ("collections", "OrderedDict"):
            return collections.OrderedDict
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return lambda storage, offset, shape, strides, *_: _Tensor(storage, offset, shape, strides)
        if module == "torch" and name in _DTYPES:
            return name
        raise pickle.UnpicklingError(f"it asks for {module}.{name}, which tensors do not need")

    def persistent_load(self, pid):
        what, kind, key, _location, length, view = pid
        if what != "storage" or kind not in _DTYPES or view is not None:
            raise pickle.UnpicklingError("it refers to something that is no storage")
        return _Storage(key, kind, length)


def load(path):
    """Reads a dict of tensors, such as a network's state, that `torch.save` wrote before PyTorch 1.6.

    Args:
        path: the file.

    Returns:
        A dict: name to array.

    Raises:
        TfdogsError: the file cannot be read, is damaged or cut off, or holds anything but tensors.
    """
    try:
        with Path(path).open("rb") as file:
            return _read(file)
    except OSError as e:
        raise TfdogsError(f"cannot read weights from {path}: {e.strerror}") from e
    except Exception as e:  # a damaged pickle may raise anything
        problem = f"{path} is not a dict of tensors in PyTorch's old format, or it is damaged"
        raise TfdogsError(f"{problem}: {reason(e)}") from e


def _read(file):
    if file.read(2) == b"PK":
        raise ValueError("it has the newer format, a zip; save it with _use_new_zipfile_serialization=False")
    file.seek(0)
    magic, version, facts = (_Unpickler(file).load() for _ in range(3))
    if (magic, version) != (_MAGIC, _VERSION) or facts["little_endian"] is not True:
        raise ValueError("its first bytes are others")
    tensors = _Unpickler(file).load()
    if not isinstance(tensors, dict) or not all(isinstance(t, _Tensor) for t in tensors.values()):
        raise ValueError("it holds other things than tensors")
    keys = _Unpickler(file).load()
    wanted = {tensor.storage.key: tensor.storage for tensor in tensors.values()}
    if set(keys) != set(wanted):
        raise ValueError("its tensors and its storages do not belong together")
    storages = {key: _read_storage(file, wanted[key]) for key in keys}
    return {name: _view(storages[t.storage.key], t) for name, t in tensors.items()}


def _read_storage(file, storage):
    (length,) = struct.unpack("<q", file.read(8))
    dtype = np.dtype(_DTYPES[storage.kind])
    size = length * dtype.itemsize
    left = os.fstat(file.fileno()).st_size - file.tell()
    if length != storage.length or not 0 <= size <= left:
        raise ValueError(f"a storage of {storage.length} elements has {length}, and {left} bytes are left")
    return np.frombuffer(file.read(size), dtype)


def _view(elements, tensor):
    """Returns a tensor's elements as an array of its own."""
    offset, shape, strides = tensor.offset, tuple(tensor.shape), tuple(tensor.strides)
    if len(shape) != len(strides) or min((offset, *shape, *strides)) < 0:
        raise ValueError("a tensor's shape is impossible")
    last = offset + sum((n - 1) * stride for n, stride in zip(shape, strides))
    # A stride of 0 would let one element fill the memory.
    if math.prod(shape) > len(elements) or (0 not in shape and last >= len(elements)):
        raise ValueError("a tensor reaches beyond its storage")
    view = np.lib.stride_tricks.as_strided(
        elements[offset:], shape, [stride * elements.itemsize for stride in strides]
    )
    return view.copy()
