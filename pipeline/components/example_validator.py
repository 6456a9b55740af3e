"""ExampleValidator: stops a pipeline whose pictures are not what was expected."""

import json

from google.protobuf import text_format

from pipeline import types
from pipeline.core.component import Component
from pipeline.core.contract import REFUSAL, Input, Output
from pipeline.examples.raw_examples import SPLITS
from pipeline.validation import schema as schemas
from pipeline.validation import statistics as files
from pipeline.validation.report import refusal, report
from pipeline.validation.validate import validate

FILE_NAME = "anomalies.json"


class ExampleValidator(Component):
    """Holds statistics against the schema, against the data set before, and train against eval.

    It leaves TFDV's verdict of each split, SPLIT.pbtxt, and anomalies.json, a list of all that is wrong in
    plain words. Where an anomaly is an error, as all are of which TFDV does not say otherwise, it refuses:
    nothing comes after it. A change that is meant is made known by an edited schema (`SchemaGen`).

    `previous` is for `pipeline.validation.history.last_valid_statistics`.
    """

    statistics = Input(types.STATISTICS)
    schema = Input(types.SCHEMA)
    previous = Input(types.STATISTICS, optional=True)
    anomalies = Output(types.ANOMALIES)

    code = ("pipeline.examples", "pipeline.validation", "tfdogs.data")
    libraries = ("tensorflow-data-validation",)

    @classmethod
    def execute(cls, *, statistics, schema, previous, anomalies):
        """Writes the verdict."""
        expected = schemas.load(schema.path / schemas.FILE_NAME)
        now = {split: files.read(statistics.path, split) for split in SPLITS}
        before = {split: files.read(previous.path, split) for split in SPLITS} if previous else {}
        verdicts = validate(expected, now, before)
        for split, verdict in verdicts.items():
            (anomalies / f"{split}.pbtxt").write_text(text_format.MessageToString(verdict), encoding="utf-8")
        rows = report(verdicts, expected, now, before=before)
        text = json.dumps(rows, indent=2, ensure_ascii=False) + "\n"
        (anomalies / FILE_NAME).write_text(text, encoding="utf-8")
        refused = refusal(rows)
        return {"anomalies": {"anomalies": len(rows), **({REFUSAL: refused} if refused else {})}}
