import json

import pytest
import tensorflow as tf

from tfdogs.serving import rest
from tfdogs.serving.errors import HTTP_STATUS, ServingError
from tfdogs.serving.servable import Servable
from tfdogs.serving.versions import Versions


class HalfPlusThree(tf.Module):
    """The model of TensorFlow Serving's documentation, and a signature of two inputs and outputs."""

    @tf.function(input_signature=[tf.TensorSpec([None], tf.float32, name="x")])
    def half(self, x):
        return {"y": x / 2 + 3}

    @tf.function(
        input_signature=[
            tf.TensorSpec([None], tf.string, name="image_bytes"),
            tf.TensorSpec([None], tf.int64, name="seed"),
        ]
    )
    def echo(self, image_bytes, seed):
        return {"image_bytes": image_bytes, "seed": seed}


@pytest.fixture(scope="module")
def versions(tmp_path_factory):
    path = tmp_path_factory.mktemp("half_plus_three")
    model = HalfPlusThree()
    signatures = {"serving_default": model.half, "echo": model.echo}
    tf.saved_model.save(model, str(path / "00000123"), signatures=signatures)
    versions = Versions(path, name="half_plus_three")
    versions.poll()
    return versions


@pytest.fixture
def ask(versions):
    """Returns a function of a request, that gives (HTTP status, what the JSON says)."""

    def ask(method, path, body=b""):
        if not isinstance(body, bytes):
            body = json.dumps(body).encode()
        try:
            return 200, json.loads(rest.answer(versions, method, path, body=body))
        except ServingError as e:
            return HTTP_STATUS[e.code], json.loads(rest.error_json(e.message))

    return ask


MODEL = "/v1/models/half_plus_three"


# Requests and answers of the page "RESTful API" of TensorFlow Serving's documentation.


def test_status(ask):
    available = {
        "model_version_status": [
            {"version": "123", "state": "AVAILABLE", "status": {"error_code": "OK", "error_message": ""}}
        ]
    }
    assert ask("GET", MODEL) == ask("GET", f"{MODEL}/versions/123") == (200, available)


def test_predict_in_row_form(ask):
    expected = 200, {"predictions": [3.5, 4.0, 5.5]}
    assert ask("POST", f"{MODEL}:predict", {"instances": [1.0, 2.0, 5.0]}) == expected
    assert ask("POST", f"{MODEL}/versions/123:predict", {"instances": [1.0, 2.0, 5.0]}) == expected
    named = {"signature_name": "serving_default", "instances": [{"x": 1.0}, {"x": 2.0}, {"x": 5.0}]}
    assert ask("POST", f"{MODEL}:predict", named) == expected


def test_predict_in_column_form(ask):
    expected = 200, {"outputs": [3.5, 4.0, 5.5]}
    assert ask("POST", f"{MODEL}:predict", {"inputs": [1.0, 2.0, 5.0]}) == expected
    assert ask("POST", f"{MODEL}:predict", {"inputs": {"x": [1.0, 2.0, 5.0]}}) == expected


def test_predict_with_several_inputs_and_bytes(ask):
    rows = [
        {"image_bytes": {"b64": "aW1hZ2UgYnl0ZXM="}, "seed": 2**53 + 1},
        {"image_bytes": {"b64": ""}, "seed": -1},
    ]
    body = {"signature_name": "echo", "instances": rows}
    assert ask("POST", f"{MODEL}:predict", body) == (200, {"predictions": rows})
    columns = {name: [row[name] for row in rows] for name in rows[0]}
    body = {"signature_name": "echo", "inputs": columns}
    assert ask("POST", f"{MODEL}:predict", body) == (200, {"outputs": columns})


def test_an_unknown_model(ask):
    expected = 404, {"error": "Servable not found for request: Latest(half)"}
    assert ask("POST", "/v1/models/half:predict", {"instances": [1.0, 5.0]}) == expected
    assert ask("GET", "/v1/models/half/metadata") == expected
    expected = 404, {"error": "Servable not found for request: Specific(half_plus_three, 7)"}
    assert ask("POST", f"{MODEL}/versions/7:predict", {"instances": [1.0]}) == expected
    assert ask("GET", f"{MODEL}/versions/7/metadata") == expected
    assert ask("GET", f"{MODEL}/versions/7") == (
        404,
        {"error": "Could not find version 7 of model half_plus_three"},
    )
    assert ask("GET", "/v1/models/half") == (404, {"error": "Could not find any versions of model half"})


# What its source does beyond that.


def test_metadata(ask):
    status, answer = ask("GET", f"{MODEL}/metadata")
    assert status == 200 and ask("GET", f"{MODEL}/versions/123/metadata") == (200, answer)
    assert answer["model_spec"] == {"name": "half_plus_three", "signature_name": "", "version": "123"}
    signature = answer["metadata"]["signature_def"]["signature_def"]["serving_default"]
    assert signature["inputs"]["x"]["dtype"] == "DT_FLOAT"
    assert signature["outputs"]["y"]["tensor_shape"] == {
        "dim": [{"size": "-1", "name": ""}],
        "unknown_rank": False,
    }


