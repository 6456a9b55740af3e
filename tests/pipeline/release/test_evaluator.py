import numpy as np
import pytest

pytest.importorskip("tensorflow_data_validation", reason="TFDV comes with the extra `pipeline`")

from pipeline.components.evaluator import Evaluator
from pipeline.core.artifact import Artifact
from pipeline.core.contract import Parameter
from pipeline.models.exported_images import ExportedImages
from pipeline.release import bench, documents
from tfdogs.metrics import command
from tfdogs.metrics.image_sets import Arrays, DataDir
from tfdogs.sampling.labels import DataLabels
from tfdogs.serving import saved_model
from tfdogs.serving.client.local_client import LocalClient

DEFAULTS = {name: spec.default for name, spec in Evaluator.declared(Parameter).items()}


@pytest.fixture
def evaluate(plain_export_dir, paper_data, make_extractor, tmp_path, monkeypatch):
    """Returns a function that scores the tiny export against the paper dogs: (told, evaluation, blessing)."""
    colours = make_extractor()
    monkeypatch.setattr(bench.extractors, "get", lambda name: colours)
    model = Artifact("Model", plain_export_dir, "m" * 32, id=3)

    def run(baseline=None, **changes):
        folders = {name: tmp_path / name for name in ("evaluation", "blessing")}
        for folder in folders.values():
            folder.mkdir(exist_ok=True)
        values = {
            **DEFAULTS,
            "num_images": 50,
            "allow_alarms": True,
            "cache_dir": str(tmp_path / "c"),
            **changes,
        }
        data = Artifact("TransformedExamples", paper_data, "d" * 32)
        told = Evaluator.execute(
            model=model, baseline=baseline, transformed_examples=data, **folders, **values
        )
        return (
            told,
            documents.read(tmp_path / "evaluation", documents.EVALUATION),
            documents.read(tmp_path / "blessing", documents.BLESSING),
        )

    return run


def test_without_limits_all_is_blessed(evaluate, tmp_path):
    told, evaluation, blessing = evaluate()
    assert blessing == {
        "blessed": True,
        "model": "m" * 32,
        "reasons": ["no limit is set, and no model was blessed before"],
    }
    assert told["blessing"]["blessed"] is True and evaluation["baseline"] is None
    assert told["evaluation"]["fid"] == evaluation["candidate"]["scores"]["fid"]["value"] > 0
    assert set(told["evaluation"]) == {"fid", "memorization_distance", "dog_score"}
    assert (tmp_path / "evaluation/report.html").is_file() and (tmp_path / "evaluation/samples.png").is_file()


def test_a_broken_limit_is_a_reason(evaluate):
    _, evaluation, blessing = evaluate(max_fid=1e-6, min_d=1e-9)
    assert not blessing["blessed"] and len(blessing["reasons"]) == 1
    assert blessing["reasons"][0].startswith("FID ") and "is not at most 1e-06" in blessing["reasons"][0]
    assert [check["passed"] for check in evaluation["checks"]] == [False, True]


def test_the_scores_are_tfdogs_evaluates(evaluate, plain_export_dir, paper_data, make_extractor, tmp_path):
    from tfdogs.metrics.config import EvaluateConfig

    told, *_ = evaluate(seed=5)
    with LocalClient(plain_export_dir) as client:
        np.save(tmp_path / "fakes.npy", client.images(range(5, 55)))
    config = EvaluateConfig(
        fakes=str(tmp_path / "fakes.npy"), data_dir=str(paper_data), cache_dir=str(tmp_path / "other")
    )
    expected = command.run(config, extractor=make_extractor())
    values = {score.name: score.value for score in expected.scores}
    for name, value in told["evaluation"].items():
        assert value == pytest.approx(values[name], rel=1e-6)


def test_it_is_held_against_the_last_blessed_one(evaluate, plain_export_dir):
    same = Artifact("Model", plain_export_dir, "b" * 32, id=2)
    _, evaluation, blessing = evaluate(baseline=same, worse_by=0.0)
    assert blessing["blessed"] and len(blessing["reasons"]) == 3
    assert evaluation["baseline"]["fingerprint"] == "b" * 32
    assert (
        evaluation["baseline"]["scores"]["fid"]["value"] == evaluation["candidate"]["scores"]["fid"]["value"]
    )


def test_a_conditional_model_draws_classes_as_the_data_has_them(
    gan, paper_data, make_extractor, tmp_path, monkeypatch, capsys
):
    monkeypatch.setattr(bench.extractors, "get", lambda name: make_extractor())
    data = DataDir(paper_data)
    names, counts = data.manifest.classes, data.label_counts()
    # Other classes than the data's, in another order: known by their names.
    classes = (names[2], "no dog of the data", names[0])
    rule = DataLabels((counts[2], 0, counts[0]))
    settings = {"extractor": "", "num_images": 50, "seed": 5, "cache_dir": str(tmp_path / "cache")}
    scoring = bench.Bench(paper_data, **settings)
    for number, known in enumerate((classes, ("a", "b", "c"))):
        path = tmp_path / f"export{number}"
        saved_model.export(gan, path, classes=known)
        with LocalClient(path) as client:
            images = scoring.images(client, Artifact("Model", path, "m" * 32, id=number))
            expected = client.images(range(5, 55), labels=rule(range(5, 55)) if not number else None)
            assert np.array_equal(np.concatenate(list(images.batches(20))), expected)
            assert scoring.score(images).labels == ("uniform" if number else "data")
            assert images.name.endswith(", classes in turn" if number else ", classes as in the data")
    assert capsys.readouterr().out.count("Model 1 knows none of the classes of the data") == 1


def test_alarms_count_unless_they_are_allowed(evaluate, monkeypatch):
    monkeypatch.setattr(bench.alarms, "find", lambda *args, **kwargs: ("the fakes have collapsed",))
    assert evaluate()[2]["blessed"]
    blessing = evaluate(allow_alarms=False)[2]
    assert not blessing["blessed"] and blessing["reasons"] == ["the fakes have collapsed"]


def test_a_fingerprint_is_the_checks(evaluate, tmp_path):
    evaluate(max_fid=1e-6)
    first = documents.evaluation_fingerprint(tmp_path / "evaluation")
    evaluate(max_fid=1e-6)
    assert documents.evaluation_fingerprint(tmp_path / "evaluation") == first
    evaluate(max_fid=2e-6)
    assert documents.evaluation_fingerprint(tmp_path / "evaluation") != first


def test_exported_images_are_the_servers(plain_export_dir):
    with LocalClient(plain_export_dir) as client:
        images = ExportedImages(client, 10, seed=3, fingerprint="f", name="Model 1")
        whole = np.concatenate(list(images.batches(4)))
        assert np.array_equal(whole, client.images(range(3, 13)))
        assert np.array_equal(np.concatenate(list(images.batches(4, indices=[0, 7]))), whole[[0, 7]])
        assert images.name == "Model 1, seeds 3 to 12" and images.image(2).shape == whole[2].shape
        other = ExportedImages(client, 10, seed=4, fingerprint="f", name="Model 1")
        assert images.content_key() != other.content_key()
        assert len(images.content_key()) == len(Arrays(whole).content_key())
