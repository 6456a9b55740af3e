"""dcgan_mnist on two cores for five CPU minutes: are they digits?"""

from pathlib import Path

import keras
import numpy as np
import pytest

from tfdogs import cli
from tfdogs.data.feed import Feed
from tfdogs.data.ingest import prepare
from tfdogs.data.prepare_config import PrepareConfig
from tfdogs.training import run
from tfdogs.training.config import TrainConfig

ROOT = Path(__file__).resolve().parents[2]
MNIST = ROOT / "../shared/data/mnist/train-images-idx3-ubyte.gz"
RECIPE = [ROOT / "configs/dcgan_mnist.flags", ROOT / "configs/cpu/dcgan_mnist.flags"]
KIMG = 300  # what five minutes of one core train; counted, as time would make the test another one each time
SURE = 0.9

pytestmark = [
    pytest.mark.slow,
    pytest.mark.real_data,
    pytest.mark.skipif(not MNIST.is_file(), reason="no shared/data/mnist beside the checkout"),
]


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    path = tmp_path_factory.mktemp("mnist") / "data"
    prepare(PrepareConfig(images=f"idx:{MNIST}", image_size=28, eval_fraction=0.2, output_dir=str(path)))
    return path


def no_digits(digits):
    """Returns what is no digit, as many: noise, fine and coarse, and digits whose pixels are shuffled."""
    rng = np.random.default_rng(0)
    fine, coarse, shuffled = np.array_split(digits.copy(), 3)
    fine[:] = rng.integers(0, 256, fine.shape)
    coarse[:] = np.kron(rng.integers(0, 256, (len(coarse), 7, 7, 1)), np.ones((1, 4, 4, 1)))
    mixed = rng.permuted(shuffled.reshape(-1, 784), axis=1).reshape(shuffled.shape)
    return np.concatenate([fine, coarse, mixed])


@pytest.fixture(scope="module")
def read(data):
    """Learns from real digits to read: uint8 [N, 28, 28, 1] -> probabilities [N, 11], the last: no digit."""
    keras.utils.set_random_seed(0)
    model = keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            keras.layers.Rescaling(1 / 255),
            keras.layers.RandomTranslation(0.08, 0.08),
            keras.layers.Conv2D(32, 3, activation="relu"),
            keras.layers.MaxPooling2D(),
            keras.layers.Conv2D(64, 3, activation="relu"),
            keras.layers.MaxPooling2D(),
            keras.layers.Flatten(),
            keras.layers.Dropout(0.5),
            keras.layers.Dense(128, activation="relu"),
            keras.layers.Dropout(0.5),
            keras.layers.Dense(11, activation="softmax"),
        ]
    )
    model.compile("adam", "sparse_categorical_crossentropy")
    feed = Feed(data, flip=False)
    digits, labels = feed.first(feed.num_images)
    nothing = no_digits(digits[::4])
    labels = np.concatenate([labels, np.full(len(nothing), 10)])
    model.fit(np.concatenate([digits, nothing]), labels, batch_size=64, epochs=10, verbose=0)
    return lambda images: model.predict(images, batch_size=256, verbose=0)


def sure(probabilities):
    """Returns the share of images that are taken for some digit with little doubt."""
    return np.mean(probabilities[:, :10].max(axis=1) > SURE)


def variety(images, labels):
    """Returns the variance of a pixel within a class, on average over pixels and classes."""
    return np.mean([images[labels == k].astype("float32").var(axis=0).mean() for k in range(10)])


def draw(data, model_dir, kimg, labels):
    argv = [*(f"--flagfile={file}" for file in RECIPE), f"--data_dir={data}", f"--model_dir={model_dir}"]
    run.train(cli.parse(TrainConfig, ["train", *argv, f"--total_kimg={kimg}"], summary=""))
    return run.load(model_dir).gan.generate(len(labels), seed=0, labels=labels)


def test_digits_are_recognised(data, read, tmp_path):
    unseen = Feed(data, split="eval", flip=False)
    real, truth = unseen.first(unseen.num_images)
    answers = read(real)
    assert np.mean(answers.argmax(axis=1) == truth) > 0.96  # it can read
    assert sure(answers) > 0.9

    labels = np.arange(1000) % 10
    first_steps = draw(data, tmp_path / "first_steps", 0.64, labels)
    assert sure(read(first_steps)) < 0.2

    drawn = draw(data, tmp_path / "run", KIMG, labels)
    answers_to_drawn = read(drawn)
    right = np.mean(answers_to_drawn.argmax(axis=1) == labels)
    ratio = variety(drawn, labels) / variety(real, truth)
    print(f"sure of {sure(answers_to_drawn):.1%} of the drawn digits, of {sure(answers):.1%} of real ones")
    print(f"{right:.1%} are the digit that was asked for; within a class {ratio:.2f} of the real variance")
    assert sure(answers_to_drawn) > 0.85
    assert right > 0.95
    assert ratio > 0.75  # each digit in many hands
