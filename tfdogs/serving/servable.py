"""One version of an exported model, in this process."""

import dataclasses
import functools
import json
import re
import sys
from pathlib import Path

import numpy as np
import tensorflow as tf
from google.protobuf import json_format
from tensorflow.core.protobuf import saved_model_pb2

from tfdogs.errors import TfdogsError, UsageError
from tfdogs.serving.c_escapes import unescape
from tfdogs.serving.errors import ServingError
from tfdogs.serving.rows import Rows
from tfdogs.serving.tensor_protos import to_array, to_shape

DEFAULT_SIGNATURE = "serving_default"
_CARD, _MAX_ROWS = "card", b"max_rows"
_CHUNKS = 32  # in the largest request of an export of ours: row_checks.MAX_ROWS / sampler.CHUNK
_OURS = ("serving_default", "images", "from_latents", "interpolate", "discriminate")
WARMUP_FILE = Path("assets.extra", "tf_serving_warmup_requests")


@dataclasses.dataclass(frozen=True)
class Signature:
    """What one function of a SavedModel takes and gives.

    Attributes:
        inputs, outputs: {name: (`tf.DType`, shape)}; a shape is a tuple with None for every size that is not
            fixed, or None where not even the rank is.
        method_name: "tensorflow/serving/predict" in models of today.
    """

    inputs: dict
    outputs: dict
    method_name: str = "tensorflow/serving/predict"


class Servable:
    """A SavedModel, loaded, with its requests checked before and its errors cut to a line after.

    Safe to call from several threads.

    Args:
        path: the version's folder, named by a number, as TensorFlow Serving has it.

    Attributes:
        version: the folder's number.
        signatures: {name: `Signature`}.
        chunk: rows on which the networks of an export of ours run at a time, whoever asked for them; 0 for
            other models, of which it is not known whether a row's result depends on the others.
        signature_defs: {name: SignatureDef}, the same as the file's protocol buffers.

    Raises:
        UsageError: the folder's name is no number.
        TfdogsError: there is no SavedModel in it that can be loaded.
    """

    def __init__(self, path):
        self._path = Path(path)
        if not re.fullmatch("[0-9]+", self._path.name):
            raise UsageError(
                f"a version's folder must be named by its number, as EXPORT/1. Received: {self._path}"
            )
        self.version = int(self._path.name)
        try:
            proto = saved_model_pb2.SavedModel.FromString((self._path / "saved_model.pb").read_bytes())
            self.signature_defs = dict(proto.meta_graphs[0].signature_def)
            self._model = tf.saved_model.load(str(self._path))
            self._functions = dict(self._model.signatures)
        # A damaged file fails in every way there is (DecodeError, KeyError, ...): all mean one.
        except Exception as e:
            raise TfdogsError(f"{self._path} holds no SavedModel that can be loaded: {_line(e)}") from e
        self.signatures = {
            name: Signature(_describe(found.inputs), _describe(found.outputs), found.method_name)
            for name, found in self.signature_defs.items()
            if name in self._functions
        }
        self.chunk = self._ask_chunk()

    def signature(self, name=""):
        """Returns a `Signature`; the name "" is `serving_default`.

        Raises:
            ServingError: INVALID_ARGUMENT: there is none of this name.
        """
        name = name or DEFAULT_SIGNATURE
        if name not in self.signatures:
            raise _invalid(f'Serving signature name: "{name}" not found in signature def')
        return self.signatures[name]

    def metadata(self):
        """Returns the metadata of TensorFlow Serving's REST API, as JSON has it: all signatures."""
        signatures = {
            name: json_format.MessageToDict(
                found, preserving_proto_field_name=True, including_default_value_fields=True
            )
            for name, found in sorted(self.signature_defs.items())
        }
        return {"signature_def": {"signature_def": signatures}}

    def predict(self, signature_name, inputs):
        """Runs a signature.

        Args:
            signature_name: a key of `signatures`, or "" for `serving_default`.
            inputs: {name: array} of exactly the signature's names, dtypes (nothing is cast) and shapes;
                strings as bytes or str.

        Returns:
            {name: array} of its outputs; strings are bytes in arrays of dtype object.

        Raises:
            ServingError: INVALID_ARGUMENT: the inputs are not as the signature says, or the graph refused
                them; RESOURCE_EXHAUSTED: out of memory; INTERNAL: the graph failed in another way.
        """
        arrays, expected = self._checked(signature_name, inputs), self.signature(signature_name).inputs
        tensors = {name: _tensor(name, arrays[name], *expected[name]) for name in expected}
        try:
            outputs = self._functions[signature_name or DEFAULT_SIGNATURE](**tensors)
            return {name: value.numpy() for name, value in outputs.items()}
        except (tf.errors.InvalidArgumentError, tf.errors.OutOfRangeError) as e:
            raise _invalid(_line(e)) from e
        except tf.errors.ResourceExhaustedError as e:
            raise ServingError("RESOURCE_EXHAUSTED", _line(e)) from e
        except tf.errors.OpError as e:
            raise ServingError("INTERNAL", _line(e)) from e
        except UnicodeDecodeError as e:  # a refusal that quotes bytes which TensorFlow cannot put into a str
            raise _invalid(_line(bytes(e.object).decode("utf-8", "replace"))) from e

    def rows(self, signature_name, inputs, finish):
        """Returns a call of a signature as rows that may be run together with others'.

        Args:
            signature_name, inputs: as `predict`.
            finish: function of the outputs to the call's result.

        Returns:
            `tfdogs.serving.rows.Rows`.

        Raises:
            ServingError: INVALID_ARGUMENT: the inputs are not as the signature says.
        """
        name = signature_name or DEFAULT_SIGNATURE
        arrays = self._checked(signature_name, inputs)
        counts = {array.shape[0] if array.ndim else None for array in arrays.values()}
        count = counts.pop() if len(counts) == 1 else None  # else the graph refuses it
        together = self.chunk and count and name != _CARD  # which runs no network
        # Not known before: sizes of a row that the signature leaves open.
        shapes = tuple(sorted((name, array.shape[1:]) for name, array in arrays.items()))
        return Rows(
            key=(id(self), name, shapes) if together else None,
            count=count or 0,
            most=self.chunk,
            inputs=arrays,
            run=functools.partial(self.predict, name),
            finish=finish,
        )

    def _checked(self, signature_name, inputs):
        """Returns inputs as arrays of the signature's names, dtypes and shapes."""
        expected = self.signature(signature_name).inputs
        if inputs.keys() != expected.keys():
            extra, missing = inputs.keys() - expected.keys(), expected.keys() - inputs.keys()
            raise _invalid(
                f"input size does not match signature: {len(inputs)}!={len(expected)} "
                f"len({_set(inputs)}) != len({_set(expected)}). "
                f"Sent extra: {_set(extra)}. Missing but required: {_set(missing)}."
            )
        return {name: _array(name, inputs[name], *expected[name]) for name in expected}

    def _ask_chunk(self):
        """Returns the size of the chunks as the card tells it, which an export of ours has."""
        if not {_CARD, *_OURS} <= self.signatures.keys():
            return 0
        try:
            told = self._functions[_CARD](field=tf.constant([_MAX_ROWS, b"tfdogs"]))["value"]
            return int(json.loads(told[0].numpy())) // _CHUNKS
        except (tf.errors.OpError, ValueError, TypeError, LookupError):
            return 0

    def warm_up(self):
        """Runs the requests of the version's warm-up file, if it has one; returns how many there were.

        Raises:
            TfdogsError: the file is damaged, holds something else than requests to predict, or one of them
                fails: as with TensorFlow Serving, such a version is not to be served.
        """
        path, count = self._path / WARMUP_FILE, 0
        if not path.is_file():
            return count
        from tfdogs.serving import protos

        try:
            for record in tf.data.TFRecordDataset(str(path)).as_numpy_iterator():
                log = protos.prediction_log_pb2.PredictionLog.FromString(record)
                if log.WhichOneof("log_type") != "predict_log":
                    raise TfdogsError(f"record {count} is no request to predict")
                request = log.predict_log.request
                arrays = {name: to_array(name, proto, sys.maxsize) for name, proto in request.inputs.items()}
                self.predict(request.model_spec.signature_name, arrays)
                count += 1
        except Exception as e:  # again: any bytes may stand there
            raise TfdogsError(f"{path}: warm-up failed at record {count}: {_line(e)}") from e
        return count


