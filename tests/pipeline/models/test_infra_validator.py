import contextlib
import shutil
import sys
from types import SimpleNamespace

import pytest
import tensorflow as tf

pytest.importorskip("tensorflow_data_validation", reason="TFDV comes with the extra `pipeline`")

from pipeline.components import infra_validator
from pipeline.components.infra_validator import InfraValidator
from pipeline.core.artifact import Artifact
from pipeline.core.contract import REFUSAL
from pipeline.models import served as serving
from pipeline.models.probe import BrokenModelError, probe
from pipeline.models.served import served
from pipeline.release import documents
from tfdogs.errors import TfdogsError
from tfdogs.serving.client import connect
from tfdogs.serving.errors import ServingError
from tfdogs.serving.signatures import Signatures


def validate(export_dir, tmp_path, seconds=120.0):
    folder = tmp_path / "blessing"
    folder.mkdir()
    model = Artifact("Model", export_dir, "f" * 32)
    told = InfraValidator.execute(model=model, infra_blessing=folder, seconds=seconds)
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


def fail(export_dir, tmp_path, **options):
    """Returns why an execution fails, which says nothing of the model."""
    with pytest.raises(TfdogsError) as caught:
        validate(export_dir, tmp_path, **options)
    assert not isinstance(caught.value, BrokenModelError) and not list((tmp_path / "blessing").iterdir())
    return str(caught.value)


def test_a_slow_server_is_no_verdict(export_dir, tmp_path):
    said = fail(export_dir, tmp_path, seconds=0.05)
    assert said.startswith("the server was too slow, which says nothing of the model: it was not ready")
    assert said.endswith("Run the same command to resume, when the machine is less busy")


def test_requests_have_a_multiple_of_the_time_that_the_server_took(tmp_path, monkeypatch):
    given = []

    def connect(address, deadline):
        given.append((address, deadline))
        raise TfdogsError("far enough")

    for took in (3.0, 500.0):
        server = contextlib.nullcontext(serving.Served("grpc://here", took))
        monkeypatch.setattr(infra_validator, "served", lambda *_, server=server, **options: server)
        monkeypatch.setattr(infra_validator, "connect", connect)
        with pytest.raises(TfdogsError, match="far enough"):
            InfraValidator.execute(
                model=Artifact("Model", tmp_path, "f" * 32), infra_blessing=tmp_path, seconds=120.0
            )
    assert given == [("grpc://here", 120.0), ("grpc://here", 2000.0)]


@pytest.mark.parametrize(
    ("python", "says"),
    [("/nowhere/python", "cannot begin a server: No such file"), ("false", "ended with status 1: it said")],
)
def test_no_server_is_no_verdict(export_dir, tmp_path, monkeypatch, python, says):
    monkeypatch.setattr(serving.sys, "executable", shutil.which(python) or python)
    assert says in fail(export_dir, tmp_path)


def test_a_server_that_dies_is_no_verdict(export_dir, tmp_path, monkeypatch):
    """As one does that takes more memory than there is: here by its own hand, once it answers."""
    script = tmp_path / "dies.py"
    script.write_text("print('serving on grpc://127.0.0.1:1', flush=True); import os; os.abort()\n")
    (tmp_path / "python").write_text(f"#!/bin/sh\nexec {sys.executable} {script}\n")
    (tmp_path / "python").chmod(0o755)
    monkeypatch.setattr(serving.sys, "executable", str(tmp_path / "python"))
    assert fail(export_dir, tmp_path).startswith("the server failed, not the model: UNAVAILABLE")


def test_the_words_by_which_a_server_refuses_a_model(tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(BrokenModelError, match=r"nothing to serve in .*empty"), served(tmp_path / "empty"):
        pass


class Failing:
    """A client of a server that fails in one way."""

    def __init__(self, error):
        self._error = error

    def card(self):
        raise self._error


def told_by_grpc(name):
    """An INTERNAL as the client makes it of a code of gRPC's own."""
    error = ServingError("INTERNAL", "Stream removed")
    error.__cause__ = RuntimeError()
    error.__cause__.code = lambda: SimpleNamespace(name=name)
    return error


@pytest.mark.parametrize(
    ("error", "broken"),
    [
        (ServingError("UNAVAILABLE", "no"), False),
        (ServingError("DEADLINE_EXCEEDED", "no"), False),
        (ServingError("RESOURCE_EXHAUSTED", "no"), False),
        (told_by_grpc("UNKNOWN"), False),
        (told_by_grpc("CANCELLED"), False),
        (told_by_grpc("INTERNAL"), True),
        (ServingError("INTERNAL", "no"), True),
        (ServingError("INVALID_ARGUMENT", "no"), True),
        (ServingError("FAILED_PRECONDITION", "no"), True),
    ],
)
def test_a_server_that_fails_is_not_a_model_that_does(error, broken):
    with pytest.raises(TfdogsError) as caught:
        probe(Failing(error))
    assert isinstance(caught.value, BrokenModelError) is broken
    assert error.message in str(caught.value)
    slow = "too slow, which says nothing of the model" in str(caught.value)
    assert slow == (error.code == "DEADLINE_EXCEEDED")
