"""Our side of `extract.py`: the extractor "efficientnet_lite0", as a user calls it."""

import argparse
import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
import tensorflow as tf
from timing import cores, serve

from tfdogs.metrics import extractors


def main():
    """Reads the command line and serves."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", help=".npz of uint8 arrays, one a task")
    parser.add_argument("--features", help=".npz to write the features to")
    args = parser.parse_args()
    extractor, images = extractors.get("efficientnet_lite0"), dict(np.load(args.images))
    np.savez(args.features, **{name: extractor(array).pool for name, array in images.items()})
    facts = {
        "name": f"tfdogs on TensorFlow {tf.__version__}",
        "threads": tf.config.threading.get_intra_op_parallelism_threads() or cores(),
    }
    serve(facts, **{name: lambda n, array=array: extractor(array[:n]) for name, array in images.items()})


if __name__ == "__main__":
    main()
