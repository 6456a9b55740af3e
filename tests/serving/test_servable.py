import json
import shutil

import numpy as np
import pytest
import tensorflow as tf

from tfdogs.errors import TfdogsError, UsageError
from tfdogs.serving import protos
from tfdogs.serving.errors import ServingError
from tfdogs.serving.servable import Servable, Signature, _line


class Kennel(tf.Module):
    """Names dogs, and refuses negative seeds by row."""

    @tf.function(
        input_signature=[
            tf.TensorSpec([None], tf.int64, name="seed"),
            tf.TensorSpec([None], tf.float32, name="truncation"),
        ]
    )
    def draw(self, seed, truncation):
        bad = tf.concat([tf.cast(tf.where(seed < 0)[:, 0], tf.int32), [-1]], 0)[0]
        text = tf.strings.format(
            'seed must be "0" or more € Received: {} in row {}', (tf.concat([seed, [0]], 0)[bad], bad)
        )
        with tf.control_dependencies([tf.debugging.Assert(bad < 0, [text])]):
            return {"image_bytes": tf.strings.as_string(seed), "twice": 2 * truncation}

    @tf.function(input_signature=[tf.TensorSpec([None, 2], tf.string, name="words")])
    def join(self, words):
        return {"joined": tf.strings.reduce_join(words, axis=1)}

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="file")])
    def decode(self, file):
        return {"pixels": tf.map_fn(tf.io.decode_png, file, fn_output_signature=tf.uint8)}

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="field")])
    def tell(self, field):
        refused = tf.strings.join(["no such field. Received: ", tf.strings.reduce_join(field), " in row 0"])
        with tf.control_dependencies([tf.debugging.Assert(False, [refused])]):
            return {"value": tf.identity(field)}

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="number")])
    def parse(self, number):
        return {"parsed": tf.strings.to_number(number)}

    @tf.function(input_signature=[tf.TensorSpec(None, tf.float32, name="x")])
    def negative(self, x):
        return {"y": -x}


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    kennel = Kennel()
    path = tmp_path_factory.mktemp("export") / "00000123"
    signatures = {"serving_default": kennel.draw} | {
        n: getattr(kennel, n) for n in ("join", "decode", "tell", "parse", "negative")
    }
    tf.saved_model.save(kennel, str(path), signatures=signatures)
    return path


@pytest.fixture(scope="module")
def servable(path):
    return Servable(path)


def refused(call, *args, code="INVALID_ARGUMENT"):
    with pytest.raises(ServingError) as caught:
        call(*args)
    assert caught.value.code == code
    return caught.value.message


def seeds(*values, truncation=1.0):
    return {"seed": np.array(values, np.int64), "truncation": np.full(len(values), truncation, np.float32)}


def test_what_it_tells_of_itself(servable):
    assert servable.version == 123
    assert servable.signatures.keys() == {"serving_default", "join", "decode", "tell", "parse", "negative"}
    assert (
        servable.signature()
        == servable.signatures["serving_default"]
        == Signature(
            inputs={"seed": (tf.int64, (None,)), "truncation": (tf.float32, (None,))},
            outputs={"image_bytes": (tf.string, (None,)), "twice": (tf.float32, (None,))},
        )
    )
    assert servable.signature("join").inputs == {"words": (tf.string, (None, 2))}
    assert servable.signature("decode").outputs == {"pixels": (tf.uint8, (None,) * 4)}
    assert servable.signature("negative").inputs == {"x": (tf.float32, None)}
    assert refused(servable.signature, "nope") == 'Serving signature name: "nope" not found in signature def'


def test_metadata_is_what_tensorflow_serving_tells(servable):
    metadata = json.loads(json.dumps(servable.metadata()))["signature_def"]["signature_def"]
    assert metadata["serving_default"]["method_name"] == "tensorflow/serving/predict"
    assert metadata["serving_default"]["inputs"]["seed"] == {
        "name": "serving_default_seed:0",
        "dtype": "DT_INT64",
        "tensor_shape": {"dim": [{"size": "-1", "name": ""}], "unknown_rank": False},
    }


