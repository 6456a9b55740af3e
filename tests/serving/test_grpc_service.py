import concurrent.futures
import socket
import threading

import grpc
import numpy as np
import pytest
import requests
import tensorflow as tf
from tensorflow.core.framework import tensor_pb2

from tfdogs.errors import UsageError
from tfdogs.serving import protos
from tfdogs.serving.bounded_pool import BoundedPool
from tfdogs.serving.errors import ServingError
from tfdogs.serving.grpc_service import make_server, to_array
from tfdogs.serving.servable import Servable
from tfdogs.serving.serve_config import ServeConfig
from tfdogs.serving.server import Server
from tfdogs.serving.versions import Versions

MAX_BYTES = 2**20


class Gated(Servable):
    """The export's version, whose predictions wait for a gate."""

    gate, started = threading.Event(), threading.Semaphore(0)

    def predict(self, signature_name, inputs):
        self.started.release()
        assert self.gate.wait(20)
        return super().predict(signature_name, inputs)


@pytest.fixture(scope="module")
def versions(export_dir):
    versions = Versions(export_dir, name="dogs", load=Gated)
    versions.poll()
    return versions


@pytest.fixture
def gate():
    """Open, unless a test closes it."""
    Gated.gate.set()
    yield Gated.gate
    Gated.gate.set()


@pytest.fixture
def channel(versions, gate):
    pool = BoundedPool(1, 1)
    server, port = make_server(versions, pool, host="127.0.0.1", port=0, max_request_bytes=MAX_BYTES)
    server.start()
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        yield channel
    server.stop(None).wait()
    pool.shutdown()


@pytest.fixture
def stub(channel):
    """The official client of TensorFlow Serving's PredictionService."""
    return protos.prediction_service_pb2_grpc.PredictionServiceStub(channel)


def request(signature="", name="dogs", version=None, outputs=(), **inputs):
    request = protos.predict_pb2.PredictRequest()
    request.model_spec.name = name
    request.model_spec.signature_name = signature
    request.output_filter.extend(outputs)
    if version is not None:
        request.model_spec.version.value = version
    for key, value in inputs.items():
        request.inputs[key].CopyFrom(tf.make_tensor_proto(value))
    return request


def seeds(*values, label=-1):
    return {
        "seed": np.array(values, np.int64),
        "truncation": np.full(len(values), 0.5, np.float32),
        "label": np.full(len(values), label, np.int32),
    }


def refused(call, request):
    with pytest.raises(grpc.RpcError) as caught:
        call(request, timeout=20)
    return caught.value.code().name, caught.value.details()


def test_predict_gives_what_the_saved_model_gives(stub, export_dir):
    inputs = seeds(3, -4, 2**62)
    local = tf.saved_model.load(str(export_dir / "1"))
    for signature in ("serving_default", "images"):
        response = stub.Predict(request(signature, **inputs), timeout=20)
        expected = local.signatures[signature](**{key: tf.constant(value) for key, value in inputs.items()})
        assert response.outputs.keys() == expected.keys()
        for name, proto in response.outputs.items():
            found = tf.make_ndarray(proto)
            assert found.dtype == expected[name].numpy().dtype
            np.testing.assert_array_equal(found, expected[name])
        assert response.model_spec.signature_name == signature
        assert (response.model_spec.name, response.model_spec.version.value) == ("dogs", 1)


def test_outputs_can_be_chosen(stub):
    response = stub.Predict(request(outputs=["label"], version=1, **seeds(5)), timeout=20)
    assert {name: tf.make_ndarray(proto).tolist() for name, proto in response.outputs.items()} == {
        "label": [2]
    }
    assert refused(stub.Predict, request(outputs=["nope"], **seeds(5)))[0] == "INVALID_ARGUMENT"


