"""What the store knows of the data sets before."""

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
