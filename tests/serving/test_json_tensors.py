import json
import math

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from tfdogs.serving import json_tensors
from tfdogs.serving.errors import ServingError


def inputs(**dtypes):
    return {name: (getattr(tf, dtype), None) for name, dtype in dtypes.items()}


def read(text, **dtypes):
    return json_tensors.read(json_tensors.parse(text.encode()), inputs(**dtypes))


def assert_array(array, dtype, values):
    assert array.dtype == dtype
    np.testing.assert_array_equal(array, np.array(values, dtype))


def refused(text, code="INVALID_ARGUMENT", **dtypes):
    with pytest.raises(ServingError) as caught:
        read(text, **dtypes)
    assert caught.value.code == code
    return caught.value.message


def written(outputs, *, row=True):
    return json_tensors.write(outputs, row=row).decode()


# The examples of TensorFlow Serving's documentation.


def test_rows_of_one_input():
    arrays, row = read('{"instances": ["foo", "bar", "baz"]}', x="string")
    assert row and arrays["x"].tolist() == [b"foo", b"bar", b"baz"]
    arrays, _ = read('{"instances": [[[1, 2]], [[3, 4]]]}', x="int32")
    assert_array(arrays["x"], np.int32, [[[1, 2]], [[3, 4]]])


ROWS = """{"instances": [
    {"tag": "foo", "signal": [1, 2, 3, 4, 5], "sensor": [[1, 2], [3, 4]]},
    {"tag": "bar", "signal": [3, 4, 1, 2, 5], "sensor": [[4, 5], [6, 8]]}]}"""
COLUMNS = """{"inputs": {
    "tag": ["foo", "bar"],
    "signal": [[1, 2, 3, 4, 5], [3, 4, 1, 2, 5]],
    "sensor": [[[1, 2], [3, 4]], [[4, 5], [6, 8]]]}}"""


@pytest.mark.parametrize(("text", "row"), [(ROWS, True), (COLUMNS, False)], ids=["rows", "columns"])
def test_rows_and_columns_of_several_inputs_are_the_same_tensors(text, row):
    arrays, found = read(text, tag="string", signal="int64", sensor="float32")
    assert found is row
    assert arrays["tag"].tolist() == [b"foo", b"bar"]
    assert_array(arrays["signal"], np.int64, [[1, 2, 3, 4, 5], [3, 4, 1, 2, 5]])
    assert_array(arrays["sensor"], np.float32, [[[1, 2], [3, 4]], [[4, 5], [6, 8]]])


def test_columns_of_one_input_need_no_name():
    for text in ('{"inputs": [[[1, 2], [3, 4], [5, 6]]]}', '{"inputs": {"x": [[[1, 2], [3, 4], [5, 6]]]}}'):
        assert_array(read(text, x="int32")[0]["x"], np.int32, [[[1, 2], [3, 4], [5, 6]]])


def test_columns_need_not_share_their_first_dimension():
    text = '{"inputs": {"i": [[1, 2]], "s": ["foo", "bar"], "b": {"b64": "aGVsbG8="}, "none": []}}'
    arrays, _ = read(text, i="int32", s="string", b="string", none="float32")
    assert [arrays[name].shape for name in ("i", "s", "b", "none")] == [(1, 2), (2,), (), (0,)]
    assert arrays["b"].item() == b"hello" and arrays["none"].dtype == np.float32


def test_bytes():
    for text in (
        '{"instances": [{"b64": "aGVsbG8="}, {"b64": "d29ybGQ="}]}',
        '{"instances": [{"x": {"b64": "aGVsbG8"}}, {"x": {"b64": " d29y\\nbGQ="}}]}',  # as browsers may
    ):
        assert read(text, x="string")[0]["x"].tolist() == [b"hello", b"world"]
    arrays, _ = read('{"instances": [[{"b64": ""}], [{"b64": "AP8="}]]}', x="string")
    assert arrays["x"].tolist() == [[b""], [b"\x00\xff"]]


def test_numbers_that_json_does_not_have():
    values = read('{"instances": [1, 2.5, NaN, Infinity, -Infinity, -0.0, 1e-45]}', x="float32")[0]["x"]
    np.testing.assert_array_equal(values, np.float32([1, 2.5, np.nan, np.inf, -np.inf, 0, 1e-45]))
    assert np.signbit(values[5])
    text = written({"x": np.float32([[np.nan, np.inf], [3, -np.inf]])})
    assert text == '{"predictions":[[NaN,Infinity],[3.0,-Infinity]]}'


def test_integers_are_exact():
    least, most = -(2**63), 2**63 - 1
    assert read(f'{{"instances": [{least}, {most}, 9007199254740993]}}', x="int64")[0]["x"].tolist() == [
        least,
        most,
        2**53 + 1,
    ]
    assert written({"x": np.array([least, most])}) == f'{{"predictions":[{least},{most}]}}'


@given(st.lists(st.floats(width=32), min_size=1, max_size=5))
@settings(max_examples=30)
def test_floats_survive(values):
    array = np.array(values, np.float32)
    text = written({"x": array}).replace("predictions", "instances")
    np.testing.assert_array_equal(read(text, x="float32")[0]["x"], array)


