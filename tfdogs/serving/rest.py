"""TensorFlow Serving's REST API as a function: method, path and body in, JSON out."""

import json
import re
import urllib.parse

from tfdogs.serving import json_tensors
from tfdogs.serving.errors import ServingError

PREFIX = "/v1/"  # of every path that is the API's, in any case

_MODEL = r"/v1/models/([^/:]+)(?:/versions/([0-9]+)|/labels/([^/:]+))?"
_POST = re.compile(_MODEL + ":(classify|regress|predict)", re.IGNORECASE)
_GET = re.compile(_MODEL + "(/metadata)?", re.IGNORECASE)
_METHODS = {"classify": "classification", "regress": "regression"}
_MAX_VERSION = 2**63 - 1


def answer(versions, method, path, *, body=b""):
    """Answers a request.

    Args:
        versions: `tfdogs.serving.versions.Versions`.
        method: "GET", "POST", ...
        path: as the request has it, percent signs and all, without the query.
        body: bytes, of "POST".

    Returns:
        JSON, bytes.

    Raises:
        ServingError: what TensorFlow Serving answers to such a request.
    """
    if method == "POST":
        return read(versions, path, body).alone()
    *model, call = _parse(method, path, {"GET": _GET}.get(method))
    if call:
        return _metadata(versions.find(*model), model[0])
    return _status(versions.status(*model))


def read(versions, path, body):
    """Reads a request to predict.

    Args:
        versions, path, body: as `answer`.

    Returns:
        `tfdogs.serving.rows.Rows`, whose result is the answer: JSON, bytes.

    Raises:
        ServingError: what TensorFlow Serving answers to such a request.
    """
    *model, call = _parse("POST", path, _POST)
    request = json_tensors.parse(body)
    servable = versions.find(*model)
    signature_name = request.get("signature_name", "")
    signature = servable.signature(signature_name)
    if call.lower() != "predict":
        raise _invalid(
            f"Expected {_METHODS[call.lower()]} signature method_name to be "
            f"tensorflow/serving/{call.lower()}. Was: {signature.method_name}"
        )
    inputs, row = json_tensors.read(request, signature.inputs)
    return servable.rows(signature_name, inputs, lambda outputs: json_tensors.write(outputs, row=row))


def _parse(method, path, pattern):
    """Returns what a path names: model, version or None, label or None, and what is asked of it."""
    match = pattern and pattern.fullmatch(path)
    if not match:
        if method == "GET" and path.lower() == "/v1/models":
            raise _invalid("Missing model name in request.")
        raise _invalid(f"Malformed request: {method} {path}")
    name, version, label, call = match.groups()
    name = urllib.parse.unquote(name)
    label = label and urllib.parse.unquote(label)
    if version is not None:
        if len(version) > 30 or int(version) > _MAX_VERSION:
            raise _invalid(f"Failed to convert version: {version} to numeric.")
        version = int(version)
    return name, version, label, call


def _metadata(servable, name):
    spec = {"name": name, "signature_name": "", "version": str(servable.version)}
    return _json({"model_spec": spec, "metadata": servable.metadata()})


def _status(statuses):
    return _json(
        {
            "model_version_status": [
                {
                    "version": str(status.version),
                    "state": status.state,
                    "status": {"error_code": status.error_code, "error_message": status.error},
                }
                for status in statuses
            ]
        }
    )


def error_json(message):
    """Returns the JSON, bytes, of an error; what a caller sent comes back in it to a length."""
    return _json({"error": message if len(message) <= 1000 else f"{message[:1000]}..."})


def _json(value):
    return json.dumps(value, indent=1).encode()


def _invalid(message):
    return ServingError("INVALID_ARGUMENT", message)
