import shutil

import pytest

from pipeline.models import model_fingerprints
from tfdogs.serving import saved_model
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