def test_one_output_has_no_name_and_several_have():
    one = {"x": np.arange(6, dtype=np.uint8).reshape(2, 3)}
    assert json.loads(written(one)) == {"predictions": [[0, 1, 2], [3, 4, 5]]}
    assert json.loads(written(one, row=False)) == {"outputs": [[0, 1, 2], [3, 4, 5]]}
    two = {"image_bytes": np.array([b"hello", b"\xff"], object), "label": np.int32([3, -1])}
    rows = [{"image_bytes": {"b64": "aGVsbG8="}, "label": 3}, {"image_bytes": {"b64": "/w=="}, "label": -1}]
    assert json.loads(written(two)) == {"predictions": rows}
    assert json.loads(written(two, row=False)) == {
        "outputs": {"image_bytes": [{"b64": "aGVsbG8="}, {"b64": "/w=="}], "label": [3, -1]}
    }


def test_outputs_of_other_kinds():
    assert written({"x": np.array([0.2, 9000000.0], np.float32)}) == '{"predictions":[0.2,9000000.0]}'
    assert written({"x": np.array([0.1, 1e300])}) == '{"predictions":[0.1,1e+300]}'
    assert written({"x": np.array([True, False])}) == '{"predictions":[true,false]}'
    assert (
        written({"x": np.array([["café".encode()], [b"\xff"]], object)})
        == '{"predictions":[["café"],["\ufffd"]]}'
    )
    assert written({"x": np.zeros((0, 3))}) == '{"predictions":[]}'
    assert written({"x": np.zeros((0, 3)), "y": np.zeros((0, 1), object)}) == '{"predictions":[]}'


def test_outputs_that_have_no_such_form():
    for outputs, row, message in (
        ({"a": np.zeros((1, 3)), "b": np.zeros((2, 3))}, True, "inconsistent batch size: 2 expecting: 1"),
        ({"a": np.zeros(())}, True, "Tensor name: a has no shape information"),
        ({"a": np.zeros(2, np.complex64)}, False, "Failed to write JSON value for tensor type: complex64"),
    ):
        with pytest.raises(ServingError, match=message):
            json_tensors.write(outputs, row=row)


# What TensorFlow Serving refuses, in its words.


@pytest.mark.parametrize(
    ("dtypes", "text", "message"),
    [
        ("int32", '{"instances": [[1, 2], [3, 4], [5, 6, 7]]}', "Expecting tensor size: 2 but got: 3"),
        ("int32", '{"instances": [[1, 2], [[5, 6]]]}', "Expecting shape [2] but got: [1,2]"),
        ("int32", '{"instances": [1, [1]]}', "Expecting shape [] but got: [1]"),
        ("int32", '{"instances": [[1, "b"]]}', '"b" Type: String is not of expected type: int32'),
        (
            "int32",
            '{"instances": [[[1], [2, 3]]]}',
            "list at unexpected size: 2 at level: 1 expected size: 1",
        ),
        ("int32", '{"instances": [[[1], 2]]}', "JSON Value: 2 found at incorrect level: 2 in the JSON DOM."),
        ("int32", '{"instances": [[1, [2]]]}', "Encountered list at unexpected level: 1 expected < 1"),
        ("int32", '{"instances": []}', "No values in 'instances' array"),
        ("int32", '{"instances": 5}', "'instances' to be an list/array"),
        ("int32", '{"instances": [1], "inputs": [1]}', "expecting only one of 'inputs' or 'instances' keys"),
        ("int32", '{"signature_name": "serving_default"}', "Missing 'inputs' or 'instances' key"),
        ("int32 int32", '{"instances": [1]}', "is a plain list, but expecting list of objects"),
        ("int32 int32", '{"inputs": [1]}', "inputs is a plain value/list, but expecting an object"),
        ("int32 int32", '{"inputs": {"x": [1]}}', "Missing named input: y in 'inputs' object."),
        (
            "int32 int32",
            '{"instances": [{"x": 1}]}',
            "element: 0 of 'instances' list. JSON object: {\"x\": 1}",
        ),
        ("int32 int32", '{"instances": [{"x": 1}]}', "keys must be equal to: x,y"),
        ("int32", '{"instances": [{"x": 1}, {"z": 2}]}', "process element: 1 key: z of 'instances' list."),
        ("int32", '{"instances": [{"z": 2}]}', "Error: INVALID_ARGUMENT: JSON object: does not have named"),
        ("int32", '{"instances": [{"x": 1}, 2]}', "Expecting object but got list at item 1 of input list"),
        ("int32", '{"instances": [1, {"x": 2}]}', "Expecting value/list but got object at item 1 of input"),
        ("string", '{"instances": [{"b64": "!"}]}', "Unable to base64 decode"),
        ("string", '{"instances": [{"b64": "aGU=", "a": 1}]}', "does not have named input: b64"),
        ("string", '{"inputs": {"x": {"b64": 5}}}', '{"b64": 5} not formatted correctly for base64 data'),
        ("string", '{"instances": [null]}', "JSON Value: null Type: Null is not of expected type: string"),
        ("string", '{"instances": ["\\ud800"]}', "has no form in UTF-8"),
        ("int64", '{"instances": [{"b64": "aGU="}]}', "Type: Object is not of expected type: int64"),
        ("int64", '{"instances": [1.0]}', "JSON Value: 1.0 Type: Number is not of expected type: int64"),
        ("int64", '{"instances": [true]}', "JSON Value: true Type: True is not of expected type: int64"),
        ("int64", '{"instances": [9223372036854775808]}', "is not of expected type: int64"),
        ("uint8", '{"instances": [256]}', "is not of expected type: uint8"),
        ("bool", '{"instances": [0]}', "Type: Number is not of expected type: bool"),
        ("float32", '{"instances": [false]}', "Type: False is not of expected type: float"),
        ("float32", '{"instances": [16777217]}', "value: 16777217 to float without loss of precision."),
        ("float32", '{"instances": [1e39]}', "to float without loss of precision"),
        ("float64", '{"instances": [9007199254740993]}', "to double without loss of precision"),
        ("", '{"inputs": {}}', "Failed to get input map for signature"),
    ],
)
def test_refused_in_tensorflow_servings_words(dtypes, text, message):
    assert message in refused(text, **dict(zip("xy", dtypes.split())))


