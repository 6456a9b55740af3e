"""What a pipeline has judged before, and let pass."""


def last_that_passed(store, pipeline, *, verdicts, of, passed):
    """Finds what a new artifact is compared with: the newest one of its kind that was let pass.

    What was refused is never it, and nothing is compared with itself: to run again what ran last finds what
    was found then.

    Args:
        store: `pipeline.metadata.store.Store`.
        pipeline: name of the pipeline.
        verdicts: name of the type of the artifacts that judge.
        of: (input of the judging node, inputs of the asking one by name): what was judged, and the artifact
            that it must differ from.
        passed: function from a verdict, an `Artifact`, to whether it lets pass.

    Returns:
        `Artifact`, still there; or None.
    """
    key, inputs = of
    for verdict in store.latest(verdicts, pipeline):
        if not passed(verdict):
            continue
        maker = store.maker(verdict)
        judged = maker and maker["inputs"].get(key)
        if judged and judged.fingerprint != inputs[key].fingerprint and judged.path.is_dir():
            return judged
    return None