def test_paths_know_no_case_but_names_do(ask):
    assert ask("POST", "/V1/Models/half_plus_three/VERSIONS/123:Predict", {"instances": [1]})[0] == 200
    assert ask("GET", "/v1/models/Half_Plus_Three")[0] == 404
    assert ask("GET", "/v1/models/half%5Fplus_three")[0] == 200


@pytest.mark.parametrize("call", ["classify", "regress"])
def test_classify_and_regress(ask, call):
    status, answer = ask("POST", f"{MODEL}:{call}", {"examples": [{"x": 1.0}]})
    assert status == 400
    assert answer["error"].endswith(
        f"signature method_name to be tensorflow/serving/{call}. Was: tensorflow/serving/predict"
    )


@pytest.mark.parametrize(
    ("method", "path", "message"),
    [
        ("GET", "/v1/foo", "Malformed request: GET /v1/foo"),
        ("POST", "/v1/foo", "Malformed request: POST /v1/foo"),
        ("GET", "/v1/models", "Missing model name in request."),
        ("POST", "/v1/models", "Malformed request: POST /v1/models"),
        ("GET", f"{MODEL}:predict", f"Malformed request: GET {MODEL}:predict"),
        ("POST", MODEL, f"Malformed request: POST {MODEL}"),
        ("DELETE", MODEL, f"Malformed request: DELETE {MODEL}"),
        ("POST", f"{MODEL}/metadata", f"Malformed request: POST {MODEL}/metadata"),
        ("POST", f"{MODEL}/version/50:predict", f"Malformed request: POST {MODEL}/version/50:predict"),
        (
            "POST",
            f"{MODEL}/versions/HELLO:predict",
            f"Malformed request: POST {MODEL}/versions/HELLO:predict",
        ),
        ("POST", f"{MODEL}/versions/-1:predict", f"Malformed request: POST {MODEL}/versions/-1:predict"),
        ("GET", f"{MODEL}/versions/{2**63}", f"Failed to convert version: {2**63} to numeric."),
        ("POST", f"{MODEL}/versions/{2**64}:predict", f"Failed to convert version: {2**64} to numeric."),
        ("GET", f"{MODEL}/versions/{'9' * 900}", f"Failed to convert version: {'9' * 900} to numeric."),
        ("POST", f"{MODEL}/labels/stable:predict", "Unrecognized servable version label: stable"),
        ("GET", f"{MODEL}/labels/a%20b", "Unrecognized servable version label: a b"),
        ("GET", "/v1/models/../../etc/passwd", "Malformed request: GET /v1/models/../../etc/passwd"),
    ],
)
def test_malformed_requests(ask, method, path, message):
    assert ask(method, path, {"instances": [1.0]}) == (400, {"error": message})


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", "JSON Parse error: The document is empty"),
        (b"instances = [1, 2]", "JSON Parse error: Invalid value. Expecting value at offset: 0"),
        ({"instances": ["x", "y"]}, 'JSON Value: "x" Type: String is not of expected type: float'),
        ({"inputs": [[1.0]]}, "input x must be float32 [N]. Received: float32 [1, 1]"),
        ({"signature_name": 100}, "'signature_name' key must be a string value."),
        ({"signature_name": "no", "inputs": 1}, 'Serving signature name: "no" not found in signature def'),
    ],
)
def test_bodies_that_are_refused(ask, body, message):
    status, answer = ask("POST", f"{MODEL}:predict", body)
    assert status == 400 and message in answer["error"]


def test_outputs_of_different_lengths_have_no_rows(ask):
    columns = {"image_bytes": ["a"], "seed": [1, 2]}
    body = {"signature_name": "echo", "inputs": columns}
    assert ask("POST", f"{MODEL}:predict", body)[1]["outputs"]["seed"] == [1, 2]


def test_an_error_is_cut_and_plain_ascii():
    text = rest.error_json("ä\ud800" + "x" * 10_000)
    assert text.isascii() and len(text) < 1100 and json.loads(text)["error"].endswith("...")


def test_over_the_real_export(export_dir):
    versions = Versions(export_dir, name="dogs", load=Servable)  # not warmed up: that takes longer than this
    versions.poll()
    path = "/v1/models/dogs:predict"
    rows = [{"seed": seed, "truncation": 0.5, "label": -1} for seed in (4, 5)]

    def post(body):
        return json.loads(rest.answer(versions, "POST", path, body=json.dumps(body).encode()))

    answer = post({"instances": rows})
    assert [row["label"] for row in answer["predictions"]] == [1, 2]
    columns = {name: [row[name] for row in rows] for name in rows[0]}
    assert post({"signature_name": "serving_default", "inputs": columns})["outputs"] == {
        name: [row[name] for row in answer["predictions"]] for name in ("image_bytes", "label")
    }
    rows[1]["label"] = 3
    with pytest.raises(ServingError, match=r"label .* Received: 3 in row 1"):
        post({"instances": rows})
    values = post({"signature_name": "card", "instances": ["classes", "latent_dim"]})["predictions"]
    assert json.loads(values[0]) == ["beagle", "pug", "toy poodle"] and json.loads(values[1]) == 6
