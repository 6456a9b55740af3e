"""The one module that imports TensorFlow Serving's stubs, under their own names."""

from tfdogs.errors import UsageError

try:
    from tensorflow_serving.apis import (
        get_model_metadata_pb2,
        get_model_status_pb2,
        model_service_pb2_grpc,
        predict_pb2,
        prediction_log_pb2,
        prediction_service_pb2_grpc,
    )
    from tensorflow_serving.config import model_server_config_pb2
except ImportError as e:
    raise UsageError(
        f"the stubs of TensorFlow Serving are not installed ({e}): pip install 'tfdogs[serve]'"
    ) from e

__all__ = [
    "get_model_metadata_pb2",
    "get_model_status_pb2",
    "model_server_config_pb2",
    "model_service_pb2_grpc",
    "predict_pb2",
    "prediction_log_pb2",
    "prediction_service_pb2_grpc",
]
