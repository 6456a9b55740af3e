import shutil

import pytest
import tensorflow as tf

pytest.importorskip("tensorflow_data_validation", reason="TFDV comes with the extra `pipeline`")

from pipeline.components.infra_validator import InfraValidator
from pipeline.core.artifact import Artifact
from pipeline.core.contract import REFUSAL
from pipeline.models.probe import BrokenModelError, probe
from pipeline.release import documents
from tfdogs.serving.client import connect
from tfdogs.serving.signatures import Signatures


def validate(export_dir, tmp_path):
    folder = tmp_path / "blessing"
    folder.mkdir()
    model = Artifact("Model", export_dir, "f" * 32)
    told = InfraValidator.execute(model=model, infra_blessing=folder, seconds=120.0)
    return told["infra_blessing"], documents.read(folder, documents.BLESSING)


def test_a_model_that_answers_is_blessed(export_dir, tmp_path):
    told, document = validate(export_dir, tmp_path)
    assert told == {"blessed": True} and document["blessed"] and document["model"] == "f" * 32
    assert any("serving_default" in line for line in document["reasons"])


def test_a_broken_signature_is_not(gan, tmp_path):
    """Over the server, as TensorFlow Serving's clients would see it."""
    told, document = validate(broken(gan, tmp_path, "output"), tmp_path)
    assert (
        not told["blessed"]
        and "serving_default has no output image_bytes; it has: label, picture" in told[REFUSAL]
    )
    assert document["reasons"] == [told[REFUSAL]]


def test_what_cannot_be_loaded_is_not(export_dir, tmp_path):
    shutil.copytree(export_dir, tmp_path / "damaged")
    (tmp_path / "damaged/1/saved_model.pb").write_bytes(b"nothing")
    told, _ = validate(tmp_path / "damaged", tmp_path)
    assert not told["blessed"] and "holds no SavedModel that can be loaded" in told[REFUSAL]


def broken(gan, tmp_path, how):
    """Returns an export whose signatures are not what they should be."""
    card = {"model": "dcgan", "kimg": 0, "image_shape": [28, 28, 3], "latent_dim": 6, "classes": list("abc")}
    card |= dict.fromkeys(("latent", "max_rows", "discriminator", "scores", "data", "tfdogs"), "")
    module = Signatures(gan, card | ({"image_shape": [14, 14, 3]} if how == "shape" else {}))
    functions = dict(module.functions)
    seeds = {
        "seed": tf.TensorSpec([None], tf.int64, "seed"),
        "truncation": tf.TensorSpec([None], tf.float32, "truncation"),
        "label": tf.TensorSpec([None], tf.int32, "label"),
    }

    def signature(function, specs=seeds):
        return tf.function(function).get_concrete_function(**specs)

    whole = functions["serving_default"]
    if how == "output":
        functions["serving_default"] = signature(
            lambda **inputs: {"picture": whole(**inputs)["image_bytes"], "label": whole(**inputs)["label"]}
        )
    elif how == "input":
        renamed = {
            ("seeds" if name == "seed" else name): tf.TensorSpec(
                s.shape, s.dtype, name + "s" * (name == "seed")
            )
            for name, s in seeds.items()
        }
        functions["serving_default"] = signature(
            lambda **i: whole(seed=i["seeds"], truncation=i["truncation"], label=i["label"]), renamed
        )
    elif how == "missing":
        del functions["interpolate"]
    elif how == "other pictures":
        functions["serving_default"] = signature(
            lambda **i: whole(seed=i["seed"] + 1, truncation=i["truncation"], label=i["label"])
        )
    elif how == "no pictures":
        functions["serving_default"] = signature(
            lambda **i: {"image_bytes": tf.strings.as_string(i["seed"]), "label": i["label"]}
        )
    elif how == "anything goes":
        functions["serving_default"] = signature(
            lambda **i: whole(seed=i["seed"], truncation=tf.zeros_like(i["truncation"]), label=i["label"])
        )
    tf.saved_model.save(module, str(tmp_path / "broken/1"), signatures=functions)
    return tmp_path / "broken"


@pytest.mark.parametrize(
    ("how", "says"),
    [
        ("input", "serving_default has no input seed; it has: label, seeds, truncation"),
        ("missing", "signature must be one of .* Received: interpolate"),
        ("shape", "images are uint8 .4, 28, 28, 3., not uint8 .4, 14, 14, 3."),
        ("other pictures", "draw different pictures of seed 0"),
        ("no pictures", "an answer cannot be understood: UnidentifiedImageError"),
        ("anything goes", "takes a truncation of -1"),
    ],
)
def test_every_fault_has_its_words(gan, tmp_path, how, says):
    with connect(broken(gan, tmp_path, how)) as client, pytest.raises(BrokenModelError, match=says):
        probe(client)


def test_both_kinds_of_models_pass(export_dir, plain_export_dir):
    for path in (export_dir, plain_export_dir):
        with connect(path) as client:
            assert len(probe(client)) == 5
