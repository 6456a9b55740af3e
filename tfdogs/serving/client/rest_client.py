"""The client of TensorFlow Serving's REST API."""

import base64
import contextlib
import json
import ssl
import urllib.parse

import numpy as np

from tfdogs.errors import UsageError
from tfdogs.serving.client.client import Client, Tensors
from tfdogs.serving.client.wording import sentence, without_password
from tfdogs.serving.errors import ServingError

try:
    import urllib3

    from tfdogs.serving.client import http_deadline
except ImportError as e:
    raise UsageError(f"the REST client needs urllib3 ({e}): pip install 'tfdogs[serve]'") from e

_CONNECTIONS = 16  # that are kept for the next request
_CODES = {
    404: "NOT_FOUND",
    408: "DEADLINE_EXCEEDED",
    412: "FAILED_PRECONDITION",
    429: "RESOURCE_EXHAUSTED",
    501: "UNIMPLEMENTED",
    502: "UNAVAILABLE",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}
_DTYPES = {
    "DT_BOOL": "bool",
    "DT_DOUBLE": "float64",
    "DT_FLOAT": "float32",
    "DT_HALF": "float16",
    "DT_INT16": "int16",
    "DT_INT32": "int32",
    "DT_INT64": "int64",
    "DT_INT8": "int8",
    "DT_STRING": "string",
    "DT_UINT16": "uint16",
    "DT_UINT32": "uint32",
    "DT_UINT64": "uint64",
    "DT_UINT8": "uint8",
}


class RestClient(Client):
    """Calls a model over TensorFlow Serving's REST API. Needs no TensorFlow.

    Proxies of the environment are not used. See `Client`.

    Args:
        url: "http://HOST:PORT" or "https://HOST:PORT", where a path may follow that comes before /v1.
        name, version, deadline, retries, ca_file: see `tfdogs.serving.client.connect`.

    Raises:
        UsageError: the URL is no such one, or an option is out of range.
    """

    def __init__(self, url, *, name="dogs", version=None, deadline=10.0, retries=3, ca_file=None):
        super().__init__(name=name, version=version, deadline=deadline, retries=retries)
        try:
            parts = urllib.parse.urlsplit(url)
            legal = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
            legal = legal and not (parts.query or parts.fragment or "@" in parts.netloc)
        except ValueError:
            legal = False
        if not legal:
            legal = "http://HOST:PORT or https://HOST:PORT, without user and password"
            raise UsageError(f"target must be {legal}. Received: {without_password(url)}")
        self._model = f"{url.rstrip('/')}/v1/models/{urllib.parse.quote(name, safe='')}"
        self._path = self._model if version is None else f"{self._model}/versions/{version:d}"
        try:
            self._pool = http_deadline.pool_manager(_CONNECTIONS, ca_file=ca_file)
        except OSError as e:
            raise UsageError(f"ca_file must be certificates in PEM ({e}). Received: {ca_file}") from e

    def close(self):
        """Closes the connections."""
        super().close()
        self._pool.clear()

    def _ask_signatures(self, seconds):
        answer = self._request("GET", f"{self._path}/metadata", seconds)
        with _understood("metadata"):
            signatures = answer["metadata"]["signature_def"]["signature_def"]
            return {
                name: Tensors(_tensors(found.get("inputs", {})), _tensors(found.get("outputs", {})))
                for name, found in signatures.items()
                if name != "__saved_model_init_op"
            }

    def _predict(self, signature_name, arrays, outputs, seconds):
        request = {
            "signature_name": signature_name,
            "inputs": {name: _to_json(array) for name, array in arrays.items()},
        }
        body = json.dumps(request).encode()
        answer = self._request("POST", f"{self._path}:predict", seconds, body)
        with _understood("prediction"):
            values = answer["outputs"]
            if len(outputs) == 1:  # it comes without its name
                values = {next(iter(outputs)): values}
            return {name: _from_json(values[name], *spec) for name, spec in outputs.items()}

    def _status(self, seconds):
        answer = self._request("GET", self._path, seconds)
        with _understood("status"):
            found = answer["model_version_status"]
            return [(int(status["version"]), status["state"]) for status in found]

    def _request(self, method, url, seconds, body=None):
        headers = {} if body is None else {"Content-Type": "application/json"}
        timeout = urllib3.Timeout(total=seconds)
        try:
            response = self._pool.request(
                method, url, body=body, headers=headers, timeout=timeout, retries=False, redirect=False
            )
        except urllib3.exceptions.HTTPError as e:
            # A refused connection is of both kinds.
            late = isinstance(e, urllib3.exceptions.TimeoutError)
            if late and not isinstance(e, urllib3.exceptions.NewConnectionError):
                raise ServingError("DEADLINE_EXCEEDED", f"no answer from {self._model} in time") from e
            cause = _cause(e)
            if isinstance(cause, ssl.SSLCertVerificationError):  # and so it would be the next time
                message = f"the certificate of {self._model} is not trusted: {cause.verify_message}"
                raise ServingError("FAILED_PRECONDITION", message) from e
            # Without the addresses of objects that urllib3's own errors have.
            reason = getattr(cause, "strerror", None) or str(cause) or type(cause).__name__
            raise ServingError("UNAVAILABLE", f"{self._model} cannot be reached: {reason}") from e
        if response.status != 200:
            raise ServingError(_code(response.status), _message(response))
        with _understood("answer"):
            return json.loads(response.data)


@contextlib.contextmanager
def _understood(what):
    """Turns what goes wrong when an answer is taken apart into a ServingError."""
    try:
        yield
    except (LookupError, TypeError, ValueError, AttributeError, ArithmeticError, RecursionError) as e:
        text = f"{type(e).__name__}: {' '.join(str(e).split())}"[:200]
        raise ServingError("INTERNAL", f"the server sent no {what} that is understood ({text})") from e


def _tensors(infos):
    return {
        name: (_DTYPES[info["dtype"]], _shape(info.get("tensor_shape", {}))) for name, info in infos.items()
    }


def _shape(proto):
    if proto.get("unknown_rank"):
        return None
    return tuple(None if int(dim["size"]) < 0 else int(dim["size"]) for dim in proto.get("dim", ()))


def _to_json(array):
    if array.dtype != object:
        return array.tolist()
    values = [{"b64": base64.b64encode(value).decode("ascii")} for value in array.flat]
    for size in reversed(array.shape[1:]):
        values = [values[start : start + size] for start in range(0, len(values), size)]
    return values


def _from_json(value, dtype, shape):
    if dtype == "string":
        nested = np.asarray(value, object)
        flat = [_bytes(item) for item in nested.flat]
        array = np.empty(len(flat), object)
        array[:] = flat
        return array.reshape(nested.shape)
    array = np.asarray(value, dtype)
    # JSON does not tell the shape of nothing.
    return array if array.size or shape is None else array.reshape([size or 0 for size in shape])


def _bytes(value):
    if isinstance(value, str):
        return value.encode("utf-8")
    return base64.b64decode(value["b64"], validate=True)


def _code(status):
    if status in _CODES:
        return _CODES[status]
    return "INVALID_ARGUMENT" if 400 <= status < 500 else "INTERNAL"


def _message(response):
    """Returns what went wrong in the server's words, one line."""
    text = response.data.decode("utf-8", "replace")
    try:
        text = json.loads(text)["error"]
    except (ValueError, KeyError, TypeError, RecursionError):
        text = f"HTTP status {response.status}: {text}"
    return sentence(str(text))


def _cause(error):
    """Returns what was first in a chain of errors."""
    while error.__cause__ is not None or error.__context__ is not None:
        error = error.__cause__ or error.__context__
    return error
