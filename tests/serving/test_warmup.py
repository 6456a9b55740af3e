import pytest
import tensorflow as tf

from tfdogs.sampling.sampler import CHUNK
from tfdogs.serving.protos import prediction_log_pb2
from tfdogs.serving.signatures import NAMES


def requests(export):
    """Yields (signature, {input: array}) of the warm-up file of version 1."""
    file = export / "1/assets.extra/tf_serving_warmup_requests"
    for record in tf.data.TFRecordDataset(str(file)).as_numpy_iterator():
        log = prediction_log_pb2.PredictionLog.FromString(record)
        assert log.WhichOneof("log_type") == "predict_log"
        sent = log.predict_log.request
        inputs = {name: tf.make_ndarray(proto) for name, proto in sent.inputs.items()}
        yield sent.model_spec.signature_name, inputs


@pytest.mark.parametrize("kind", ["", "plain_"])
def test_every_signature_is_asked_for_one_row_and_for_a_chunk(kind, request):
    export, functions = (request.getfixturevalue(kind + name) for name in ("export_dir", "signatures"))
    asked = []
    for name, inputs in requests(export):
        specs = functions[name].structured_input_signature[1]
        assert inputs.keys() == specs.keys()
        for key, array in inputs.items():
            assert specs[key].is_compatible_with(tf.constant(array))
        asked.append((name, *{len(array) for array in inputs.values()}))
    assert sorted(asked) == sorted((name, rows) for name in NAMES for rows in (1, CHUNK))


def test_they_keep_the_rules(export_dir, signatures):
    for name, inputs in requests(export_dir):
        outputs = signatures[name](**{key: tf.constant(array) for key, array in inputs.items()})
        assert {len(value) for value in (*inputs.values(), *outputs.values())} in ({1}, {CHUNK})
