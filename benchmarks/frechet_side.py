"""One side of `frechet.py`: a library's own way from features to the Fréchet distance.

python frechet_side.py SIDE FOLDER ROWS...       SIDE: tfdogs, scipy, tfgan or torch_fidelity
"""

import sys
from importlib.metadata import version
from pathlib import Path

import numpy as np
from timing import serve


def tfdogs_side():
    """Ours: from the features, which is the exact way where there are few."""
    from tfdogs.metrics.frechet import frechet_distance

    return f"tfdogs {version('tfdogs')}", frechet_distance


def scipy_side():
    """As pytorch-fid does it: `np.cov`, the product's root, once more with 1e-6 added where that fails."""
    from scipy.linalg import sqrtm

    def distance(reals, fakes):
        means = [x.mean(axis=0) for x in (reals, fakes)]
        covariances = [np.cov(x, rowvar=False) for x in (reals, fakes)]
        root = sqrtm(covariances[0] @ covariances[1])
        if not np.isfinite(root).all():
            offset = 1e-6 * np.eye(len(root))
            root = sqrtm((covariances[0] + offset) @ (covariances[1] + offset))
        if np.iscomplexobj(root):
            if np.abs(np.diagonal(root).imag).max() > 1e-3:
                raise ValueError("the root is complex")
            root = root.real
        traces = np.trace(covariances[0]) + np.trace(covariances[1]) - 2 * np.trace(root)
        return np.sum((means[0] - means[1]) ** 2) + traces

    return f"sqrtm of SciPy {version('scipy')}", distance


def tfgan_side():
    """`frechet_classifier_distance_from_activations`, in float64 as the features are."""
    from tfdogs import tfgan

    return f"TF-GAN {version('tensorflow-gan')}", tfgan.frechet_distance


def torch_fidelity_side():
    """Its two functions from features to the metric."""
    from unittest import mock

    import torch

    try:
        import torchvision  # noqa: F401
    except (ImportError, RuntimeError):
        # Built for CUDA, it does not load beside a CPU's torch; nothing of it is used here.
        names = ("torchvision", "torchvision.datasets", "torchvision.transforms.functional")
        sys.modules.update({name: mock.MagicMock() for name in names})
    from torch_fidelity.metric_fid import fid_features_to_statistics, fid_statistics_to_metric

    def distance(reals, fakes):
        sides = [fid_features_to_statistics(torch.from_numpy(x)) for x in (reals, fakes)]
        return fid_statistics_to_metric(*sides, verbose=False)["frechet_inception_distance"]

    return f"torch-fidelity {version('torch-fidelity')}", distance


_SIDES = {
    "tfdogs": tfdogs_side,
    "scipy": scipy_side,
    "tfgan": tfgan_side,
    "torch_fidelity": torch_fidelity_side,
}


def main(side, folder, *rows):
    """Computes each distance once, for its value and to warm up, then whenever it is told to."""
    name, distance = _SIDES[side]()
    pairs = {
        int(n): [np.load(Path(folder, f"{which}-{n}.npy"), mmap_mode="c") for which in ("reals", "fakes")]
        for n in rows
    }

    def try_distance(n):
        try:
            return float(distance(*map(np.asarray, pairs[n])))
        except ValueError:  # pytorch-fid's answer to a root that is not real
            return None

    serve({"name": name, "distances": {n: try_distance(n) for n in pairs}}, distance=try_distance)


if __name__ == "__main__":
    main(*sys.argv[1:])