def test_pictures_go_in_and_probabilities_come_out(stub):
    dogs = stub.Predict(request(outputs=["image_bytes"], **seeds(1, 2)), timeout=20).outputs["image_bytes"]
    judged = request("discriminate", image_bytes=tf.make_ndarray(dogs), label=np.int32([1, 2]))
    probability = tf.make_ndarray(stub.Predict(judged, timeout=20).outputs["probability"])
    assert probability.shape == (2,) and np.all((probability >= 0) & (probability <= 1))


@pytest.mark.parametrize(
    ("asked", "code", "message"),
    [
        (request(name="half"), "NOT_FOUND", "Servable not found for request: Latest(half)"),
        (request(version=7), "NOT_FOUND", "Servable not found for request: Specific(dogs, 7)"),
        (request("nope"), "INVALID_ARGUMENT", '"nope" not found in signature def'),
        (request(seed=[1]), "INVALID_ARGUMENT", "Missing but required: {label,truncation}."),
        (request(**seeds(1, 2, label=3)), "INVALID_ARGUMENT", "Received: 3 in row 0"),
        (request(**{**seeds(1), "seed": [1.5]}), "INVALID_ARGUMENT", "int64 [N]. Received: float32 [1]"),
        (protos.predict_pb2.PredictRequest(), "INVALID_ARGUMENT", "Missing ModelSpec"),
    ],
)  # fmt: skip
def test_what_is_refused(stub, asked, code, message):
    found, details = refused(stub.Predict, asked)
    assert found == code and message in details


def test_labels_are_unknown(stub, channel):
    asked = request()
    asked.model_spec.version_label = "stable"
    expected = "INVALID_ARGUMENT", "Unrecognized servable version label: stable"
    assert refused(stub.Predict, asked) == expected


def tensor(dtype=tf.int64, shape=(), **values):
    proto = tensor_pb2.TensorProto(dtype=dtype.as_datatype_enum)
    for size in shape:
        proto.tensor_shape.dim.add().size = size
    for name, value in values.items():
        setattr(proto, name, value) if isinstance(value, bytes) else getattr(proto, name).extend(value)
    return proto


