"""What is expected of a data set: a TFDV schema, inferred from statistics and then kept."""

from pathlib import Path

import tensorflow_data_validation as tfdv
from google.protobuf import text_format
from tensorflow_metadata.proto.v0 import schema_pb2

from pipeline.validation import chance
from pipeline.validation.picture_facts import PICTURE, UNIFORM
from pipeline.validation.statistics import count, features, present, words
from tfdogs.errors import TfdogsError, UsageError

FILE_NAME = "schema.pbtxt"
SHARES = ("class", "scale")  # compared by the shares of their values
NUMBERS = ("brightness", "contrast", "saturation", "bytes")  # compared by their histograms
MAX_CLASSES = 100_000


def infer(train, evaluation, *, photographs, max_class_shift, **thresholds):
    """Returns a schema that a data set obeys if it is not spoiled to begin with.

    The thresholds are as `pipeline.components.schema_gen.SchemaGen` has them; 0 asks for nothing.

    Args:
        train, evaluation: TFDV's `DatasetFeatureStatisticsList` of the splits.
        photographs: whether they are photographs; of digits and drawings some may be of one colour.
        max_class_shift, **thresholds: see `with_thresholds`.

    Returns:
        `schema_pb2.Schema`. The classes are those of both splits, all of them. Every picture has a class, or
        boxes, where all of these have; where some have none, their share may fall by `max_class_shift`.

    Raises:
        TfdogsError: train has no pictures.
    """
    if not count(train):
        raise TfdogsError("train has no pictures to infer a schema from")
    schema = tfdv.infer_schema(train, infer_feature_shape=False, max_string_domain_size=MAX_CLASSES)
    del schema.string_domain[:]
    found, held_out = features(train), features(evaluation)
    for feature in schema.feature:
        share = present(found[feature.name]) / count(train)
        for field in ("domain", "bool_domain", "int_domain", "float_domain", "presence"):
            feature.ClearField(field)
        if feature.name in ("class", "boxes"):
            feature.presence.min_fraction = 1.0 if share == 1 else max(0.0, share - max_class_shift)
        if feature.name == "kind":
            feature.string_domain.value.extend([PICTURE] if photographs else [PICTURE, UNIFORM])
        elif feature.name == "class":
            classes = words(found["class"])
            feature.string_domain.value.extend(sorted({*classes, *words(held_out.get("class"))}))
            feature.unique_constraints.min = len(classes)
            feature.unique_constraints.max = MAX_CLASSES
    return with_thresholds(schema, max_class_shift=max_class_shift, **thresholds)


def with_thresholds(schema, *, min_images, min_photographs, max_class_shift, max_pixel_shift):
    """Returns a schema with other thresholds; classes, domains and presence stay.

    Args:
        schema: `schema_pb2.Schema`.
        min_images, min_photographs, max_class_shift, max_pixel_shift: as of
            `pipeline.components.schema_gen.SchemaGen`.
    """
    schema = _copy(schema)
    schema.ClearField("dataset_constraints")
    if min_images:
        schema.dataset_constraints.min_examples_count = min_images
    for feature in schema.feature:
        feature.ClearField("drift_comparator")
        feature.ClearField("skew_comparator")
        if feature.name == "kind":
            feature.distribution_constraints.min_domain_mass = min_photographs
        for comparator in (feature.drift_comparator, feature.skew_comparator):
            if feature.name in SHARES and max_class_shift:
                comparator.infinity_norm.threshold = max_class_shift
            elif feature.name in NUMBERS and max_pixel_shift:
                divergence = comparator.jensen_shannon_divergence
                divergence.threshold = max_pixel_shift
                divergence.source.type = schema_pb2.HistogramSelection.QUANTILES  # no outlier moves these
    return schema


def load(path):
    """Reads a schema from a file of TFDV's text format.

    Raises:
        UsageError: there is no such file, or it is no schema.
    """
    try:
        return text_format.Parse(Path(path).read_text(encoding="utf-8"), schema_pb2.Schema())
    except (OSError, UnicodeDecodeError, text_format.ParseError) as e:
        why = " ".join(str(e).split())
        raise UsageError(f"--schema must be a TFDV schema in text format: {why}. Received: {path}") from e


def save(schema, path):
    """Writes a schema in TFDV's text format."""
    Path(path).write_text(text_format.MessageToString(schema, as_utf8=True), encoding="utf-8")


def of_held_out(schema, statistics):
    """Returns what is expected of a split that is a small sample of the whole.

    It need not have every class, shares may miss by chance, and it is train that is compared with it.
    """
    schema = _copy(schema)
    schema.ClearField("dataset_constraints")
    for feature in schema.feature:
        feature.ClearField("unique_constraints")
        feature.ClearField("skew_comparator")
        for message, field in (
            (feature.presence, "min_fraction"),
            (feature.distribution_constraints, "min_domain_mass"),
        ):
            if message.HasField(field):
                share = getattr(message, field)
                setattr(message, field, max(0.0, share - chance.of_share(share, count(statistics))))
    return schema


def widened(schema, comparator, statistics, *, other):
    """Returns a schema whose thresholds of a comparator leave room for chance.

    Args:
        schema: `schema_pb2.Schema`.
        comparator: "drift_comparator" or "skew_comparator".
        statistics, other: TFDV's statistics that are compared; `other` may be None: nothing is compared.
    """
    schema = _copy(schema)
    ours, theirs = features(statistics), features(other) if other else {}
    for feature in schema.feature:
        one, two = ours.get(feature.name), theirs.get(feature.name)
        counts = present(one), present(two)
        if not feature.HasField(comparator):
            continue
        if min(counts) < chance.COMPARABLE:
            feature.ClearField(comparator)
            continue
        thresholds = getattr(feature, comparator)
        if thresholds.HasField("infinity_norm"):
            both = [words(one), words(two)]
            shares = [
                sum(some.get(value, 0) for some in both) / sum(counts) for value in {*both[0], *both[1]}
            ]
            thresholds.infinity_norm.threshold += chance.of_shift(shares, *counts)
        if thresholds.HasField("jensen_shannon_divergence"):
            thresholds.jensen_shannon_divergence.threshold += chance.of_divergence(*counts)
    return schema


def _copy(schema):
    copy = schema_pb2.Schema()
    copy.CopyFrom(schema)
    return copy
