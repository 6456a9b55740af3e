import io
import json

import pytest
from PIL import Image

pytest.importorskip("tensorflow_data_validation", reason="TFDV comes with the extra `pipeline`")

from google.protobuf import text_format
from tensorflow_metadata.proto.v0 import anomalies_pb2

from pipeline.components.example_validator import ExampleValidator
from pipeline.validation import schema as schemas
from pipeline.validation.report import refusal, report
from pipeline.validation.validate import validate

ASKED = {"min_images": 50, "min_photographs": 0.9, "max_class_shift": 0.1, "max_pixel_shift": 0.1}


def png(image):
    file = io.BytesIO()
    image.save(file, "PNG")
    return file.getvalue()


def grey_tiles(number, breed, data):
    return breed, data if number // 3 % 3 else png(Image.new("RGB", (32, 32), (99 + number,) * 3))


def half_labelled(number, breed, data):
    return (breed if number % 2 else ""), data


def darker(number, breed, data):
    return breed, png(Image.open(io.BytesIO(data)).point(lambda level: level // 3))


@pytest.fixture(scope="module")
def clean(kennel, describe):
    return describe(kennel())


@pytest.fixture(scope="module")
def schema(clean, expect):
    return expect(clean)


@pytest.fixture
def check(describe, schema, tmp_path):
    """Returns a function from images to the refusal and the rows of anomalies.json by (split, feature)."""

    def check(images, previous=None, **parameters):
        found = describe(images, quick=True, **parameters)
        told = ExampleValidator.execute(
            statistics=found, schema=schema, previous=previous, anomalies=tmp_path
        )["anomalies"]
        rows = json.loads((tmp_path / "anomalies.json").read_text())
        assert told["anomalies"] == len(rows) and ("refusal" in told) == bool(rows)
        return told.get("refusal", ""), {(row["split"], row["feature"]): row for row in rows}

    return check


def test_a_clean_data_set_passes(check, kennel, tmp_path):
    assert check(kennel()) == ("", {})
    for split in ("train", "eval"):
        verdict = text_format.Parse((tmp_path / f"{split}.pbtxt").read_text(), anomalies_pb2.Anomalies())
        assert not verdict.anomaly_info


def test_a_slightly_changed_data_set_passes(check, kennel, clean):
    assert check(kennel(start=12), clean) == ("", {})
    assert check(kennel(count=147), clean, eval_fraction=0.0) == ("", {})


def test_a_third_grey_tiles(check, kennel, clean):
    refused, rows = check(kennel(grey_tiles), clean)
    row = rows["train", "kind"]
    assert row["short"] == "uniform pictures" and row["severity"] == "error"
    assert "of hardly any contrast, as grey tiles are; at most 10 % is expected" in row["long"]
    assert refused.split(": ", 1)[1].startswith(
        f"train: {row['long']}"
    )  # the cause comes before what follows


def test_a_third_of_one_and_the_same_tile(check, kennel):
    """Equal pictures go to one and the same split, which then is the one that is spoiled."""
    tile = png(Image.new("RGB", (32, 32), (128, 128, 128)))
    refused, rows = check(kennel(lambda n, breed, data: (breed, data if n // 3 % 3 else tile)))
    assert {feature for _, feature in rows} >= {"kind"}
    assert " of 6" in refused and "of hardly any contrast, as grey tiles are" in refused


def test_labels_dropped(check, kennel, clean):
    refused, rows = check(kennel(lambda n, breed, data: ("", data)), clean)
    assert "pictures (100 %) have no class; at least 100 % should have one" in refused
    assert {feature for _, feature in rows} == {"class"}


def test_half_of_the_labels_dropped(check, kennel, clean):
    refused, rows = check(kennel(half_labelled), clean)
    assert rows["train", "class"]["short"] == "pictures without class"
    assert "have no class; at least 100 % should have one" in refused


def test_a_breed_missing(check, kennel, drawings):
    lost = drawings[1][0]
    refused, rows = check(kennel(lambda n, breed, data: None if breed == lost else (breed, data)))
    assert rows["train", "class"]["short"] == "missing class"
    assert f"no pictures of {lost}; 2 classes, at least 3 are expected" in refused
    assert refused.startswith("1 anomaly: train: ")  # the small split may lack it


def test_a_breed_that_no_one_knows(check, kennel):
    refused, _ = check(kennel(lambda n, breed, data: ("wolf" if n < 30 else breed, data)))
    assert "class not in the schema: wolf (" in refused


def test_too_few_pictures(check, kennel):
    refused, rows = check(kennel(count=30))
    assert rows["train", ""]["short"] == "too few pictures"
    assert "pictures; at least 50 are expected" in refused


def test_no_pictures_to_train_on(check, kennel):
    assert "train has no pictures" in check(kennel(count=9), eval_fraction=1.0)[0]


def test_darker_pictures_than_before(check, kennel, clean):
    refused, rows = check(kennel(darker), clean)
    assert rows["train", "brightness"]["short"] == "brightness differs from the previous data set"
    assert "mean brightness is " in refused and "in the previous data set; Jensen-Shannon" in refused


@pytest.fixture
def judge(in_memory):
    """Returns a function from facts to rows: those of train, of eval, of train and eval before."""

    def judge(train, held_out, before=(), **asked):
        now = {"train": in_memory(train), "eval": in_memory(held_out)}
        previous = dict(zip(("train", "eval"), map(in_memory, before)))
        schema = schemas.infer(*(previous or now).values(), photographs=True, **{**ASKED, **asked})
        return report(validate(schema, now, previous), schema, now, before=previous)

    return judge


@pytest.mark.parametrize(("train", "held_out"), [(60, 3), (100, 20), (300, 16), (400, 40), (800, 200)])
def test_chance_alone_stops_nothing(judge, facts, train, held_out):
    for _ in range(4):
        before = facts(train), facts(held_out)
        assert judge(facts(train + 7), facts(held_out), before) == []


def test_classes_that_have_shifted(judge, facts):
    before = facts(600, classes="ab"), facts(30, classes="ab")
    (row,) = judge(facts(600, classes="aaaab"), facts(30, classes="aaab"), before)
    assert (row["split"], row["feature"], row["short"]) == (
        "train",
        "class",
        "class differs from the previous data set",
    )
    assert row["long"].startswith("class a is ") and "% of the previous data set; up to " in row["long"]


def test_a_schema_with_a_shared_domain_is_understood(in_memory, facts):
    now = {"train": in_memory(facts(90, classes=("1", "2"))), "eval": in_memory(facts(9, classes=("1", "2")))}
    schema = schemas.infer(*now.values(), photographs=True, **ASKED)
    schema.string_domain.add(name="digits", value=["1", "3"])
    (feature,) = (feature for feature in schema.feature if feature.name == "class")
    feature.ClearField("string_domain")
    feature.domain = "digits"
    row, _ = report(validate(schema, now, {}), schema, now, before={})
    assert row["long"].startswith("class not in the schema: 2 (")


def test_train_and_eval_that_differ(judge, facts):
    (row,) = judge(facts(300), facts(40, brightness=190))
    assert (row["split"], row["short"]) == ("train", "brightness differs from eval")
    assert " in eval; Jensen-Shannon divergence 0." in row["long"]
    assert judge(facts(300), facts(15, brightness=190)) == []  # too few to tell
    assert judge(facts(300), facts(40, brightness=190), max_pixel_shift=0.0) == []


def test_unlabelled_pictures_need_no_class(judge, facts):
    bare = [{k: v for k, v in some.items() if k != "class"} for some in facts(120)]
    assert judge(bare[:90], bare[90:], (bare[30:], bare[:30])) == []
    (row, _) = judge(facts(90), facts(30), (bare[:90], bare[90:]))
    assert row["short"] == "unexpected class" and "(100 %) have class" in row["long"]


def test_small_splits_may_miss_a_share_by_chance(judge, facts):
    held_out = facts(13) + facts(3, kind="uniform")
    assert judge(facts(300), held_out) == []
    (row,) = judge(facts(100) + facts(20, kind="uniform"), held_out)
    assert row["split"] == "train"


def test_a_refusal_is_one_short_line():
    rows = [{"split": "train", "severity": "error", "long": f"wrong {n}"} for n in range(5)]
    assert refusal(rows) == "5 anomalies: train: wrong 0; train: wrong 1; train: wrong 2; and 2 more"
    assert refusal([{**rows[0], "severity": "warning"}]) == ""
