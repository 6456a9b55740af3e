import hashlib
import json
import re
import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf

import tfdogs
from tfdogs.data import pixels
from tfdogs.models import latents
from tfdogs.sampling.grid import encode_png
from tfdogs.serving.row_checks import MAX_ROWS
from tfdogs.serving.signatures import NAMES, Signatures

SEEDS = np.array(
    [5, -7, 2**62, 0, -(2**63), 5, 2**63 - 1, *range(100, 165)]
)  # three chunks, the last not full
CUT_OFF = np.where(np.arange(len(SEEDS)) % 3 == 1, 0.7, 0).astype(np.float32)


def call(function, **inputs):
    """Calls a signature with inputs of the dtypes it asks for; returns NumPy outputs."""
    specs = function.structured_input_signature[1]
    arrays = {name: np.asarray(value, specs[name].dtype.as_numpy_dtype) for name, value in inputs.items()}
    return {name: output.numpy() for name, output in function(**arrays).items()}


def decoded(files):
    return np.stack([tf.io.decode_png(file).numpy() for file in files])


def example(function, rows):
    """Inputs that keep the rules: all zero, a picture, a field."""
    known = {"image_bytes": encode_png(np.zeros((5, 4, 3), np.uint8)), "field": b"model"}
    return {
        name: [known[name]] * rows if name in known else np.zeros([rows, *spec.shape[1:]])
        for name, spec in function.structured_input_signature[1].items()
    }


def test_images_are_those_of_the_gan_byte_for_byte(gan, plain_gan, signatures, plain_signatures):
    own = np.full(len(SEEDS), -1)
    for cut_off in (0, 0.7):
        bound = np.full(len(SEEDS), cut_off)
        images = call(signatures["images"], seed=SEEDS, truncation=bound, label=own)
        expected = gan.sampler.images(SEEDS, truncation=cut_off or None)
        np.testing.assert_array_equal(images["images"], expected)
        np.testing.assert_array_equal(images["label"], SEEDS % 3)
        plain = call(plain_signatures["images"], seed=SEEDS, truncation=bound)
        assert plain.keys() == {"images"}
        np.testing.assert_array_equal(
            plain["images"], plain_gan.sampler.images(SEEDS, truncation=cut_off or None)
        )
    assert expected.std(axis=0).mean() > 10  # or all of this would show nothing
    labels = np.arange(len(SEEDS)) % 3
    chosen = call(signatures["images"], seed=SEEDS, truncation=bound, label=labels)
    np.testing.assert_array_equal(
        chosen["images"], gan.sampler.images(SEEDS, labels=labels, truncation=cut_off)
    )
    np.testing.assert_array_equal(chosen["label"], labels)


def test_same_seed_same_bytes_in_any_batch_and_place(signatures):
    def draw(rows):
        rows = np.asarray(rows)
        inputs = {"seed": SEEDS[rows], "truncation": CUT_OFF[rows], "label": np.full(len(rows), -1)}
        return call(signatures["serving_default"], **inputs)["image_bytes"]

    whole = draw(np.arange(len(SEEDS)))
    order = np.random.default_rng(0).permutation(len(SEEDS))
    np.testing.assert_array_equal(draw(order), whole[order])
    for rows in ([0], [40], [1, 2], range(31), range(3, 36)):
        np.testing.assert_array_equal(draw(rows), whole[list(rows)])
    assert whole[0] == whole[5] and len(set(whole)) == len(SEEDS) - 1  # one seed comes twice


