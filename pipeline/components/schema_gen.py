"""SchemaGen: tells what is expected of the pictures."""

from pathlib import Path

from pipeline import types
from pipeline.core import fingerprints
from pipeline.core.component import Component
from pipeline.core.contract import Input, Output, Parameter
from pipeline.examples.raw_examples import SPLITS
from pipeline.validation import schema as schemas
from pipeline.validation import statistics as files
from tfdogs.errors import UsageError


class SchemaGen(Component):
    """Infers a schema from the first statistics that it gets, or imports one that someone has edited.

    Other statistics do not make it run again, and other thresholds are put into the schema that the pipeline
    has: what its first run expected stays. It is schema.pbtxt, in TFDV's text format; a copy of it may be
    edited, and imported as `schema_file`.

    `previous` is for `pipeline.validation.history.last_schema`. It does not count: it is this component's own
    result, so that the same flags would never again find what they have made.

    Parameters:
        pipeline: name of the pipeline, since several that share a store must not share a schema.
        min_images: fewest pictures of train; 0: any number.
        min_photographs: smallest share of pictures that can be read and show some contrast, 0 to 1.
            Pictures of one colour count as bad in sources of photographs only.
        max_class_shift: how much the share of a class, or of a size, may differ from the previous data set,
            and between train and eval, 0 to 1; 0: as much as it likes.
        max_pixel_shift: largest Jensen-Shannon divergence, 0 to 1, of brightness, contrast, saturation and
            file size, between the same; 0: any.
        schema_file: path of a schema to import; its thresholds count, those given here do not. "": infer one.

    What chance does to data sets of these sizes is granted on top of the two shifts.
    """

    statistics = Input(types.STATISTICS, counts=False)
    previous = Input(types.SCHEMA, optional=True, counts=False)
    schema = Output(types.SCHEMA)
    pipeline = Parameter(str)
    min_images = Parameter(int, default=50)
    min_photographs = Parameter(float, default=0.9)
    max_class_shift = Parameter(float, default=0.1)
    max_pixel_shift = Parameter(float, default=0.1)
    schema_file = Parameter(str, default="")

    code = ("pipeline.examples", "pipeline.validation", "tfdogs.data")
    libraries = ("tensorflow-data-validation",)

    @classmethod
    def outside(cls, parameters):
        """Returns the digest of the schema that is imported."""
        path = Path(parameters["schema_file"])
        return fingerprints.of_file(path) if path.is_file() else ""

    @classmethod
    def execute(cls, *, statistics, previous, schema, schema_file, pipeline, min_images, **shares):
        """Writes the schema."""
        if min_images < 0:
            raise UsageError(f"min_images must be 0 or more. Received: {min_images}")
        for name, value in shares.items():
            if not 0 <= value <= 1:
                raise UsageError(f"{name} must be between 0 and 1. Received: {value}")
        thresholds = {"min_images": min_images, **shares}
        if schema_file:
            found = schemas.load(schema_file)
        elif previous:
            found = schemas.with_thresholds(schemas.load(previous.path / schemas.FILE_NAME), **thresholds)
        else:
            splits = [files.read(statistics.path, split) for split in SPLITS]
            photographs = files.Statistics.load(statistics.path).photographs
            found = schemas.infer(*splits, photographs=photographs, **thresholds)
        schemas.save(found, schema / schemas.FILE_NAME)