@pytest.mark.parametrize(
    "proto",
    [
        tensor(shape=[2**40], int64_val=[1]),  # one value for all: 8 TiB
        tensor(shape=[2**40, 2**40], int64_val=[1]),
        tensor(shape=[MAX_BYTES // 8 + 1], int64_val=[1]),
        tensor(tf.string, [2**30], string_val=[b"x"]),
        tensor(shape=[-1], int64_val=[1]),
        tensor(shape=[3], int64_val=[1, 2, 3, 4]),
        tensor(shape=[3], tensor_content=b"123"),
        tensor(shape=[2**31], tensor_content=b""),
        tensor(tf.resource, [1]),
        tensor(tf.variant, [1]),
    ],
)
def test_tensors_that_nobody_vouches_for(stub, proto):
    with pytest.raises(ServingError) as caught:
        to_array("seed", proto, MAX_BYTES)
    assert caught.value.code == "INVALID_ARGUMENT" and "\n" not in caught.value.message
    asked = request(**seeds(1))
    asked.inputs["seed"].CopyFrom(proto)
    assert refused(stub.Predict, asked)[0] == "INVALID_ARGUMENT"


def test_tensors_as_they_should_be():
    strings = np.array([b"\x00", b"\xff"], object)
    for array in (np.int64([1, 2]), strings, np.float32([[1.5], [2.5]]), np.zeros((0, 3), np.float32)):
        np.testing.assert_array_equal(to_array("x", tf.make_tensor_proto(array), MAX_BYTES), array)


def test_a_message_over_the_limit_is_refused(stub):
    code, _ = refused(stub.Predict, request(image=np.zeros(MAX_BYTES, np.uint8)))
    assert code == "RESOURCE_EXHAUSTED"


def test_the_queue_is_the_same_as_everywhere(stub, gate):
    gate.clear()
    with concurrent.futures.ThreadPoolExecutor(6) as pool:
        calls = {pool.submit(stub.Predict, request(**seeds(seed)), 20) for seed in range(6)}
        refused = set()
        while len(refused) < 4:  # one runs, one waits
            done, calls = concurrent.futures.wait(calls, timeout=20, return_when="FIRST_COMPLETED")
            assert done
            refused |= done
        assert {call.exception().code() for call in refused} == {grpc.StatusCode.UNAVAILABLE}
        gate.set()
        assert all(
            call.result().outputs["image_bytes"].string_val[0].startswith(b"\x89PNG") for call in calls
        )


def test_rest_and_grpc_share_one_queue_and_stop_together(export_dir, gate):
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    config = ServeConfig(export_dir=str(export_dir), port=0, grpc_port=port, concurrency=1, queue=0)
    with Server(config, load=Gated) as server, concurrent.futures.ThreadPoolExecutor(2) as pool:
        assert server.greeting.endswith(f" on {server.url} and grpc://127.0.0.1:{port}")
        with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
            stub = protos.prediction_service_pb2_grpc.PredictionServiceStub(channel)
            while Gated.started.acquire(blocking=False):
                pass
            gate.clear()
            running = pool.submit(stub.Predict, request(**seeds(3)), 60)
            assert Gated.started.acquire(timeout=60)
            body = {"instances": [{"seed": 3, "truncation": 0.5, "label": -1}]}
            assert (
                requests.post(f"{server.url}v1/models/dogs:predict", json=body, timeout=60).status_code == 503
            )
            stopped = pool.submit(server.stop)
            while refused(stub.Predict, request(**seeds(4)))[1].startswith("the server is full"):
                pass
            assert not running.done() and not stopped.done()
            gate.set()
            assert running.result().outputs["label"].int_val[:] == [0]
            assert stopped.result() == 0


def test_a_fault_of_ours_tells_nothing(stub, monkeypatch, caplog):
    monkeypatch.setattr(Gated, "predict", lambda *_: 1 / 0)
    assert refused(stub.Predict, request(**seeds(1))) == (
        "INTERNAL",
        "Internal error; the server's own output says more",
    )
    assert "ZeroDivisionError" in caplog.text


def test_metadata(stub, versions):
    asked = protos.get_model_metadata_pb2.GetModelMetadataRequest()
    asked.model_spec.name = "dogs"
    assert refused(stub.GetModelMetadata, asked)[0] == "INVALID_ARGUMENT"
    asked.metadata_field.append("signature_def")
    response = stub.GetModelMetadata(asked, timeout=20)
    assert response.model_spec.version.value == 1
    signatures = protos.get_model_metadata_pb2.SignatureDefMap()
    assert response.metadata["signature_def"].Unpack(signatures)
    assert dict(signatures.signature_def) == versions.find("dogs").signature_defs
    asked.metadata_field.append("weights")
    assert refused(stub.GetModelMetadata, asked) == (
        "INVALID_ARGUMENT",
        "Metadata field weights is not supported",
    )


def test_status(channel):
    stub = protos.model_service_pb2_grpc.ModelServiceStub(channel)
    asked = protos.get_model_status_pb2.GetModelStatusRequest()
    asked.model_spec.name = "dogs"
    (status,) = stub.GetModelStatus(asked, timeout=20).model_version_status
    assert (status.version, status.state) == (1, protos.get_model_status_pb2.ModelVersionStatus.AVAILABLE)
    assert (status.status.error_code, status.status.error_message) == (0, "")
    asked.model_spec.version.value = 7
    assert refused(stub.GetModelStatus, asked) == ("NOT_FOUND", "Could not find version 7 of model dogs")


def test_a_port_that_is_taken(versions):
    pool = BoundedPool(1, 1)
    _server, port = make_server(versions, pool, host="127.0.0.1", port=0, max_request_bytes=MAX_BYTES)
    with pytest.raises(UsageError, match=rf"--grpc_port: cannot listen on 127.0.0.1:{port}"):
        make_server(versions, pool, host="127.0.0.1", port=port, max_request_bytes=MAX_BYTES)
