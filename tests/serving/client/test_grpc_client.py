"""gRPC, against a service that does as it is told."""

import collections
import concurrent.futures
import threading

import grpc
import numpy as np
import pytest
import tensorflow as tf

from tfdogs.errors import UsageError
from tfdogs.serving import protos
from tfdogs.serving.client import connect
from tfdogs.serving.client.grpc_client import GrpcClient
from tfdogs.serving.client.retry import Retry
from tfdogs.serving.errors import ServingError

DTYPES = {"seed": tf.int64, "truncation": tf.float32, "image_bytes": tf.string}


class Service(
    protos.prediction_service_pb2_grpc.PredictionServiceServicer,
    protos.model_service_pb2_grpc.ModelServiceServicer,
):
    """Echoes seeds; `script` says with which codes it refuses first, "hang" for no answer."""

    def __init__(self):
        self.script, self.requests, self.over = collections.deque(), [], threading.Event()

    def Predict(self, request, context):
        self.requests.append(request)
        act = self.script.popleft() if self.script else None
        if act == "hang":
            self.over.wait(10)
        elif act is not None:
            context.abort(act, "assertion failed: [no\\nmore]\n\t [[{{node admit/Assert}}]]")
        response = protos.predict_pb2.PredictResponse()
        seeds = tf.make_ndarray(request.inputs["seed"])
        texts = [str(seed).encode() for seed in seeds.tolist()]
        response.outputs["image_bytes"].CopyFrom(tf.make_tensor_proto(texts, tf.string, [len(texts)]))
        return response

    def GetModelMetadata(self, request, context):
        signatures = protos.get_model_metadata_pb2.SignatureDefMap()
        found = signatures.signature_def["serving_default"]
        for name, dtype in DTYPES.items():
            side = found.outputs if name == "image_bytes" else found.inputs
            side[name].dtype = dtype.as_datatype_enum
            side[name].tensor_shape.dim.add().size = -1
        response = protos.get_model_metadata_pb2.GetModelMetadataResponse()
        response.metadata["signature_def"].Pack(signatures)
        return response

    def GetModelStatus(self, request, context):
        self.requests.append(request)
        response = protos.get_model_status_pb2.GetModelStatusResponse()
        status = response.model_version_status.add()
        status.version, status.state = 3, 30
        return response


@pytest.fixture(scope="module")
def running():
    service = Service()
    server = grpc.server(concurrent.futures.ThreadPoolExecutor(10))
    protos.prediction_service_pb2_grpc.add_PredictionServiceServicer_to_server(service, server)
    protos.model_service_pb2_grpc.add_ModelServiceServicer_to_server(service, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    yield service, f"grpc://127.0.0.1:{port}"
    service.over.set()
    server.stop(0).wait()


@pytest.fixture
def service(running):
    running[0].script.clear()
    running[0].requests.clear()
    return running[0]


@pytest.fixture
def client(running, service):
    with connect(running[1], deadline=20.0) as client:
        yield client


def refused(call, code):
    with pytest.raises(ServingError) as caught:
        call()
    assert caught.value.code == code
    return caught.value.message


def test_requests_are_those_of_the_official_stubs(client, service):
    assert client.generate([7, 2**62], truncation=0.7) == [b"7", str(2**62).encode()]
    (request,) = service.requests
    assert request.model_spec.name == "dogs" and not request.model_spec.HasField("version")
    assert request.model_spec.signature_name == "serving_default"
    truncation = tf.make_ndarray(request.inputs["truncation"])
    np.testing.assert_array_equal(truncation, np.full(2, 0.7, np.float32))
    assert client.generate([]) == []


def test_status_and_versions(running, service):
    with connect(running[1], name="pugs", version=0) as client:
        assert client.status() == [(3, "AVAILABLE")]
        client.generate([1])
    for request in service.requests:
        assert request.model_spec.name == "pugs" and request.model_spec.version.value == 0
        assert request.model_spec.HasField("version")


@pytest.mark.parametrize("code", [grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.RESOURCE_EXHAUSTED])
def test_a_busy_server_is_asked_again_until_it_answers(client, service, code):
    service.script.extend([code, code])
    assert client.generate([5]) == [b"5"] and len(service.requests) == 3


@pytest.mark.parametrize(
    ("status", "code"),
    [("INVALID_ARGUMENT", None), ("NOT_FOUND", None), ("INTERNAL", None), ("PERMISSION_DENIED", "INTERNAL")],
)
def test_what_would_fail_again_is_not_tried_again(client, service, status, code):
    service.script.append(getattr(grpc.StatusCode, status))
    assert refused(lambda: client.generate([5]), code or status) == "no more"
    assert len(service.requests) == 1


def test_the_deadline_holds(client, service):
    patient = client._retry
    client.generate([1])
    service.script.append("hang")
    client._retry = Retry(0.3, 3)
    refused(lambda: client.generate([5]), "DEADLINE_EXCEEDED")
    assert len(service.requests) == 2
    client._retry = patient
    assert client.generate([6]) == [b"6"]


def test_a_server_that_is_not_there(dead_port):
    with connect(f"grpc://127.0.0.1:{dead_port}", retries=1) as client:
        assert "refused" in refused(lambda: client.generate([5]), "UNAVAILABLE")


def test_many_threads_share_a_client(client, service):
    service.script.extend([grpc.StatusCode.UNAVAILABLE] * 3)
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda seed: client.generate([seed, -seed]), range(40)))
    assert found == [[str(seed).encode(), str(-seed).encode()] for seed in range(40)]
    assert len(service.requests) == 43


def test_a_closed_client_says_so(client):
    client.close()
    assert refused(client.status, "FAILED_PRECONDITION") == "the client is closed"


@pytest.mark.parametrize(
    "target", ["grpc://", "grpc://a", "grpc://a:b", "grpc://a:1/x", "a:1", "grpc://u@a:1"]
)
def test_targets_that_are_none(target):
    with pytest.raises(UsageError, match=r"target must be grpc://HOST:PORT\. Received: "):
        GrpcClient(target)
