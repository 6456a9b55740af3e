import json
import shutil

import pytest

from pipeline.models import model_fingerprints
from pipeline.release.pushed_versions import notes, push
from tfdogs.serving import saved_model, signatures
from tfdogs.training.run import train


@pytest.fixture(scope="module")
def exports(make_gan, tmp_path_factory):
    """Two exports of one GAN, and one of the same with a weight changed."""
    place = tmp_path_factory.mktemp("exports")
    gan = make_gan()
    for name in ("one", "two"):
        saved_model.export(gan, place / name)
    weight = gan.generator.weights[0]
    weight.assign(weight + 1e-3)
    saved_model.export(gan, place / "other")
    return place


def test_an_export_is_known_by_what_it_computes_with(exports):
    one, two, other = (model_fingerprints.of_export(exports / name) for name in ("one", "two", "other"))
    assert one == two != other


@pytest.fixture(params=[0, 3], ids=["plain", "conditional"])
def repainted(request, make_gan, tmp_path, monkeypatch):
    """Two exports of one GAN with a colour fault in one of the graphs."""
    gan = make_gan(request.param)
    saved_model.export(gan, tmp_path / "right")
    to_uint8 = signatures.pixels.to_uint8
    monkeypatch.setattr(signatures.pixels, "to_uint8", lambda images: to_uint8(images)[..., ::-1])
    saved_model.export(gan, tmp_path / "wrong")
    return tmp_path


def test_an_export_is_known_by_what_its_graph_draws(repainted):
    right, wrong = (model_fingerprints.of_export(repainted / name) for name in ("right", "wrong"))
    assert right != wrong


def test_a_changed_graph_is_pushed_over_equal_weights(repainted):
    for name in ("wrong", "right", "right"):
        origin = {"fingerprint": model_fingerprints.of_export(repainted / name)}
        push(model_fingerprints.newest_version(repainted / name), repainted / "served", origin=origin)
    found = notes(repainted / "served")
    assert set(found) == {1, 2} and found[2] == origin


@pytest.mark.parametrize("name", ["from_latents", "interpolate", "discriminate"])
def test_every_signature_counts(plain_gan, plain_export_dir, tmp_path, monkeypatch, name):
    method = getattr(signatures._Graphs, name)

    def other(self, **inputs):
        return {key: value[::-1] for key, value in method(self, **inputs).items()}

    monkeypatch.setattr(signatures._Graphs, name, other)
    card = json.loads((plain_export_dir / "1/assets.extra/card.json").read_text())
    saved_model.export(plain_gan, tmp_path / "other", card=card)
    assert model_fingerprints.of_export(tmp_path / "other") != model_fingerprints.of_export(plain_export_dir)


def test_it_is_asked_without_falling_back_on_files(exports, export_dir, monkeypatch):
    """Which no two exports have in common."""
    monkeypatch.setattr(model_fingerprints.fingerprints, "of_folder", lambda folder: "files")
    for path in (exports / "one", export_dir):
        assert model_fingerprints.of_export(path) == model_fingerprints.of_export(path) != "files"


def test_it_is_the_same_in_another_process(exports, run_script, tmp_path):
    script = tmp_path / "script.py"
    script.write_text(
        "import sys; from pathlib import Path; from pipeline.models import model_fingerprints\n"
        "place = Path(sys.argv[1])\n"
        "(place / 'told').write_text(model_fingerprints.of_export(place / 'one'))\n"
    )
    run_script(str(script), exports)
    assert (exports / "told").read_text() == model_fingerprints.of_export(exports / "one")


def test_a_damaged_one_is_known_by_its_files(exports, tmp_path):
    shutil.copytree(exports / "one", tmp_path / "damaged")
    (tmp_path / "damaged/1/saved_model.pb").write_bytes(b"nothing")
    first = model_fingerprints.of_export(tmp_path / "damaged")
    assert first == model_fingerprints.of_export(tmp_path / "damaged")
    (tmp_path / "damaged/1/saved_model.pb").write_bytes(b"nothing else")
    assert first != model_fingerprints.of_export(tmp_path / "damaged")


def test_the_newest_version_is_it(exports, tmp_path):
    assert model_fingerprints.newest_version(exports / "one").name == "1"
    assert model_fingerprints.newest_version(tmp_path) == tmp_path


def test_a_run_is_known_by_its_weights_wherever_it_lies(make_config, tmp_path):
    told = []
    for changes in (
        {},
        {"model_dir": str(tmp_path / "again")},
        {"seed": 1, "model_dir": str(tmp_path / "s")},
    ):
        config = make_config(total_kimg=0.008, **changes)
        train(config)
        told.append(model_fingerprints.of_run(config.model_dir))
    assert told[0] == told[1] != told[2]
