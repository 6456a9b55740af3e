import pytest

pytest.importorskip("tensorflow_data_validation", reason="TFDV comes with the extra `pipeline`")

from pipeline.components.schema_gen import SchemaGen
from pipeline.core import fingerprints
from pipeline.core.artifact import Artifact
from pipeline.core.contract import Channel
from pipeline.types import STATISTICS
from pipeline.validation import schema as schemas
from tfdogs.errors import TfdogsError, UsageError

ASKED = {"min_images": 50, "min_photographs": 0.9, "max_class_shift": 0.1, "max_pixel_shift": 0.2}


@pytest.fixture
def infer(in_memory):
    def infer(train, held_out, *, photographs=True, **asked):
        splits = in_memory(train), in_memory(held_out)
        schema = schemas.infer(*splits, photographs=photographs, **{**ASKED, **asked})
        return schema, {feature.name: feature for feature in schema.feature}

    return infer


def without(facts, name):
    return [{key: value for key, value in some.items() if key != name} for some in facts]


def test_the_thresholds_are_in_the_schema(infer, facts):
    schema, found = infer(facts(90), facts(30))
    assert schema.dataset_constraints.min_examples_count == 50
    assert list(found["kind"].string_domain.value) == ["picture"]
    assert found["kind"].distribution_constraints.min_domain_mass == 0.9
    for comparator in ("drift_comparator", "skew_comparator"):
        assert getattr(found["class"], comparator).infinity_norm.threshold == 0.1
        assert getattr(found["brightness"], comparator).jensen_shannon_divergence.threshold == 0.2


def test_thresholds_of_0_are_off(infer, facts):
    schema, found = infer(facts(9), facts(3), **dict.fromkeys(ASKED, 0))
    assert not schema.HasField("dataset_constraints")
    assert found["kind"].distribution_constraints.min_domain_mass == 0
    assert not any(f.HasField("drift_comparator") or f.HasField("skew_comparator") for f in schema.feature)


def test_classes_are_those_of_both_splits(infer, facts):
    _, found = infer(facts(90, classes=("b", "a")), facts(30, classes=("a", "only in eval")))
    assert list(found["class"].string_domain.value) == ["a", "b", "only in eval"]
    assert found["class"].unique_constraints.min == 2


def test_labels_are_expected_where_they_are(infer, facts):
    assert infer(facts(90), facts(30))[1]["class"].presence.min_fraction == 1
    some = facts(60) + without(facts(40), "class")
    assert infer(some, facts(30))[1]["class"].presence.min_fraction == pytest.approx(0.5)
    assert "class" not in infer(without(facts(90), "class"), without(facts(30), "class"))[1]


def test_drawings_may_be_of_one_colour(infer, facts):
    _, found = infer(facts(90), facts(30), photographs=False)
    assert list(found["kind"].string_domain.value) == ["picture", "uniform"]


def test_a_schema_that_was_edited_is_imported(kennel, describe, expect, tmp_path):
    statistics = describe(kennel(count=30), quick=True)
    inferred = expect(statistics, min_images=10)
    schema = schemas.load(inferred.path / schemas.FILE_NAME)
    assert schema.dataset_constraints.min_examples_count == 10
    mine = tmp_path / "mine.pbtxt"
    mine.write_text((inferred.path / schemas.FILE_NAME).read_text())
    assert expect(statistics, schema_file=str(mine)).fingerprint == inferred.fingerprint
    before = SchemaGen.outside({"schema_file": str(mine)})
    schema.dataset_constraints.min_examples_count = 77
    schemas.save(schema, mine)
    assert SchemaGen.outside({"schema_file": str(mine)}) != before
    assert schemas.load(expect(statistics, schema_file=str(mine)).path / schemas.FILE_NAME) == schema


def test_other_thresholds_are_put_into_the_schema_that_is_there(kennel, describe, expect, drawings):
    lost = drawings[1][0]
    whole = describe(kennel(count=30), quick=True)
    part = describe(kennel(lambda n, breed, data: None if breed == lost else (breed, data)), quick=True)
    asked = {"min_images": 40, "min_photographs": 0.5, "max_class_shift": 0.0, "max_pixel_shift": 0.3}
    first = expect(whole, min_images=10)
    assert expect(part, first, min_images=10).fingerprint == first.fingerprint
    assert expect(part, first, **asked).fingerprint == expect(whole, **asked).fingerprint
    mine = str(first.path / schemas.FILE_NAME)
    imported = expect(part, expect(part), schema_file=mine, **asked)
    assert imported.fingerprint == first.fingerprint


@pytest.mark.parametrize(
    "content", [b"feature { nam: 1 }", b"\xff\xfe\x00", None], ids=["text", "bytes", "none"]
)
def test_what_is_no_schema_is_refused_by_name(tmp_path, content):
    path = tmp_path / "schema.pbtxt"
    if content:
        path.write_bytes(content)
    with pytest.raises(UsageError, match=r"must be a TFDV schema.*Received: .*schema\.pbtxt"):
        schemas.load(path)


@pytest.mark.parametrize("wrong", [{"min_images": -1}, {"min_photographs": 1.5}, {"max_pixel_shift": -0.1}])
def test_illegal_thresholds(expect, wrong):
    with pytest.raises(UsageError, match=f"{next(iter(wrong))} must be"):
        expect(None, **wrong)


def test_nothing_is_inferred_from_nothing(kennel, describe, expect):
    with pytest.raises(TfdogsError, match="train has no pictures"):
        expect(describe(kennel(count=4), quick=True, eval_fraction=1.0))


def test_the_first_schema_of_a_pipeline_stays(tmp_path):
    def of(fingerprint, pipeline):
        node = SchemaGen(pipeline=pipeline, statistics=Channel(STATISTICS))
        statistics = Artifact(STATISTICS.name, tmp_path, fingerprint)
        return fingerprints.of_execution(node, {"statistics": statistics})

    assert of("old", "dogs") == of("new", "dogs") != of("new", "digits")
