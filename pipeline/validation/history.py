"""What the store knows of the data sets before, and of what was expected of them."""

from pipeline.core.contract import REFUSAL
from pipeline.metadata.verdicts import last_that_passed


def last_valid_statistics(store, pipeline_name, inputs):
    """Returns the newest statistics of a pipeline that were not refused, others than these; or None.

    For a `Channel`'s query; see `pipeline.metadata.verdicts.last_that_passed`.
    """

    def passed(verdict):
        return not verdict.properties.get(REFUSAL)

    return last_that_passed(
        store, pipeline_name, verdicts="ExampleAnomalies", of=("statistics", inputs), passed=passed
    )


def last_schema(store, pipeline_name, inputs):
    """Returns the newest schema of a pipeline that was inferred, or else imported; or None.

    One that was imported counts only as long as its flag is given: without it the pipeline goes back to its
    own. For a `Channel`'s query.
    """
    found = [schema for schema in store.latest("Schema", pipeline_name) if schema.path.is_dir()]
    inferred = (schema for schema in found if not store.maker(schema)["parameters"].get("schema_file"))
    return next(inferred, found[0] if found else None)
