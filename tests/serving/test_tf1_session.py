"""The export in a TF1 session, which is how TensorFlow Serving runs a SavedModel."""

import numpy as np
import pytest
import tensorflow as tf

from tfdogs.sampling.grid import encode_png
from tfdogs.serving.signatures import NAMES

RNG = np.random.default_rng(0)
ROWS = 40  # two chunks
PNG, GREY = (encode_png(RNG.integers(0, 256, size, dtype=np.uint8)) for size in ((50, 70, 3), (30, 20, 1)))
JPEG = tf.io.encode_jpeg(RNG.integers(0, 256, (33, 29, 3), dtype=np.uint8)).numpy()
INPUTS = {
    "seed": np.arange(ROWS) * 7 - 3,
    "seed_from": np.arange(ROWS),
    "seed_to": np.arange(ROWS) - 99,
    "truncation": np.where(np.arange(ROWS) % 3, 0.7, 0),
    "fraction": np.linspace(0, 1, ROWS),
    "label": np.arange(ROWS) % 3,
    "label_from": np.arange(ROWS) % 4 - 1,
    "label_to": np.full(ROWS, -1),
    "z": RNG.normal(size=(ROWS, 6)),
    "image_bytes": ([PNG, GREY, JPEG] * ROWS)[:ROWS],
    "field": ([b"model", b"classes", b"scores"] * ROWS)[:ROWS],
}
BAD = {
    "serving_default": (
        "truncation",
        -1,
        "truncation must be 0 (none) or in (0, 1000]. Received: -1 in row 33]",
    ),
    "images": ("truncation", np.nan, "Received: nan in row 33]"),
    "from_latents": ("z", np.inf, "z must be finite. Received: inf in row 33]"),
    "interpolate": ("fraction", 2, "fraction must be in [0, 1]. Received: 2 in row 33]"),
    "discriminate": (
        "image_bytes",
        PNG[:-20],
        f"whole JPEG or PNG. Received: {len(PNG) - 20} bytes in row 33]",
    ),
    "card": ("field", b"\xff\xfe", "Received: \N{REPLACEMENT CHARACTER}\N{REPLACEMENT CHARACTER} in row 33]"),
}


@pytest.fixture(scope="module", params=["export_dir", "plain_export_dir"])
def exported(request):
    """(the SavedModel, a function that runs a signature of it in a TF1 session)."""
    path = str(request.getfixturevalue(request.param) / "1")
    session = tf.compat.v1.Session(graph=tf.Graph())
    with session.graph.as_default():
        meta_graph = tf.compat.v1.saved_model.load(session, [tf.saved_model.SERVING], path)

    def run(name, inputs):
        signature = meta_graph.signature_def[name]
        feed = {signature.inputs[key].name: value for key, value in inputs.items()}
        return session.run({key: info.name for key, info in signature.outputs.items()}, feed)

    yield tf.saved_model.load(path), run
    session.close()


def inputs_of(function, rows):
    return {
        key: np.asarray(INPUTS[key][:rows], object if spec.dtype == tf.string else spec.dtype.as_numpy_dtype)
        for key, spec in function.structured_input_signature[1].items()
    }


@pytest.mark.parametrize("name", NAMES)
def test_a_session_answers_as_the_loaded_model_does(exported, name):
    model, run = exported
    function = model.signatures[name]
    specs = function.structured_input_signature[1]
    for rows in (0, 1, ROWS):
        inputs = inputs_of(function, rows)
        expected = function(**{key: tf.constant(value, specs[key].dtype) for key, value in inputs.items()})
        found = run(name, inputs)
        assert found.keys() == expected.keys()
        for key, value in expected.items():
            assert len(found[key]) == rows
            np.testing.assert_array_equal(found[key], value.numpy())

    key, value, message = BAD[name]
    inputs[key] = inputs[key].copy()
    inputs[key][33] = value
    with pytest.raises(tf.errors.InvalidArgumentError) as caught:
        run(name, inputs)
    assert message in caught.value.message
    again = run(name, inputs_of(function, ROWS))
    for key in found:
        np.testing.assert_array_equal(again[key], found[key])
