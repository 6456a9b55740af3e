"""What a release is compared with, found in the store."""

from pipeline import types


def last_blessed_model(store, pipeline, inputs):
    """Returns the newest model of a pipeline that was blessed, another than `inputs["model"]`; or None."""
    for blessing in store.latest(types.BLESSING.name, pipeline):
        if not blessing.properties.get("blessed"):
            continue
        maker = store.maker(blessing)
        model = maker and maker["inputs"].get("model")
        if model and model.fingerprint != inputs["model"].fingerprint and model.path.is_dir():
            return model
    return None
