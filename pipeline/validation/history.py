"""What the store knows of the data sets before."""

from pipeline.contract import REFUSAL


def last_valid_statistics(store, pipeline_name, inputs):
    """Finds what a data set is compared with, for a `Channel`'s query.

    A data set that was refused is never it, and none is compared with itself: to run again what ran last
    finds what was found then.

    Args:
        store: `pipeline.store.Store`.
        pipeline_name: of the pipeline.
        inputs: the node's other inputs by name; of them `statistics`.

    Returns:
        `Artifact`, the newest of this pipeline's that passed and differs from `statistics`; or None.
    """
    for verdict in store.latest("ExampleAnomalies", pipeline_name):
        maker = store.maker(verdict)
        passed = maker["inputs"].get("statistics") if maker else None
        if passed is None or verdict.properties.get(REFUSAL) or not passed.path.is_dir():
            continue
        if passed.fingerprint != inputs["statistics"].fingerprint:
            return passed
    return None
