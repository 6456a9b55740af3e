"""Pusher: brings a blessed model to where it is served."""

from pipeline import types
from pipeline.core.component import Component
from pipeline.core.contract import Input, Output, Parameter
from pipeline.models.model_fingerprints import newest_version
from pipeline.release import documents, pushed_versions
from tfdogs.errors import TfdogsError
from tfdogs.progress import say


class Pusher(Component):
    """Copies a model into the folder that is served, as its newest version, if all have blessed it.

    A model that a person has rolled back from stays away: this is told, and nothing is pushed.
    """

    model = Input(types.MODEL)
    blessing = Input(types.BLESSING)
    infra_blessing = Input(types.INFRA_BLESSING)
    pushed_model = Output(types.PUSHED_MODEL)
    push_dir = Parameter(str)
    keep = Parameter(int, default=5, counts=False)

    code = ("pipeline.release",)

    @classmethod
    def holds(cls, parameters, inputs, outputs):
        """Says whether the model is still served, or a person has gone back from it.

        Args:
            parameters: value by parameter.
            inputs, outputs: `Artifact` by name, of the execution that is found again.
        """
        found = pushed_versions.notes(parameters["push_dir"])
        fingerprint = inputs["model"].fingerprint
        served = pushed_versions.is_newest(found, fingerprint)
        return served or pushed_versions.rolled_back(found, fingerprint) is not None

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
        decided = pushed_versions.rolled_back(pushed_versions.notes(push_dir), model.fingerprint)
        version = pushed_versions.push(newest_version(model.path), push_dir, origin=origin, keep=keep)
        told = {"version": version, "outcome": "served"}
        if decided is not None:
            told["outcome"] = f"not pushed again: version {decided} is a rollback from Model {model.id}"
            say(f"{cls.__name__}: {told['outcome']}")
        documents.write(pushed_model, documents.PUSHED, {**told, "fingerprint": model.fingerprint})
        return {"pushed_model": {**told, "destination": str(push_dir)}}