def test_predict_gives_what_the_saved_model_gives(path, servable):
    outputs = servable.predict("", seeds(3, 2**53 + 1, truncation=0.25))
    expected = tf.saved_model.load(str(path)).signatures["serving_default"](
        seed=tf.constant([3, 2**53 + 1], tf.int64), truncation=tf.constant([0.25, 0.25])
    )
    assert outputs.keys() == expected.keys()
    for name, value in outputs.items():
        np.testing.assert_array_equal(value, expected[name])
    assert outputs["image_bytes"].tolist() == [b"3", b"9007199254740993"]


def test_no_rows(servable):
    outputs = servable.predict("serving_default", seeds())
    assert outputs["image_bytes"].shape == outputs["twice"].shape == (0,)


def test_an_input_of_any_rank(servable):
    for x in (1.5, [1.5], [[1.5, 2.0]]):
        outputs = servable.predict("negative", {"x": np.float32(x)})
        np.testing.assert_array_equal(outputs["y"], -np.float32(x))


def test_strings_may_be_bytes_or_str(servable):
    for words in (
        np.array([[b"\x00a", b"\xff\x00"]], object),
        np.array([["ä", "b"]]),
        np.array([[b"a", b"b"]]),
        [["a", "b"]],
    ):
        joined = servable.predict("join", {"words": words})["joined"]
        assert joined.shape == (1,) and isinstance(joined[0], bytes)
    assert (
        servable.predict("join", {"words": np.array([[b"\x00a", b"\xff\x00"]], object)})["joined"][0]
        == b"\x00a\xff\x00"
    )


def test_a_refusal_by_the_graph_is_its_message_alone(servable):
    message = refused(servable.predict, "", seeds(1, 2, -7, -8))
    assert message == 'seed must be "0" or more € Received: -7 in row 2'
    assert "Node" not in (message := refused(servable.predict, "decode", {"file": np.array([b"no"], object)}))
    assert len(message.splitlines()) == 1
    assert servable.predict("", seeds(1))["image_bytes"].tolist() == [b"1"]  # it lives on


@pytest.mark.parametrize("text", [b"\xff\xfe", b"caf\xc3", b"\xed\xa0\x80", "café".encode(), b"\0", b""])
def test_a_refusal_may_quote_any_bytes(servable, text):
    shown = text.decode("utf-8", "replace").rstrip("\0")  # where C ends a text
    message = refused(servable.predict, "tell", {"field": np.array([text], object)})
    assert message.startswith("no such field. Received: ")
    message = refused(servable.predict, "parse", {"number": np.array([text], object)})
    assert message.startswith("StringToNumberOp could not correctly convert string") and shown in message


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        ({}, "input size does not match signature: 0!=2 len({}) != len({seed,truncation}). Sent extra: {}."),
        ({**seeds(1), "more": 1}, "Sent extra: {more}. Missing but required: {}."),
        ({"seed": seeds(1)["seed"], "trunc": 1}, "Sent extra: {trunc}. Missing but required: {truncation}."),
        ({**seeds(1), "seed": np.int32([1])}, "input seed must be int64 [N]. Received: int32 [1]"),
        ({**seeds(1), "seed": np.float64([1])}, "input seed must be int64 [N]. Received: float64 [1]"),
        ({**seeds(1), "seed": ["1"]}, "input seed must be int64 [N]. Received: string [1]"),
        ({**seeds(1), "seed": np.int64([[1]])}, "input seed must be int64 [N]. Received: int64 [1, 1]"),
        ({**seeds(1), "seed": np.int64(1)}, "input seed must be int64 [N]. Received: int64 []"),
    ],
)
def test_inputs_that_are_not_the_signatures(servable, inputs, message):
    assert message in refused(servable.predict, "serving_default", inputs)


@pytest.mark.parametrize(
    "words", [[["a"]], [["a", "b", "c"]], [[1, 2]], np.array([[None, b""]], object), [["\ud800", ""]]]
)
def test_strings_that_are_none(servable, words):
    assert "input words must be string [N, 2]" in refused(servable.predict, "join", {"words": words})


