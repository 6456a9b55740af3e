"""The yardstick of serve.py: an exported SavedModel, called in a loop, with nothing around it."""

import os
import sys
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import tensorflow as tf
from timing import serve


def main():
    """Serves the benchmark: `python saved_model_loop.py VERSION_FOLDER BATCH TRUNCATION`."""
    folder, batch, truncation = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
    model = tf.saved_model.load(folder)
    draw = model.signatures["serving_default"]
    inputs = {"truncation": tf.fill([batch], truncation)}
    if "label" in draw.structured_input_signature[1]:
        inputs["label"] = tf.fill([batch], -1)

    def loop(seconds):
        images, end = 0, time.perf_counter() + seconds
        while time.perf_counter() < end:
            seeds = tf.range(images, images + batch, dtype=tf.int64)
            images += len(draw(seed=seeds, **inputs)["image_bytes"].numpy())
        return {"images": images}

    serve({"name": "SavedModel in a loop"}, loop=loop)


if __name__ == "__main__":
    main()
