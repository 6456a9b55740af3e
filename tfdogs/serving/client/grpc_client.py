"""The client of TensorFlow Serving's gRPC API, with its official stubs."""

import re

import tensorflow as tf

from tfdogs.errors import UsageError
from tfdogs.serving import protos
from tfdogs.serving.client.client import Client, Tensors
from tfdogs.serving.client.wording import sentence, without_password
from tfdogs.serving.errors import HTTP_STATUS, ServingError
from tfdogs.serving.tensor_protos import to_shape

try:
    import grpc
except ImportError as e:
    raise UsageError(f"the gRPC client needs grpcio ({e}): pip install 'tfdogs[serve]'") from e

_FIELD = "signature_def"
_STATES = protos.get_model_status_pb2.ModelVersionStatus.State
_OPTIONS = (
    ("grpc.max_receive_message_length", -1),
    ("grpc.max_send_message_length", -1),
    # Tries and pauses are the client's own.
    ("grpc.enable_retries", 0),
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.min_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 1000),
)


class GrpcClient(Client):
    """Calls a model over TensorFlow Serving's gRPC API, without encryption. See `Client`.

    Args:
        target: "grpc://HOST:PORT".
        name, version, deadline, retries: see `tfdogs.serving.client.connect`.

    Raises:
        UsageError: the target is no such one, an option is out of range, or the stubs are not installed.
    """

    def __init__(self, target, *, name="dogs", version=None, deadline=10.0, retries=3):
        super().__init__(name=name, version=version, deadline=deadline, retries=retries)
        match = re.fullmatch(r"grpc://([^/?#@]+:[0-9]+)/?", target)
        if not match:
            raise UsageError(f"target must be grpc://HOST:PORT. Received: {without_password(target)}")
        self._channel = grpc.insecure_channel(match[1], options=_OPTIONS)
        self._predictions = protos.prediction_service_pb2_grpc.PredictionServiceStub(self._channel)
        self._models = protos.model_service_pb2_grpc.ModelServiceStub(self._channel)

    def close(self):
        """Closes the channel."""
        super().close()
        self._channel.close()

    def _ask_signatures(self, seconds):
        request = self._to_model(protos.get_model_metadata_pb2.GetModelMetadataRequest())
        request.metadata_field.append(_FIELD)
        answer = _call(self._predictions.GetModelMetadata, request, seconds)
        signatures = protos.get_model_metadata_pb2.SignatureDefMap()
        if not answer.metadata[_FIELD].Unpack(signatures):
            raise ServingError("INTERNAL", "the server sent no metadata that is understood")
        return {
            name: Tensors(_tensors(found.inputs), _tensors(found.outputs))
            for name, found in signatures.signature_def.items()
            if name != "__saved_model_init_op"
        }

    def _predict(self, signature_name, arrays, outputs, seconds):
        request = self._to_model(protos.predict_pb2.PredictRequest())
        request.model_spec.signature_name = signature_name
        for name, array in arrays.items():
            request.inputs[name].CopyFrom(tf.make_tensor_proto(array, shape=array.shape))
        answer = _call(self._predictions.Predict, request, seconds)
        return {name: tf.make_ndarray(answer.outputs[name]) for name in outputs if name in answer.outputs}

    def _status(self, seconds):
        request = self._to_model(protos.get_model_status_pb2.GetModelStatusRequest())
        answer = _call(self._models.GetModelStatus, request, seconds)
        return [(found.version, _STATES.Name(found.state)) for found in answer.model_version_status]

    def _to_model(self, request):
        request.model_spec.name = self.name
        if self.version is not None:
            request.model_spec.version.value = self.version
        return request


def _call(method, request, seconds):
    try:
        return method(request, timeout=seconds)
    except grpc.RpcError as e:
        code = e.code().name
        message = sentence(e.details() or code)
        raise ServingError(code if code in HTTP_STATUS else "INTERNAL", message) from e


def _tensors(infos):
    return {name: (tf.as_dtype(info.dtype).name, to_shape(info.tensor_shape)) for name, info in infos.items()}
