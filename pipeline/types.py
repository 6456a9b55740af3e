"""The kinds of artifacts, by TFX's names where TFX has them."""

from pipeline.core import fingerprints
from pipeline.core.contract import ArtifactType
from pipeline.examples import data_dirs, raw_examples
from pipeline.models import model_fingerprints
from pipeline.release import documents
from pipeline.validation import statistics

EXAMPLES = ArtifactType("Examples", raw_examples.fingerprint)
STATISTICS = ArtifactType("ExampleStatistics", statistics.fingerprint)
SCHEMA = ArtifactType("Schema", fingerprints.of_folder)
ANOMALIES = ArtifactType("ExampleAnomalies", fingerprints.of_folder)
TRANSFORMED_EXAMPLES = ArtifactType("TransformedExamples", data_dirs.fingerprint)
MODEL_RUN = ArtifactType("ModelRun", model_fingerprints.of_run)
MODEL = ArtifactType("Model", model_fingerprints.of_export)
EVALUATION = ArtifactType("ModelEvaluation", documents.evaluation_fingerprint)
BLESSING = ArtifactType("ModelBlessing", fingerprints.of_folder)
INFRA_BLESSING = ArtifactType("InfraBlessing", fingerprints.of_folder)
PUSHED_MODEL = ArtifactType("PushedModel", fingerprints.of_folder)
