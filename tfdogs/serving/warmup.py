"""The requests that a server tries on a new version before anybody waits for it."""

import numpy as np
import tensorflow as tf

from tfdogs.sampling.sampler import CHUNK
from tfdogs.serving.protos import predict_pb2, prediction_log_pb2

FILE_NAME = "tf_serving_warmup_requests"


def write(functions, path, *, chunk=CHUNK):
    """Writes a warm-up file as TensorFlow Serving reads it from `assets.extra`.

    Each signature is asked for 1 row and for `chunk` rows, so that what is made at the first call, memory
    and optimised graphs, is there before the first request.

    Args:
        functions: signatures, dict of name to ConcreteFunction.
        path: the file, a TFRecord of PredictionLog.
        chunk: rows on which the networks run.
    """
    with tf.io.TFRecordWriter(str(path)) as file:
        for signature, function in sorted(functions.items()):
            for rows in dict.fromkeys((1, chunk)):
                request = predict_pb2.PredictRequest()
                request.model_spec.signature_name = signature
                for key, spec in function.structured_input_signature[1].items():
                    request.inputs[key].CopyFrom(tf.make_tensor_proto(_example(key, spec, rows)))
                log = prediction_log_pb2.PredictionLog()
                log.predict_log.request.CopyFrom(request)
                file.write(log.SerializeToString(deterministic=True))


def _example(key, spec, rows):
    """Returns an input of so many rows that keeps the rules."""
    if key == "image_bytes":
        return [tf.io.encode_png(tf.zeros([64, 64, 3], tf.uint8)).numpy()] * rows
    if key == "field":
        return [b"model"] * rows
    return np.zeros([rows, *spec.shape[1:]], spec.dtype.as_numpy_dtype)
