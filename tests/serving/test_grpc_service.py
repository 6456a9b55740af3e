import concurrent.futures
import re
import threading
import time

import grpc
import numpy as np
import pytest
import requests
import tensorflow as tf

from tfdogs.errors import UsageError
from tfdogs.serving import grpc_patience, protos
from tfdogs.serving.bounded_pool import BoundedPool
from tfdogs.serving.grpc_service import make_server
from tfdogs.serving.servable import Servable
from tfdogs.serving.serve_config import ServeConfig
from tfdogs.serving.server import Server

MAX_BYTES = 2**20


class Gated(Servable):
    """The export's version, whose predictions wait for a gate."""

    gate, started = threading.Event(), threading.Semaphore(0)

    def predict(self, signature_name, inputs):
        self.started.release()
        assert self.gate.wait(20)
        return super().predict(signature_name, inputs)


@pytest.fixture(scope="module")
def versions(versions_of):
    return versions_of(Gated)


@pytest.fixture
def gate():
    """Open, unless a test closes it."""
    Gated.gate.set()
    yield Gated.gate
    Gated.gate.set()


@pytest.fixture
def pool():
    pool = BoundedPool(1, 1)
    yield pool
    pool.shutdown()


@pytest.fixture
def channel(versions, pool, gate, run):
    options = {"host": "127.0.0.1", "port": 0, "max_request_bytes": MAX_BYTES}
    server, port = run(make_server(versions, pool, **options))
    run(server.start())
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        yield channel
    run(server.stop(None))


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


def huge():
    """A small message of 8 TiB: one value stands for all."""
    asked = request(**seeds(1))
    asked.inputs["seed"].tensor_shape.dim[0].size = 2**40
    return asked


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
        (request("nope"), "FAILED_PRECONDITION", 'Serving signature key "nope" not found.'),
        (request("\u00e9" * 50_000), "FAILED_PRECONDITION", 'Serving signature key "\u00e9\u00e9'),
        (
            request(outputs=["label", "label"], **seeds(1)),
            "INVALID_ARGUMENT",
            "duplicate output tensor alias: label",
        ),
        (request(seed=[1]), "INVALID_ARGUMENT", "Missing but required: {label,truncation}."),
        (request(**seeds(1, 2, label=3)), "INVALID_ARGUMENT", "Received: 3 in row 0"),
        (request(**{**seeds(1), "seed": [1.5]}), "INVALID_ARGUMENT", "int64 [N]. Received: float32 [1]"),
        (request(**seeds(1), more=[1]), "INVALID_ARGUMENT", "Sent extra: {more}"),
        (huge(), "INVALID_ARGUMENT", "at most 1048576 bytes. Received: 8796093022208 bytes"),
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


def test_a_message_over_the_limit_is_refused(stub):
    code, _ = refused(stub.Predict, request(image=np.zeros(MAX_BYTES, np.uint8)))
    assert code == "RESOURCE_EXHAUSTED"


def test_messages_that_arrive_slowly_take_no_places(channel, stub, pool):
    arrive = threading.Event()

    def slowly(message):
        assert arrive.wait(60)
        yield message

    predict = channel.stream_unary(
        "/tensorflow.serving.PredictionService/Predict",
        request_serializer=protos.predict_pb2.PredictRequest.SerializeToString,
        response_deserializer=protos.predict_pb2.PredictResponse.FromString,
    )
    slow = [predict.future(slowly(request(**seeds(seed))), timeout=60) for seed in range(12)]
    assert stub.Predict(request(**seeds(1)), timeout=20).outputs["label"].int_val[:] == [1]
    assert pool.count == 0 and not any(call.done() for call in slow)
    for call in slow[2:]:
        call.cancel()
    arrive.set()
    assert [call.result().outputs["label"].int_val[:] for call in slow[:2]] == [[0], [1]]


def test_a_message_that_never_comes_is_not_waited_for(channel, stub, monkeypatch):
    monkeypatch.setattr(grpc_patience, "MESSAGE_SECONDS", 0.2)
    come = threading.Event()
    predict = channel.stream_unary("/tensorflow.serving.PredictionService/Predict")
    slow = predict.future(iter(lambda: b"" if come.wait(60) else None, None), timeout=20)
    assert slow.exception(60).details() == "The message did not arrive within 0.2 seconds"
    come.set()
    assert stub.Predict(request(**seeds(1)), timeout=20).outputs["label"].int_val[:] == [1]


def test_packed_messages_are_refused_because_what_comes_out_has_no_limit(stub):
    with pytest.raises(grpc.RpcError) as caught:
        stub.Predict(request(**seeds(*[1] * 500)), compression=grpc.Compression.Gzip, timeout=20)
    assert caught.value.code() == grpc.StatusCode.UNIMPLEMENTED and "gzip" in caught.value.details()


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


def until(condition, seconds=20):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.001)


def begun():
    """Says whether a prediction has begun that nobody has asked after yet."""
    return Gated.started.acquire(timeout=20)


@pytest.mark.parametrize("how", ["cancelled", "late"])
def test_a_call_that_is_given_up_leaves_the_queue(stub, pool, gate, how):
    while Gated.started.acquire(blocking=False):
        pass
    gate.clear()
    running = stub.Predict.future(request(**seeds(1)), timeout=60)
    assert begun()
    waiting = stub.Predict.future(request(**seeds(2)), timeout=60 if how == "cancelled" else 1)
    until(lambda: pool.count == 2)
    if how == "cancelled":
        waiting.cancel()
    until(lambda: pool.count == 1)
    assert waiting.code().name == ("CANCELLED" if how == "cancelled" else "DEADLINE_EXCEEDED")
    third = stub.Predict.future(request(**seeds(2)), timeout=60)
    until(lambda: pool.count == 2)
    gate.set()
    assert all(call.result().outputs["label"].int_val for call in (running, third))
    assert begun() and not Gated.started.acquire(blocking=False)  # what was given up has never begun


def test_rest_and_grpc_share_one_queue_and_stop_together(export_dir, gate):
    config = ServeConfig(export_dir=str(export_dir), port=0, grpc_port=-1, concurrency=1, queue=0)
    with Server(config, load=Gated) as server, concurrent.futures.ThreadPoolExecutor(2) as pool:
        assert re.fullmatch(r"127\.0\.0\.1:[1-9]\d*", server.grpc_target)
        assert server.greeting.endswith(f" on {server.url} and grpc://{server.grpc_target}")
        with grpc.insecure_channel(server.grpc_target) as channel:
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
            until(lambda: "the server is full" not in refused(stub.Predict, request(**seeds(4)))[1])
            assert not running.done() and not stopped.done()
            gate.set()
            assert running.result(60).outputs["label"].int_val[:] == [0]
            assert stopped.result(60) == 0


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


def test_a_port_that_is_taken(versions, run):
    pool, options = BoundedPool(1, 1), {"host": "127.0.0.1", "max_request_bytes": MAX_BYTES}
    _server, port = run(make_server(versions, pool, port=0, **options))
    with pytest.raises(UsageError, match=rf"--grpc_port: cannot listen on 127.0.0.1:{port}"):
        run(make_server(versions, pool, port=port, **options))