def _describe(infos):
    return {name: (tf.as_dtype(info.dtype), to_shape(info.tensor_shape)) for name, info in infos.items()}


def _array(name, value, dtype, shape):
    """Returns an input as an array, checked: TensorFlow itself lets a wrong rank pass."""
    array = np.asarray(value)
    known = array.dtype.kind in "OSU" if dtype == tf.string else array.dtype == dtype.as_numpy_dtype
    fits = shape is None or (
        len(shape) == array.ndim and all(size in (None, n) for size, n in zip(shape, array.shape))
    )
    if not (known and fits):
        strings = array.dtype.kind in "SU" or (
            array.dtype == object and all(isinstance(item, (bytes, str)) for item in array.flat)
        )
        got = "string" if strings else array.dtype.name
        raise _invalid(
            f"input {name} must be {dtype.name} {_brackets(shape)}. Received: {got} {_brackets(array.shape)}"
        )
    return array


def _tensor(name, array, dtype, shape):
    try:
        return tf.constant(array, dtype)
    except (TypeError, ValueError) as e:  # objects that are no strings, or that UTF-8 does not know
        raise _invalid(f"input {name} must be {dtype.name} {_brackets(shape)}: {_line(e)}") from e


def _brackets(shape):
    return "[...]" if shape is None else f"[{', '.join('N' if n is None else str(n) for n in shape)}]"


def _set(names):
    return "{" + ",".join(sorted(names)) + "}"


def _invalid(message):
    return ServingError("INVALID_ARGUMENT", message)


_ROOT = re.compile(r"^(\d+ root error\(s\) found\.|\s*\(\d+\) [A-Z_]+:\s+|\{\{(function_)?node [^}]*\}\}\s*)")
_NODE = re.compile(r"\s*\{\{(function_)?node [^}]*\}\}\s*")
_NOISE = ("Graph execution error", "Detected at node", "<stack traces", "Node:", "\t", " ")


def _line(error):
    """Returns what happened, in a line: without the names of operations and where they were built."""
    if isinstance(error, ServingError):
        return error.message
    lines = [_ROOT.sub("", line) for line in str(getattr(error, "message", error)).splitlines()]
    lines = [line for line in lines if line and not line.startswith(_NOISE)]
    line = re.sub(r"\s*\[Op:\w+\].*$", "", lines[0]) if lines else type(error).__name__
    asserted = re.fullmatch(r"assertion failed: \[(.*)\]", line)
    if asserted is None:
        return _NODE.sub(" ", line).strip()
    return unescape(asserted[1].replace("] [", " "))  # the parts of an assertion stand in brackets
