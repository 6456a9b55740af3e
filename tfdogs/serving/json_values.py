"""Single values of tensors in JSON, as TensorFlow Serving reads and writes them."""

import base64
import binascii
import json
import math

import numpy as np

from tfdogs.serving.errors import ServingError

SHOWN = 256  # characters of a value in an error

_TYPES = {type(None): "Null", dict: "Object", list: "Array", str: "String", int: "Number", float: "Number"}
# Names as TensorFlow Serving writes them, where they differ from NumPy's.
_NAMES = {"float16": "half", "float32": "float", "float64": "double"}
_INTEGERS = {
    name: (int(np.iinfo(name).min), int(np.iinfo(name).max))
    for name in ("int8", "uint8", "int16", "int32", "uint32", "int64", "uint64")
}
_MAX_FLOAT = float(np.finfo(np.float32).max)


def convert(values, dtype):
    """Returns JSON's values as Python's, each of which the dtype holds without loss.

    Args:
        values: list of what `json` parsed, no lists among them.
        dtype: name of the dtype.

    Returns:
        A list of int, float, bool or bytes.

    Raises:
        ServingError: INVALID_ARGUMENT: a value of another type or out of range; UNIMPLEMENTED: JSON has no
            form for such a dtype.
    """
    if dtype in ("float32", "float64"):
        return [_decimal(value, dtype) for value in values]
    if dtype == "string":
        return [_bytes(value) for value in values]
    if dtype in _INTEGERS:
        low, high = _INTEGERS[dtype]
        for value in values:
            if type(value) is not int or not low <= value <= high:
                raise _wrong_type(value, dtype)
    elif dtype == "bool":
        for value in values:
            if type(value) is not bool:
                raise _wrong_type(value, dtype)
    elif values:
        name = _NAMES.get(dtype, dtype)
        raise ServingError("UNIMPLEMENTED", f"Conversion of JSON Value: {show(values[0])} to type: {name}")
    return values


def to_array(values, shape, dtype):
    """Returns what `convert` returned as an array of a `tf.DType`; strings have dtype object."""
    if dtype.name != "string":
        return np.array(values, dtype.as_numpy_dtype).reshape(shape)
    array = np.empty(len(values), object)
    array[:] = values
    return array.reshape(shape)


def to_json(name, array):
    """Returns an array as what `json` writes as TensorFlow Serving does.

    Args:
        name: the tensor's name; strings are bytes, {"b64": ...}, where it ends in `_bytes`.
        array: numbers, bools, or strings as bytes or str.

    Raises:
        ServingError: INVALID_ARGUMENT: JSON has no form for its dtype.
    """
    if array.dtype.kind in "OSU":
        return _strings(array.tolist(), as_bytes=name.endswith("_bytes"))
    if array.dtype.kind in "biu" or array.dtype == np.float64:
        return array.tolist()
    if array.dtype in (np.float16, np.float32):
        # The shortest decimals that mean these numbers: 0.2, not 0.20000000298.
        return array.astype("U").astype(np.float64).tolist()
    raise _invalid(f"Failed to write JSON value for tensor type: {array.dtype.name}")


def is_base64(value):
    """Tells {"b64": ...}, a string of bytes, from other objects."""
    return len(value) == 1 and isinstance(value.get("b64"), str)


def show(value):
    """Returns the beginning of a value's JSON, for an error."""
    text = ""
    try:
        for part in json.JSONEncoder().iterencode(value):
            text += part
            if len(text) > SHOWN:
                return text[:SHOWN] + "..."
    except RecursionError:
        text = text[:SHOWN] + "..."
    return text


def _decimal(value, dtype):
    kind = type(value)
    if kind is float:
        if dtype == "float64" or not math.isfinite(value) or abs(value) <= _MAX_FLOAT:
            return value
    elif kind is not int:
        raise _wrong_type(value, dtype)
    elif abs(value) < (1 << 24 if dtype == "float32" else 1 << 53):
        return value
    raise _invalid(f"Cannot convert JSON value: {show(value)} to {_NAMES[dtype]} without loss of precision.")


def _bytes(value):
    if isinstance(value, str):
        try:
            return value.encode("utf-8")
        except UnicodeEncodeError as e:  # JSON can spell half of a surrogate pair
            raise _invalid(f"JSON Value: {show(value)} Type: String has no form in UTF-8") from e
    if not isinstance(value, dict):
        raise _wrong_type(value, "string")
    if not is_base64(value):
        raise _invalid(f"JSON Value: {show(value)} not formatted correctly for base64 data")
    text = "".join(value["b64"].split()).rstrip("=")  # padding may be left out
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError) as e:
        raise _invalid("Unable to base64 decode") from e


def _strings(value, *, as_bytes):
    if isinstance(value, list):
        return [_strings(item, as_bytes=as_bytes) for item in value]
    value = value.encode() if isinstance(value, str) else value
    if as_bytes:
        return {"b64": base64.b64encode(value).decode("ascii")}
    return value.decode("utf-8", "replace")


def _wrong_type(value, dtype):
    kind = str(value) if isinstance(value, bool) else _TYPES[type(value)]
    name = _NAMES.get(dtype, dtype)
    return _invalid(f"JSON Value: {show(value)} Type: {kind} is not of expected type: {name}")


def _invalid(message):
    return ServingError("INVALID_ARGUMENT", message)