def test_another_process_draws_the_same_bytes_and_needs_no_tfdogs(export_dir, signatures):
    code = """
import hashlib, sys, tensorflow as tf
model = tf.saved_model.load(sys.argv[1])
inputs = {"seed": tf.range(7, dtype=tf.int64), "truncation": tf.zeros([7]), "label": tf.fill([7], -1)}
files = model.signatures["serving_default"](**inputs)["image_bytes"].numpy()
assert "tfdogs" not in sys.modules
print(hashlib.sha256(b"".join(files)).hexdigest())
"""
    done = subprocess.run([sys.executable, "-c", code, str(export_dir / "1")], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    inputs = {"seed": range(7), "truncation": np.zeros(7), "label": np.full(7, -1)}
    files = call(signatures["serving_default"], **inputs)["image_bytes"]
    assert done.stdout.split()[-1] == hashlib.sha256(b"".join(files)).hexdigest()


def test_png_files_hold_the_images(signatures):
    inputs = {"seed": SEEDS, "truncation": CUT_OFF, "label": np.full(len(SEEDS), -1)}
    files = call(signatures["serving_default"], **inputs)["image_bytes"]
    assert len(files) == len(SEEDS)
    np.testing.assert_array_equal(decoded(files), call(signatures["images"], **inputs)["images"])


def test_latents_that_are_given(gan, signatures):
    z, labels = gan.sampler.latents(SEEDS), np.full(len(SEEDS), 2)
    outputs = call(signatures["from_latents"], z=z, label=labels)
    expected = gan.sampler.images(SEEDS, labels=labels)
    np.testing.assert_array_equal(decoded(outputs["image_bytes"]), expected)
    np.testing.assert_array_equal(outputs["label"], labels)


def test_a_walk_from_seed_to_seed(gan, signatures):
    t = np.array([0, 0.25, 0.49, 0.5, 1], np.float32)
    rows = len(t)
    start, end, bound = np.full(rows, 3), np.full(rows, 11), np.full(rows, 0.9, np.float32)
    ends = {"label_from": [-1, -1, -1, -1, -1], "label_to": [-1, 0, 1, 1, -1]}
    outputs = call(
        signatures["interpolate"], seed_from=start, seed_to=end, fraction=t, truncation=bound, **ends
    )
    np.testing.assert_array_equal(outputs["label"], [0, 0, 0, 1, 2])
    images = decoded(outputs["image_bytes"])
    np.testing.assert_array_equal(images[[0]], gan.sampler.images([3], truncation=0.9))
    np.testing.assert_array_equal(images[[-1]], gan.sampler.images([11], truncation=0.9))
    stops = (gan.sampler.latents(seeds, 0.9) for seeds in (start, end))
    z = latents.between("normal", *stops, t).numpy()
    np.testing.assert_array_equal(images, gan.sampler.from_latents(z, outputs["label"]))


@pytest.mark.parametrize("name", NAMES)
def test_no_rows_give_no_rows_and_too_many_are_refused(signatures, name):
    function = signatures[name]
    for output, value in call(function, **example(function, 0)).items():
        spec = function.structured_outputs[output]
        assert value.shape == (0, *spec.shape[1:])
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"at most 1024 rows. Received: 1025\]"):
        call(function, **example(function, MAX_ROWS + 1))


def test_the_largest_request(signatures):
    function = signatures["images"]
    images = call(function, **example(function, MAX_ROWS))["images"]
    assert images.shape == (MAX_ROWS, 28, 28, 3) and (images == images[0]).all()


def test_inputs_of_different_lengths(signatures):
    rule = "all inputs must have the same number of rows. Received: label 2, seed 3, truncation 3"
    with pytest.raises(tf.errors.InvalidArgumentError, match=rule):
        call(signatures["images"], seed=[1, 2, 3], truncation=[0, 0, 0], label=[0, 0])


NO_LABEL = "must be in [0, 3). Received: {} in row 2"
NO_DRAW = "must be -1 (the seed decides) or in [0, 3). Received: {} in row 2"
NO_BOUND = "truncation must be 0 (none) or in (0, 1000]. Received: {} in row 2"
NO_SHARE = "fraction must be in [0, 1]. Received: {} in row 2"
BAD_ROWS = [
    ("serving_default", "truncation", -1, NO_BOUND.format(-1)),
    ("serving_default", "truncation", 1000.5, NO_BOUND.format(1000.5)),
    ("images", "truncation", np.nan, NO_BOUND.format("nan")),
    ("interpolate", "truncation", np.inf, NO_BOUND.format("inf")),
    ("serving_default", "label", 3, "label " + NO_DRAW.format(3)),
    ("images", "label", -2, "label " + NO_DRAW.format(-2)),
    ("interpolate", "label_from", 2**31 - 1, "label_from " + NO_DRAW.format(2**31 - 1)),
    ("interpolate", "label_to", -(2**31), "label_to " + NO_DRAW.format(-(2**31))),
    ("from_latents", "label", -1, "label " + NO_LABEL.format(-1)),
    ("discriminate", "label", 3, "label " + NO_LABEL.format(3)),
    ("interpolate", "fraction", 1.5, NO_SHARE.format(1.5)),
    ("interpolate", "fraction", np.nan, NO_SHARE.format("nan")),
    ("from_latents", "z", [0, 0, np.inf, 0, np.nan, 0], "z must be finite. Received: inf in row 2"),
    ("discriminate", "image_bytes", b"\x89PNG", "whole JPEG or PNG. Received: 4 bytes in row 2"),
    ("card", "field", b"breeds", "tfdogs. Received: breeds in row 2"),
]


