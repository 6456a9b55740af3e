"""What a release is compared with, found in the store."""

from pipeline.metadata.verdicts import last_that_passed


def last_blessed_model(store, pipeline, inputs):
    """Returns the newest model of a pipeline that Evaluator and InfraValidator have blessed, another than
    this one; or None.

    For a `Channel`'s query; see `pipeline.metadata.verdicts.last_that_passed`.
    """
    can_be_served = {}  # by fingerprint; of several verdicts the newest
    for verdict in store.latest("InfraBlessing", pipeline):
        can_be_served.setdefault(_judged(store, verdict), bool(verdict.properties.get("blessed")))

    def blessed(verdict):
        return bool(verdict.properties.get("blessed")) and can_be_served.get(_judged(store, verdict), False)

    return last_that_passed(store, pipeline, verdicts="ModelBlessing", of=("model", inputs), passed=blessed)


def _judged(store, verdict):
    """Returns the fingerprint of the model that a verdict is of, None where it is gone."""
    maker = store.maker(verdict)
    model = maker and maker["inputs"].get("model")
    return model.fingerprint if model else None
