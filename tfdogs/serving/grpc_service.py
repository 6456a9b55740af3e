"""TensorFlow Serving's gRPC API over the same versions and the same queue as REST."""

import asyncio
import contextlib
import functools
import logging

import grpc
import tensorflow as tf

from tfdogs.errors import UsageError
from tfdogs.serving import grpc_patience, protos
from tfdogs.serving.errors import ServingError
from tfdogs.serving.servable import DEFAULT_SIGNATURE
from tfdogs.serving.tensor_protos import to_array

_METADATA_FIELD = "signature_def"
_STATES = protos.get_model_status_pb2.ModelVersionStatus.State
_IDENTITY = 1 << 0  # of gRPC's compression algorithms
_MOST_TOLD = 2000  # bytes of an error


async def make_server(versions, pool, *, host, port, max_request_bytes, counted=None):
    """Makes a gRPC server of TensorFlow Serving's PredictionService and ModelService, in the running loop.

    A call whose message is still arriving has no thread and no place in the pool, and has to get on
    (`tfdogs.serving.grpc_patience`). Packed messages are refused (UNIMPLEMENTED): gRPC limits their size
    before they are unpacked, and nothing limits what comes out.

    Args:
        versions: `tfdogs.serving.versions.Versions`.
        pool: `tfdogs.serving.bounded_pool.BoundedPool`, where predictions run.
        host: address to listen on.
        port: port to listen on, or 0 for any free one.
        max_request_bytes: largest message that is taken, and largest tensor in one, in bytes.
        counted: `tfdogs.serving.monitoring.Monitoring`, or None.

    Returns:
        (`grpc.aio.Server`, not yet started, and its port).

    Raises:
        UsageError: it cannot listen there.
    """
    options = {
        "grpc.max_receive_message_length": max_request_bytes,
        "grpc.max_send_message_length": -1,
        "grpc.compression_enabled_algorithms_bitset": _IDENTITY,
        "grpc.so_reuseport": 0,
        **grpc_patience.options(),
    }
    server = grpc.aio.server(options=list(options.items()), interceptors=[grpc_patience.Patience()])
    services = _PredictionService(versions, pool, max_request_bytes, counted), _ModelService(versions)
    protos.prediction_service_pb2_grpc.add_PredictionServiceServicer_to_server(services[0], server)
    protos.model_service_pb2_grpc.add_ModelServiceServicer_to_server(services[1], server)
    address = f"[{host}]" if ":" in host else host
    try:
        return server, server.add_insecure_port(f"{address}:{port}")
    except RuntimeError as e:
        raise UsageError(f"--grpc_port: cannot listen on {address}:{port}; choose another port") from e


def _answers(method):
    """Ends a call whose method raises a ServingError with its code and message."""

    @functools.wraps(method)
    async def call(self, request, context):
        try:
            return await method(self, request, context)
        except ServingError as e:
            code, message = getattr(grpc.StatusCode, e.code), e.message
        except Exception:
            logging.getLogger(__name__).exception("a request failed by a fault of ours")
            code, message = grpc.StatusCode.INTERNAL, "Internal error; the server's own output says more"
        return await context.abort(code, _cut(message))

    return call


def _cut(message):
    """Returns a message that fits into a call's end, at most 8 KiB with each byte written as three: a longer
    one, as what quotes a long name, would make another error of it."""
    data = message.encode(errors="replace")
    return message if len(data) <= _MOST_TOLD else f"{data[:_MOST_TOLD].decode(errors='ignore')}..."


class _PredictionService(protos.prediction_service_pb2_grpc.PredictionServiceServicer):
    """Predict and GetModelMetadata; Classify, Regress and MultiInference are not implemented."""

    def __init__(self, versions, pool, max_request_bytes, counted):
        self._versions, self._pool, self._most = versions, pool, max_request_bytes
        self._counted = counted.request if counted else contextlib.nullcontext

    @_answers
    async def Predict(self, request, context):
        """Runs a signature; `output_filter` chooses outputs."""
        with self._counted("GRPC"):
            # Where its caller gives up, the call is cancelled here, and so in the pool.
            return await asyncio.wrap_future(self._pool.submit(self._read, request))

    @_answers
    async def GetModelMetadata(self, request, context):
        """Tells the signatures."""
        if not request.metadata_field:
            raise _invalid("GetModelMetadataRequest must specify at least one metadata_field")
        for field in request.metadata_field:
            if field != _METADATA_FIELD:
                raise _invalid(f"Metadata field {field} is not supported")
        servable = self._versions.find(*_model(request))
        signatures = protos.get_model_metadata_pb2.SignatureDefMap()
        for name, found in servable.signature_defs.items():
            signatures.signature_def[name].CopyFrom(found)
        response = protos.get_model_metadata_pb2.GetModelMetadataResponse()
        response.model_spec.name = request.model_spec.name
        response.model_spec.version.value = servable.version
        response.metadata[_METADATA_FIELD].Pack(signatures)
        return response

    def _read(self, request):
        """Returns a request's `Rows`."""
        servable, name = self._versions.find(*_model(request)), request.model_spec.signature_name
        key = name or DEFAULT_SIGNATURE
        if key not in servable.signatures:  # in other words than by REST, as with TensorFlow Serving
            raise ServingError("FAILED_PRECONDITION", f'Serving signature key "{key}" not found.')
        signature = servable.signature(name)
        wanted = list(request.output_filter) or list(signature.outputs)
        for index, alias in enumerate(wanted):
            if alias not in signature.outputs:
                raise _invalid(
                    f"output tensor alias not found in signature: {alias} Outputs expected to be in the set "
                    f"{{{','.join(sorted(signature.outputs))}}}."
                )
            if alias in wanted[:index]:
                raise _invalid(f"duplicate output tensor alias: {alias}")
        arrays = {alias: to_array(alias, proto, self._most) for alias, proto in request.inputs.items()}
        return servable.rows(name, arrays, functools.partial(_response, request, servable, key, wanted))


class _ModelService(protos.model_service_pb2_grpc.ModelServiceServicer):
    """GetModelStatus; the configuration cannot be changed by a request."""

    def __init__(self, versions):
        self._versions = versions

    @_answers
    async def GetModelStatus(self, request, context):
        """Tells the state of one or of all versions."""
        response = protos.get_model_status_pb2.GetModelStatusResponse()
        for found in self._versions.status(*_model(request)):
            status = response.model_version_status.add()
            status.version, status.state = found.version, _STATES.Value(found.state)
            status.status.error_code = getattr(tf.errors, found.error_code)
            status.status.error_message = found.error
        return response


def _response(request, servable, key, wanted, outputs):
    response = protos.predict_pb2.PredictResponse()
    response.model_spec.name = request.model_spec.name
    response.model_spec.version.value = servable.version
    response.model_spec.signature_name = key
    for alias in wanted:
        response.outputs[alias].CopyFrom(tf.make_tensor_proto(outputs[alias]))
    return response


def _model(request):
    spec = request.model_spec
    if not request.HasField("model_spec"):
        raise _invalid("Missing ModelSpec")
    choice = spec.WhichOneof("version_choice")
    version = spec.version.value if choice == "version" else None
    return spec.name, version, spec.version_label if choice == "version_label" else None


def _invalid(message):
    return ServingError("INVALID_ARGUMENT", message)