@pytest.mark.parametrize(("name", "key", "value", "message"), BAD_ROWS)
def test_a_bad_row_is_named_and_the_model_lives_on(signatures, name, key, value, message):
    function = signatures[name]
    good = example(function, 40)
    bad = {**good, key: list(good[key])}
    for row in (2, 35):  # the first counts
        bad[key][row] = value
    with pytest.raises(tf.errors.InvalidArgumentError, match=re.escape(message)) as caught:
        call(function, **bad)
    assert len([line for line in str(caught.value).splitlines() if "Received" in line]) == 1
    assert all(len(value) == 40 for value in call(function, **good).values())


def test_the_verdict_is_the_discriminators_in_any_batch(gan, signatures):
    images = gan.sampler.images(SEEDS)
    files, labels = [encode_png(image) for image in images], SEEDS % 3
    verdicts = call(signatures["discriminate"], image_bytes=files, label=labels)
    logits = gan.discriminator((pixels.to_float(images), labels), training=False)
    np.testing.assert_allclose(verdicts["probability"], tf.sigmoid(logits)[:, 0], rtol=0, atol=1e-6)
    for rows in ([0], [40], range(1, 35)):
        some = call(
            signatures["discriminate"], image_bytes=[files[i] for i in rows], label=labels[list(rows)]
        )
        np.testing.assert_array_equal(some["probability"], verdicts["probability"][list(rows)])


def test_card(export_dir, signatures, plain_signatures):
    fields = list(json.loads((export_dir / "1/assets.extra/card.json").read_text()))
    values = [json.loads(value) for value in call(signatures["card"], field=fields)["value"]]
    assert dict(zip(fields, values)) == {
        "model": "dcgan",
        "kimg": 0.0,
        "image_shape": [28, 28, 3],
        "latent": "normal",
        "latent_dim": 6,
        "classes": ["beagle", "pug", "toy poodle"],
        "max_rows": 1024,
        "discriminator": "probability",
        "scores": {},
        "data": "nothing",
        "tfdogs": tfdogs.__version__,
    }
    assert call(plain_signatures["card"], field=["classes"])["value"] == [b"[]"]


def test_grey_images_uniform_latents_and_a_loss_without_a_probability(make_gan):
    gan = make_gan(model="mlp", image_size=8, channels=1, loss="hinge", latent="uniform")
    functions = Signatures(gan, {}).functions
    for bound in (0, 0.5):
        images = call(functions["images"], seed=SEEDS, truncation=np.full(len(SEEDS), bound))["images"]
        np.testing.assert_array_equal(images, gan.sampler.images(SEEDS, truncation=bound or None))
    files = [encode_png(image) for image in images]
    verdicts = call(functions["discriminate"], image_bytes=files)
    scores = gan.discriminator(pixels.to_float(images))[:, 0]
    np.testing.assert_allclose(verdicts.pop("score"), scores, rtol=1e-5, atol=1e-6)
    assert not verdicts and np.std(scores) > 0
    ends = {"seed_from": [3], "seed_to": [11], "fraction": [0.25], "truncation": [0]}
    walk = decoded(call(functions["interpolate"], **ends)["image_bytes"])
    start, end = gan.sampler.latents([3, 11])
    np.testing.assert_array_equal(walk, gan.sampler.from_latents([0.75 * start + 0.25 * end]))
