"""Pusher: brings a blessed model to where it is served."""

from pipeline import types
from pipeline.core.component import Component
from pipeline.core.contract import Input, Output, Parameter
from pipeline.models.model_fingerprints import newest_version
from pipeline.release import documents
from pipeline.release.pushed_versions import push
from tfdogs.errors import TfdogsError


class Pusher(Component):
    """Copies a model into the folder that is served, as its newest version, if all have blessed it."""

    model = Input(types.MODEL)
    blessing = Input(types.BLESSING)
    infra_blessing = Input(types.INFRA_BLESSING)
    pushed_model = Output(types.PUSHED_MODEL)
    push_dir = Parameter(str)
    keep = Parameter(int, default=5)

    code = ("pipeline.release",)

    @classmethod
    def execute(cls, *, model, blessing, infra_blessing, pushed_model, push_dir, keep):
        """Pushes, or refuses."""
        for artifact in (blessing, infra_blessing):
            told = documents.read(artifact.path, documents.BLESSING)
            if told["model"] != model.fingerprint:
                raise TfdogsError(
                    f"Pusher refuses Model {model.id}: {artifact.type_name} {artifact.id} is another's"
                )
            if not told["blessed"]:
                reasons = "; ".join(told["reasons"])
                raise TfdogsError(f"Pusher refuses Model {model.id}, which is not blessed: {reasons}")
        origin = {"fingerprint": model.fingerprint, "artifact": f"Model {model.id}", "path": str(model.path)}
        version = push(newest_version(model.path), push_dir, origin=origin, keep=keep)
        documents.write(
            pushed_model, documents.PUSHED, {"version": version, "fingerprint": model.fingerprint}
        )
        return {"pushed_model": {"version": version, "destination": str(push_dir)}}
