"""TensorFlow Serving's JSON form of tensors: rows or columns to arrays, and arrays back.

What is legal, what is refused and in which words follows TensorFlow Serving: the page "RESTful API" of its
documentation and the behaviour of its `util/json_tensor.cc`.
"""

import itertools
import json
import math

import numpy as np

from tfdogs.serving.errors import ServingError
from tfdogs.serving.json_values import SHOWN, convert, is_base64, show, to_array, to_json

_MOST_DIMS = 32  # NumPy's limit
# A value of two bytes takes up to 100 in memory, and its time to check: so their number is limited, too.
_MOST_VALUES, _MOST_LISTS = 2**21, 2**18  # 1,024 rows of 2,048 numbers, in 256 lists each


def parse(body):
    """Parses the body of a request to predict.

    Args:
        body: bytes, JSON in UTF-8; NaN, Infinity and -Infinity are numbers.

    Returns:
        A dict.

    Raises:
        ServingError: INVALID_ARGUMENT: it is no JSON object, a `signature_name` is no string, or there are
            more than 2**21 values or 2**18 lists and objects in it, which TensorFlow Serving would take.
    """
    if not body.strip():
        raise _invalid("JSON Parse error: The document is empty")
    values, lists = 1 + body.count(b","), body.count(b"[") + body.count(b"{")  # or a few more, in strings
    if values > _MOST_VALUES or lists > _MOST_LISTS:
        raise _invalid(
            f"a request must have at most {_MOST_VALUES} values in {_MOST_LISTS} lists and objects. "
            f"Received: {values} values in {lists}"
        )
    try:
        request = json.loads(body.decode("utf-8-sig"))
    except UnicodeDecodeError as e:
        raise _invalid(f"JSON Parse error: Invalid encoding in string. at offset: {e.start}") from e
    except json.JSONDecodeError as e:
        raise _invalid(f"JSON Parse error: Invalid value. {e.msg} at offset: {e.pos}") from e
    except RecursionError as e:
        raise _invalid("JSON Parse error: Invalid value. Nested too deeply") from e
    except ValueError as e:  # a number of thousands of digits
        raise _invalid("JSON Parse error: Number too big") from e
    if not isinstance(request, dict):
        raise _invalid(f"JSON Value: {show(request)} Is not object")
    if not isinstance(request.get("signature_name", ""), str):
        raise _invalid(
            f"JSON Value: {show(request)} not formatted correctly. "
            "'signature_name' key must be a string value."
        )
    return request


def read(request, inputs):
    """Reads the tensors of a request, in row form ("instances") or column form ("inputs").

    As in TensorFlow Serving, names that the signature does not know are refused in row form and ignored in
    column form.

    Args:
        request: what `parse` returned.
        inputs: the signature's inputs, {name: (`tf.DType`, shape)}; shapes are not checked here.

    Returns:
        ({name: array}, True if the request is in row form); strings are bytes in arrays of dtype object.

    Raises:
        ServingError: INVALID_ARGUMENT: the request's form, names, nesting or values are wrong; UNIMPLEMENTED:
            JSON has no form for an input's dtype.
    """
    if ("instances" in request) == ("inputs" in request):
        if "inputs" not in request:
            raise _invalid("Missing 'inputs' or 'instances' key")
        raise _invalid(
            f"JSON Value: {show(request)} Not formatted correctly expecting only one of 'inputs' or "
            "'instances' keys to exist "
        )
    if not inputs:
        raise _invalid("Failed to get input map for signature")
    if "inputs" in request:
        return _read_columns(request["inputs"], inputs), False
    rows = request["instances"]
    if not isinstance(rows, list):
        raise _invalid(f"JSON Value: {show(request)} Expecting 'instances' to be an list/array")
    if not rows:
        raise _invalid(f"JSON Value: {show(request)} No values in 'instances' array")
    return _read_rows(rows, inputs), True


def write(outputs, *, row):
    """Writes a response.

    Args:
        outputs: {name: array}; strings of a name that ends in `_bytes` become {"b64": ...}.
        row: True for row form ("predictions"), False for column form ("outputs").

    Returns:
        JSON, bytes; names are left out where there is one output only.

    Raises:
        ServingError: INVALID_ARGUMENT: an output has a dtype that JSON has no form for, or, in row form, the
            outputs differ in their first dimension.
    """
    values = {name: to_json(name, np.asarray(outputs[name])) for name in sorted(outputs)}
    if not row:
        return _dump({"outputs": values if len(values) > 1 else next(iter(values.values()))})
    count = None
    for name in values:
        shape = np.shape(outputs[name])
        if not shape:
            raise _invalid(f"Tensor name: {name} has no shape information ")
        if count not in (None, shape[0]):
            raise _invalid(f"Tensor name: {name} has inconsistent batch size: {shape[0]} expecting: {count}")
        count = shape[0]
    if len(values) == 1:
        return _dump({"predictions": next(iter(values.values()))})
    return _dump({"predictions": [dict(zip(values, items)) for items in zip(*values.values())]})


