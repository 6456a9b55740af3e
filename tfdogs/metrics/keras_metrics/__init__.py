"""The scores as `keras.metrics.Metric`s, for any training loop."""

from tfdogs.metrics.keras_metrics.fid import FID
from tfdogs.metrics.keras_metrics.inception_score import InceptionScore
from tfdogs.metrics.keras_metrics.kid import KID
from tfdogs.metrics.keras_metrics.mifid import MiFID
from tfdogs.metrics.keras_metrics.precision_recall import PrecisionRecall

__all__ = ["FID", "KID", "InceptionScore", "MiFID", "PrecisionRecall"]
