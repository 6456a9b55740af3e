"""InfraValidator: makes sure that a model can be served."""

from pipeline import types
from pipeline.core.component import Component
from pipeline.core.contract import REFUSAL, Input, Output, Parameter
from pipeline.models.probe import BrokenModelError, probe
from pipeline.models.served import served
from pipeline.release import documents
from tfdogs.serving.client import connect

# Times as long as the server took to be ready, in which it did more than a request asks for.
_LONGER = 4


class InfraValidator(Component):
    """Loads the SavedModel in a server of its own and sends it requests with TensorFlow Serving's stubs.

    A model that does not load, or does not answer as clients need it, stops the pipeline. Where the server
    itself fails, or is too slow, nothing is known of the model: the execution fails, and is tried again. How
    long is waited follows the machine: the server's processor time counts, not the clock, and requests have a
    multiple of the time that it took to be ready.
    """

    model = Input(types.MODEL)
    infra_blessing = Output(types.INFRA_BLESSING)
    seconds = Parameter(float, default=120.0, counts=False)  # to be ready, where nothing else runs

    code = ("pipeline.models", "pipeline.release", "tfdogs.serving")
    libraries = ("tensorflow", "tensorflow-serving-api")

    @classmethod
    def execute(cls, *, model, infra_blessing, seconds):
        """Serves, asks, and leaves a blessing."""
        refusal = ""
        try:
            with served(model.path, seconds=seconds) as server:
                deadline = max(seconds, _LONGER * server.seconds)
                with connect(server.address, deadline=deadline) as client:
                    seen = probe(client)
        except BrokenModelError as e:
            refusal = str(e)
        told = {"blessed": not refusal, "model": model.fingerprint, "reasons": [refusal] if refusal else seen}
        documents.write(infra_blessing, documents.BLESSING, told)
        return {"infra_blessing": {"blessed": not refusal, **({REFUSAL: refusal} if refusal else {})}}