def _read_rows(rows, inputs):
    if not isinstance(rows[0], dict) and len(inputs) > 1:
        raise _invalid(
            "instances is a plain list, but expecting list of objects as multiple input tensors required as "
            "per tensorinfo_map"
        )
    named = _has_names(rows[0])
    for index, row in enumerate(rows):
        if named != _has_names(row):
            wanted, got = ("object", "list") if named else ("value/list", "object")
            raise _invalid(f"Expecting {wanted} but got {got} at item {index} of input list")
        if named and row.keys() != inputs.keys():
            _refuse_names(index, row, inputs)
    columns = {name: [row[name] for row in rows] for name in inputs} if named else {min(inputs): rows}
    arrays = {}
    for name, column in columns.items():
        dtype = inputs[name][0]
        try:
            shape, values = _flatten(column, dtype)
        except ServingError:
            _refuse_row(column, f" key: {name}" if named else "", dtype)
            raise
        arrays[name] = to_array(values, shape, dtype)
    return arrays


def _refuse_names(index, row, inputs):
    element = f"Failed to process element: {index}"
    for name in row:
        if name not in inputs:
            raise _invalid(
                f"{element} key: {name[:SHOWN]} of 'instances' list. Error: "
                f"INVALID_ARGUMENT: JSON object: does not have named input: {name[:SHOWN]}"
            )
    raise _invalid(
        f"{element} of 'instances' list. JSON object: {show(row)} "
        f"keys must be equal to: {','.join(sorted(inputs))}"
    )


def _refuse_row(column, key, dtype):
    """Says which row it is that cannot be read, or differs in shape from the first."""
    first = None
    for index, value in enumerate(column):
        try:
            shape, _ = _flatten(value, dtype)
            first = shape if first is None else first
            if math.prod(first) != math.prod(shape):
                raise _invalid(f"Expecting tensor size: {math.prod(first)} but got: {math.prod(shape)}")
            if first != shape:
                raise _invalid(f"Expecting shape {_brackets(first)} but got: {_brackets(shape)}")
        except ServingError as e:
            message = f"Failed to process element: {index}{key} of 'instances' list. Error: {e}"
            raise ServingError(e.code, message) from e


def _read_columns(value, inputs):
    if not _has_names(value):
        if len(inputs) > 1:
            raise _invalid(
                "inputs is a plain value/list, but expecting an object as multiple input tensors required as "
                "per tensorinfo_map"
            )
        value = {min(inputs): value}
    arrays = {}
    for name, (dtype, _) in inputs.items():
        if name not in value:
            raise _invalid(f"Missing named input: {name} in 'inputs' object.")
        shape, values = _flatten(value[name], dtype)
        arrays[name] = to_array(values, shape, dtype)
    return arrays


def _has_names(value):
    """Tells an object of named tensors from a value, a list or {"b64": ...}."""
    return isinstance(value, dict) and not is_base64(value)


def _flatten(value, dtype):
    """Returns the shape of nested lists and their values in order, each of which is one of `dtype`."""
    if not isinstance(value, list):
        return (), convert([value], dtype.name)
    shape, first = [], value
    while isinstance(first, list):
        shape.append(len(first))
        first = first[0] if first else None
    if len(shape) > _MOST_DIMS:
        raise _invalid(f"Encountered list at unexpected level: {_MOST_DIMS} expected < {_MOST_DIMS}")
    values = [value]
    for level, size in enumerate(shape):
        for item in values:
            if not isinstance(item, list):
                raise _invalid(
                    f"JSON Value: {show(item)} found at incorrect level: {level + 1} in the JSON DOM. "
                    f"Expected at level: {len(shape)}"
                )
            if len(item) != size:
                raise _invalid(
                    f"Encountered list at unexpected size: {len(item)} at level: {level} "
                    f"expected size: {size}"
                )
        values = list(itertools.chain.from_iterable(values))
    if any(isinstance(item, list) for item in values):
        raise _invalid(f"Encountered list at unexpected level: {len(shape)} expected < {len(shape)}")
    return tuple(shape), convert(values, dtype.name)


def _brackets(shape):
    return f"[{','.join(map(str, shape))}]"


def _dump(value):
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


def _invalid(message):
    return ServingError("INVALID_ARGUMENT", message)