@pytest.mark.parametrize("word", [{"x": b"a"}, {"x": np.array(b"a", object)}, {"x": "a"}])
def test_a_string_that_is_no_list_is_still_called_a_string(servable, word):
    message = refused(servable.predict, "join", {"words": word["x"]})
    assert message == "input words must be string [N, 2]. Received: string []"


def test_folders_that_hold_no_version(path, tmp_path):
    with pytest.raises(UsageError, match="must be named by its number"):
        Servable(path.parent)
    for name, break_it in (
        ("1", lambda folder: shutil.rmtree(folder)),
        ("2", lambda folder: (folder / "saved_model.pb").write_bytes(b"\xff\xfe no")),
        ("3", lambda folder: (folder / "saved_model.pb").write_bytes(b"")),
        ("4", lambda folder: shutil.rmtree(folder / "variables")),
        (
            "5",
            lambda folder: (folder / "saved_model.pb").write_bytes(
                (path / "saved_model.pb").read_bytes()[:2000]
            ),
        ),
    ):
        shutil.copytree(path, tmp_path / name)
        break_it(tmp_path / name)
        with pytest.raises(TfdogsError) as caught:
            Servable(tmp_path / name)
        message = str(caught.value)
        assert message.startswith(f"{tmp_path / name} holds no SavedModel") and "\n" not in message


def warmup_record(**inputs):
    log = protos.prediction_log_pb2.PredictionLog()
    for name, value in inputs.items():
        log.predict_log.request.inputs[name].CopyFrom(tf.make_tensor_proto(value))
    return log.SerializeToString()


def test_warm_up(path, servable, tmp_path):
    assert servable.warm_up() == 0
    folder = tmp_path / "7"
    shutil.copytree(path, folder)
    (folder / "assets.extra").mkdir()
    file = folder / "assets.extra/tf_serving_warmup_requests"

    def warm_up(*records):
        with tf.io.TFRecordWriter(str(file)) as writer:
            for record in records:
                writer.write(record)
        return Servable(folder).warm_up()

    good = warmup_record(**seeds(1, 2))
    assert warm_up(good, good) == 2
    for record, message in (
        (warmup_record(**seeds(-1)), "record 1: seed must be"),
        (b"\xff\xff", "record 1: "),
        (protos.prediction_log_pb2.PredictionLog().SerializeToString(), "record 1 is no request to predict"),
    ):
        with pytest.raises(TfdogsError, match=message) as caught:
            warm_up(good, record)
        assert str(file) in str(caught.value)
    file.write_bytes(b"no records, whatever their length")
    with pytest.raises(TfdogsError, match="record 0"):
        Servable(folder).warm_up()


def test_an_error_in_a_line():
    noisy = (
        "Graph execution error:\n\nDetected at node Assert defined at (most recent call last):\n"
        "<stack traces unavailable>\nDetected at node Assert defined at (most recent call last):\n"
        "<stack traces unavailable>\n2 root error(s) found.\n"
        "  (0) INVALID_ARGUMENT:  assertion failed: [a [b] is] [3] [\\303\\244 \\'x\\']\n\t [[{{node A}}]]\n"
        "  (1) INVALID_ARGUMENT:  other\n\t [[{{node B}}]]\n0 successful operations.\n [Op:__inference_f_1]"
    )
    assert _line(tf.errors.InvalidArgumentError(None, None, noisy)) == "a [b] is 3 ä 'x'"
    assert _line(tf.errors.ResourceExhaustedError(None, None, "OOM when x [Op:Mul] name:")) == "OOM when x"
    assert _line(KeyError()) == "KeyError"
    damaged = "{{function_node __wrapped__RestoreV2}} Checksum does not match [Op:RestoreV2] name: "
    assert _line(tf.errors.DataLossError(None, None, damaged)) == "Checksum does not match"
    assert _line(ValueError("a {{node x/y}} b {{c}}")) == "a b {{c}}"
