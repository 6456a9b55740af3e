"""What a release is compared with, found in the store."""

from pipeline.metadata.verdicts import last_that_passed


def last_blessed_model(store, pipeline, inputs):
    """Returns the newest model of a pipeline that was blessed, another than this one; or None.

    For a `Channel`'s query; see `pipeline.metadata.verdicts.last_that_passed`.
    """

    def blessed(verdict):
        return bool(verdict.properties.get("blessed"))

    return last_that_passed(store, pipeline, verdicts="ModelBlessing", of=("model", inputs), passed=blessed)
