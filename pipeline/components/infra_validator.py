"""InfraValidator: makes sure that a model can be served."""

from pipeline import types
from pipeline.core.component import Component
from pipeline.core.contract import REFUSAL, Input, Output, Parameter
from pipeline.models.probe import BrokenModelError, probe
from pipeline.models.served import served
from pipeline.release import documents
from tfdogs.serving.client import connect


class InfraValidator(Component):
    """Loads the SavedModel in a server of its own and sends it requests with TensorFlow Serving's stubs.

    A model that does not load, or does not answer as clients need it, stops the pipeline. Where the server
    itself fails, or is too slow, nothing is known of the model: the execution fails, and is tried again.
    """

    model = Input(types.MODEL)
    infra_blessing = Output(types.INFRA_BLESSING)
    seconds = Parameter(float, default=120.0, counts=False)  # until the server has to answer

    code = ("pipeline.models", "pipeline.release", "tfdogs.serving")
    libraries = ("tensorflow", "tensorflow-serving-api")

    @classmethod
    def execute(cls, *, model, infra_blessing, seconds):
        """Serves, asks, and leaves a blessing."""
        refusal = ""
        try:
            with served(model.path, seconds=seconds) as address, connect(address, deadline=seconds) as client:
                seen = probe(client)
        except BrokenModelError as e:
            refusal = str(e)
        told = {"blessed": not refusal, "model": model.fingerprint, "reasons": [refusal] if refusal else seen}
        documents.write(infra_blessing, documents.BLESSING, told)
        return {"infra_blessing": {"blessed": not refusal, **({REFUSAL: refusal} if refusal else {})}}