def test_a_dtype_that_json_has_no_form_for():
    message = refused('{"instances": [1]}', "UNIMPLEMENTED", x="complex64")
    assert "Conversion of JSON Value: 1 to type: complex64" in message


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", "JSON Parse error: The document is empty"),
        (b" \n", "JSON Parse error: The document is empty"),
        (b"instances = [1, 2]", "JSON Parse error: Invalid value. Expecting value at offset: 0"),
        (b'{"instances": [1,]}', "at offset: 17"),
        (b'{"instances": ["\xff"]}', "JSON Parse error: Invalid encoding in string. at offset: 16"),
        (b"[" * 100_000, "JSON Parse error: Invalid value. Nested too deeply"),
        (b'{"a":' * 100_000, "JSON Parse error: Invalid value. Nested too deeply"),
        (b'{"instances": [' + b"9" * 5000 + b"]}", "JSON Parse error: Number too big"),
        (b"[1, 2]", "JSON Value: [1, 2] Is not object"),
        (b"null", "JSON Value: null Is not object"),
        (b'{"signature_name": 5}', "'signature_name' key must be a string value."),
    ],
)
def test_bodies_that_are_no_request(body, message):
    with pytest.raises(ServingError) as caught:
        json_tensors.parse(body)
    assert caught.value.code == "INVALID_ARGUMENT" and message in caught.value.message


@pytest.mark.parametrize(
    ("item", "count"), [(b"0", 2**21), (b"[]", 2**18), (b'{"":0}', 2**18), (b"[[]]", 2**17)]
)
def test_more_than_a_graph_could_want_is_not_even_parsed(item, count, monkeypatch):
    def body(count):
        return b'{"inputs":[' + b",".join([item] * count) + b"]}"

    assert len(json_tensors.parse(body(count - 3))["inputs"]) == count - 3
    monkeypatch.setattr(json_tensors.json, "loads", None)
    with pytest.raises(ServingError, match="must have at most 2097152 values in 262144 lists") as caught:
        json_tensors.parse(body(count + 1))
    assert caught.value.code == "INVALID_ARGUMENT"


def test_a_byte_order_mark_is_legal():
    assert json_tensors.parse(b"\xef\xbb\xbf{}") == {}


def test_an_error_shows_the_beginning_only():
    for value in ("[" * 500 + "]" * 500, '"' + "!" * 100_000 + '"', f"[{'1,' * 100_000}1]"):
        message = refused(f'{{"instances": [{{"x": {{"a": {value}}}}}]}}', x="string")
        assert "not formatted correctly" in message and len(message) < 500


def test_more_dimensions_than_numpy_has():
    text = "[" * 40 + "1" + "]" * 40
    assert "unexpected level" in refused(f'{{"inputs": {text}}}', x="int32")
    assert "unexpected level" in refused(f'{{"instances": [{text}]}}', x="int32")


def test_the_first_dimension_of_rows_is_their_number():
    arrays, _ = read('{"instances": [[], []]}', x="float32")
    assert arrays["x"].shape == (2, 0)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3),
        lambda inner: (
            st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["x", "b64", "y"]), inner)
        ),
        max_leaves=8,
    ),
    st.sampled_from(["int64", "float32", "string", "bool"]),
    st.sampled_from(["instances", "inputs"]),
)
@settings(max_examples=50)
def test_any_json_is_read_or_refused(value, dtype, key):
    try:
        arrays, _ = read(json.dumps({key: value}), x=dtype)
    except ServingError as e:
        assert e.code == "INVALID_ARGUMENT" and "\n" not in e.message
    else:
        assert arrays["x"].size == math.prod(arrays["x"].shape)
