"""The kinds of artifacts, by TFX's names where TFX has them."""

from pipeline.contract import ArtifactType
from pipeline.examples import raw_examples

EXAMPLES = ArtifactType("Examples", raw_examples.fingerprint)
