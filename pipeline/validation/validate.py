"""Statistics against a schema, against those of before, and train against eval: TFDV's verdict."""

import tensorflow_data_validation as tfdv
from tensorflow_metadata.proto.v0 import anomalies_pb2

from pipeline.validation import schema as schemas
from pipeline.validation.statistics import count


def validate(schema, now, before):
    """Returns TFDV's `Anomalies` by split; a split for evaluation without pictures has none.

    Args:
        schema: `schema_pb2.Schema`.
        now: TFDV's `DatasetFeatureStatisticsList` by split.
        before: the same of the data set before; empty where there is none.
    """
    now, before = ({split: some for split, some in both.items() if count(some)} for both in (now, before))
    if "train" not in now:
        return {"train": anomalies_pb2.Anomalies(data_missing=True)}
    found = {"train": _verdict(schema, now["train"], before.get("train"), now.get("eval"))}
    if "eval" in now:
        relaxed = schemas.of_held_out(schema, now["eval"])
        found["eval"] = _verdict(relaxed, now["eval"], before.get("eval"), None)
    return found


def _verdict(schema, statistics, previous, other):
    schema = schemas.widened(schema, "drift_comparator", statistics, other=previous)
    schema = schemas.widened(schema, "skew_comparator", statistics, other=other)
    return tfdv.validate_statistics(
        statistics, schema, previous_statistics=previous, serving_statistics=other
    )
