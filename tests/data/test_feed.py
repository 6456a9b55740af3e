import io
import itertools
import json
import struct
from collections import Counter
from types import SimpleNamespace

import numpy as np
import psutil
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from tfdogs.data import records
from tfdogs.data.feed import Feed
from tfdogs.data.manifest import Manifest, Shard
from tfdogs.errors import TfdogsError, UsageError

N, SIZE = 11, 8
IMAGES = np.random.default_rng(0).integers(0, 256, [N, SIZE, SIZE, 3], np.uint8)
LIMITS = {"decoded": None, "encoded": 0}


def png(image):
    out = io.BytesIO()
    Image.fromarray(image).save(out, "png")
    return out.getvalue()


def example(label, encoded):
    return records.serialize(records.Record(encoded, label, f"{label}.jpg", (0.0, 0.0, 8.0, 8.0)))


def write(data_dir, serialized, *, size=SIZE, channels=3, classes=N):
    """Writes a data_dir of three train shards and an empty eval split."""
    data_dir.mkdir(exist_ok=True)
    shards = []
    for k, part in enumerate(np.array_split(np.array(serialized, object), 3)):
        path = data_dir / f"train-{k}.tfrecord"
        with tf.io.TFRecordWriter(str(path)) as writer:
            for record in part:
                writer.write(record)
        shards.append(Shard(path.name, len(part), path.stat().st_size))
    names = tuple(f"breed{i}" for i in range(classes))
    Manifest(size, channels, names, {"train": tuple(shards), "eval": ()}, "0").save(data_dir)
    return data_dir


def dogs(n=N):
    """Records whose labels are their indices."""
    return [example(i, png(image)) for i, image in enumerate(IMAGES[:n])]


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory):
    return write(tmp_path_factory.mktemp("feed") / "data", dogs())


@pytest.fixture(scope="module")
def feeds(data_dir):
    return {mode: Feed(data_dir, batch_size=4, memory_limit=limit) for mode, limit in LIMITS.items()}


def stream(feed, images, *, start_image=0):
    """Returns the first so many images and labels of a feed, whatever its batch size."""
    batches = feed.batches(start_image=start_image).take(-(-images // feed.batch_size))
    pairs = list(batches.as_numpy_iterator())
    return tuple(np.concatenate(part)[:images] for part in zip(*pairs))


def flipped(images, labels):
    """Tells of each image whether it is mirrored, and checks that it is its label's."""
    originals = IMAGES[labels]
    mirrored = (images == originals[:, :, ::-1]).all((1, 2, 3))
    assert (mirrored | (images == originals).all((1, 2, 3))).all()
    return mirrored


@pytest.mark.parametrize(("n", "batch_size"), [(1, 1), (2, 25), (N, 1), (N, 4), (N, 25)])
def test_every_image_comes_once_an_epoch(tmp_path, n, batch_size):
    feed = Feed(write(tmp_path, dogs(n)), batch_size=batch_size)
    labels = stream(feed, 4 * n)[1].reshape(4, n)
    np.testing.assert_array_equal(np.sort(labels), np.tile(np.arange(n), (4, 1)))


@settings(max_examples=4, deadline=None)
@given(start=st.integers(0, 5 * N), batch_size=st.integers(1, 2 * N), seed=st.integers(-(2**70), 2**70))
def test_stream_is_a_function_of_seed_and_images_seen(data_dir, start, batch_size, seed):
    whole = stream(Feed(data_dir, batch_size=7, seed=seed), start + 3 * N)
    rest = stream(Feed(data_dir, batch_size=batch_size, seed=seed), 3 * N, start_image=start)
    for all_values, last_values in zip(whole, rest):
        np.testing.assert_array_equal(all_values[start:], last_values)


def test_a_far_start_is_as_cheap_as_a_near_one(feeds):
    far = 10**12
    images, labels = stream(feeds["decoded"], N, start_image=far - far % N)
    assert sorted(labels) == list(range(N))
    flipped(images, labels)


def test_both_modes_give_the_same(feeds):
    decoded, encoded = feeds["decoded"], feeds["encoded"]
    assert (decoded.mode, encoded.mode) == ("decoded", "encoded")
    for start in (0, 3):
        for a, b in zip(stream(decoded, 5 * N, start_image=start), stream(encoded, 5 * N, start_image=start)):
            np.testing.assert_array_equal(a, b)


def test_epochs_and_seeds_differ_in_order(data_dir):
    epochs = 300  # more than the 256 after which an order by index_shuffle repeats
    orders = [stream(Feed(data_dir, batch_size=N * epochs, seed=s), N * epochs)[1] for s in (0, 1)]
    assert len({tuple(order) for order in np.concatenate(orders).reshape(-1, N)}) == 2 * epochs


def test_orders_are_equally_likely(tmp_path):
    epochs = 2400
    labels = stream(Feed(write(tmp_path, dogs(4)), batch_size=4 * epochs), 4 * epochs)[1]
    counts = Counter(map(tuple, labels.reshape(-1, 4)))
    assert set(counts) == set(itertools.permutations(range(4)))
    # Chi-squared with 23 degrees of freedom: 49.7 is exceeded once in a thousand seeds.
    assert sum((count - 100) ** 2 / 100 for count in counts.values()) < 49.7


def test_flips_are_fair_and_anew_each_epoch(data_dir):
    epochs = 200
    images, labels = stream(Feed(data_dir, batch_size=N * epochs), N * epochs)
    coins = flipped(images, labels)
    assert abs(coins.mean() - 0.5) < 4 * 0.5 / coins.size**0.5
    by_image = coins[np.argsort(labels, kind="stable")].reshape(N, epochs)
    assert (np.abs(by_image.mean(1) - 0.5) < 4 * 0.5 / epochs**0.5).all()


def test_without_flips_the_order_is_the_same(data_dir):
    feed, plain = Feed(data_dir, seed=3), Feed(data_dir, seed=3, flip=False)
    images, labels = stream(plain, 3 * N)
    np.testing.assert_array_equal(images, IMAGES[labels])
    np.testing.assert_array_equal(labels, stream(feed, 3 * N)[1])


@pytest.fixture(scope="module")
def unbalanced(tmp_path_factory):
    """A data_dir whose classes 0, 1 and 3 have 8, 2 and 1 images; class 2 has none."""
    labels = [0, 0, 1, 0, 0, 3, 0, 0, 1, 0, 0]
    records = [example(label, png(image)) for label, image in zip(labels, IMAGES)]
    return write(tmp_path_factory.mktemp("feed") / "unbalanced", records, classes=4)


@settings(max_examples=4, deadline=None)
@given(start=st.integers(0, 2000), batch_size=st.integers(1, 40), seed=st.integers(0, 2**70))
def test_a_balanced_stream_is_a_function_of_seed_and_images_seen(unbalanced, start, batch_size, seed):
    whole = stream(Feed(unbalanced, batch_size=7, seed=seed, balance_classes=True), start + 33)
    feed = Feed(unbalanced, batch_size=batch_size, seed=seed, balance_classes=True, memory_limit=0)
    rest = stream(feed, 33, start_image=start)
    for all_values, last_values in zip(whole, rest):
        np.testing.assert_array_equal(all_values[start:], last_values)
    counts = np.bincount(rest[1], minlength=4)
    assert counts[2] == 0 and (np.abs(counts[[0, 1, 3]] - 11) <= 1).all()


def test_a_balanced_feed_shows_all_images_with_their_labels(unbalanced):
    feed = Feed(unbalanced, batch_size=24, balance_classes=True)
    assert feed.label_counts == (8, 2, 0, 1) and feed.num_unlabelled == 0
    images, labels = stream(feed, 24)
    ours = np.array([0, 0, 1, 0, 0, 3, 0, 0, 1, 0, 0])
    found = [
        next(i for i in range(N) if (image == IMAGES[i]).all() or (image == IMAGES[i][:, ::-1]).all())
        for image in images
    ]
    np.testing.assert_array_equal(ours[found], labels)
    assert sorted(Counter(found).values()) == [1] * 8 + [4, 4, 8]


def test_balance_needs_a_class_for_every_image(tmp_path):
    none = write(tmp_path / "none", [example(-1, png(image)) for image in IMAGES], classes=0)
    with pytest.raises(UsageError, match=r"^balance_classes needs classes, and .*none has none"):
        Feed(none, balance_classes=True)
    assert Feed(none).label_counts == ()
    some = write(tmp_path / "some", [example(-1, png(IMAGES[0])), *dogs()[1:]])
    with pytest.raises(UsageError, match=r"^balance_classes needs a class for every image, and 1 of 11 in"):
        Feed(some, balance_classes=True)
    assert Feed(some).num_unlabelled == 1


@pytest.mark.parametrize("mode", LIMITS)
def test_batches_are_static_endless_and_unsharded(feeds, mode):
    dataset = feeds[mode].batches()
    images, labels = dataset.element_spec
    assert (images.shape, images.dtype) == ((4, SIZE, SIZE, 3), tf.uint8)
    assert (labels.shape, labels.dtype) == ((4,), tf.int32)
    assert dataset.cardinality() == tf.data.INFINITE_CARDINALITY
    policy = dataset.options().experimental_distribute.auto_shard_policy
    assert policy == tf.data.experimental.AutoShardPolicy.OFF


@pytest.mark.parametrize("mode", LIMITS)
def test_ordered_and_first(feeds, mode):
    batches = list(feeds[mode].ordered().as_numpy_iterator())
    assert [len(labels) for _, labels in batches] == [4, 4, 3]
    np.testing.assert_array_equal(np.concatenate([images for images, _ in batches]), IMAGES)
    np.testing.assert_array_equal(np.concatenate([labels for _, labels in batches]), np.arange(N))
    assert feeds[mode].ordered().element_spec[0].shape.as_list() == [None, SIZE, SIZE, 3]
    for n in (0, 5, 1000):
        images, labels = feeds[mode].first(n)
        np.testing.assert_array_equal(images, IMAGES[:n])
        np.testing.assert_array_equal(labels, np.arange(N)[:n])
        assert images.dtype == np.uint8 and labels.dtype == np.int32


def test_attributes_and_description(feeds, data_dir):
    decoded, encoded = feeds["decoded"], feeds["encoded"]
    for feed in (decoded, encoded):
        assert (feed.num_images, feed.image_size, feed.channels, feed.num_classes) == (N, SIZE, 3, N)
        assert feed.manifest == Manifest.load(data_dir)
    assert decoded.nbytes == IMAGES.nbytes
    assert encoded.nbytes == sum(path.stat().st_size for path in data_dir.glob("*.tfrecord"))
    decoded, encoded = (
        SimpleNamespace(num_images=12000, image_size=64, channels=3, mode=mode, nbytes=nbytes)
        for mode, nbytes in (("decoded", 147_456_000), ("encoded", 2_105_000_000))
    )
    assert Feed.describe(decoded) == "12,000 images of 64x64x3 decoded in RAM (147 MB)"
    assert Feed.describe(encoded) == (
        "12,000 images of 64x64x3 encoded, read from the memory-mapped shards (2,105 MB on disk)"
    )


def test_memory_limit_decides_the_mode(data_dir, monkeypatch):
    assert Feed(data_dir, memory_limit=IMAGES.nbytes).mode == "decoded"
    assert Feed(data_dir, memory_limit=IMAGES.nbytes - 1).mode == "encoded"
    for available, mode in ((2 * IMAGES.nbytes, "decoded"), (2 * IMAGES.nbytes - 1, "encoded")):
        memory = SimpleNamespace(available=available)
        monkeypatch.setattr(psutil, "virtual_memory", lambda memory=memory: memory)
        assert Feed(data_dir).mode == mode


@pytest.mark.parametrize("mode", LIMITS)
def test_grey_images_without_labels(tmp_path, mode):
    grey = IMAGES[..., 0]
    write(tmp_path, [example(-1, png(image)) for image in grey], channels=1, classes=0)
    feed = Feed(tmp_path, batch_size=3, memory_limit=LIMITS[mode])
    images, labels = feed.first(N)
    np.testing.assert_array_equal(images, grey[..., None])
    assert feed.num_classes == 0 and set(labels) == {-1}
    assert feed.batches().element_spec[0].shape == (3, SIZE, SIZE, 1)


def test_decoded_images_are_in_memory_once(tmp_path):
    """Neither a constant of a graph nor a copy that tf.data's graph rewriting makes."""
    size, n = 512, 120
    encoded = png(np.full([size, size, 3], 7, np.uint8))
    feed = Feed(write(tmp_path, [example(-1, encoded)] * n, size=size), batch_size=2)
    assert feed.mode == "decoded" and feed.nbytes == n * size * size * 3
    memory = psutil.Process().memory_info
    before = memory().rss
    for dataset in (feed.batches(), feed.ordered()):
        images, _ = next(iter(dataset))
        assert (images.numpy() == 7).all()
        assert memory().rss - before < feed.nbytes / 2


@pytest.mark.parametrize("mode", LIMITS)
def test_feeds_fit_and_a_strategy(feeds, mode):
    layers = [tf.keras.layers.Rescaling(1 / 255), tf.keras.layers.Flatten(), tf.keras.layers.Dense(1)]
    strategy = tf.distribute.MirroredStrategy(["CPU:0"])
    with strategy.scope():
        model = tf.keras.Sequential(layers)
        model.compile("sgd", "mse")
    history = model.fit(feeds[mode].batches(), steps_per_epoch=3, verbose=0)
    assert np.isfinite(history.history["loss"]).all()
    distributed = strategy.experimental_distribute_dataset(feeds[mode].batches(start_image=5))
    images, labels = next(iter(distributed))
    for ours, theirs in zip(stream(feeds[mode], 4, start_image=5), (images, labels)):
        np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"batch_size": 0}, "batch_size must be at least 1. Received: 0"),
        ({"memory_limit": -1}, "memory_limit must be at least 0 bytes. Received: -1"),
        ({"split": "test"}, r"no images in split 'test'. It has: train \(11 images\), eval \(0 images\)"),
        ({"split": "eval"}, r"no images in split 'eval'. It has: train \(11 images\), eval \(0 images\)"),
    ],
)
def test_impossible_arguments(data_dir, arguments, message):
    with pytest.raises(UsageError, match=message):
        Feed(data_dir, **arguments)


def test_negative_start_and_missing_data_dir(feeds, tmp_path):
    with pytest.raises(UsageError, match=r"start_image must be at least 0. Received: -1"):
        feeds["decoded"].batches(start_image=-1)
    with pytest.raises(UsageError, match="no such data_dir"):
        Feed(tmp_path / "nowhere")


# The damage is done to record 2 of the second shard, which holds records 4 to 7 of all.
BAD = 6


def byte_of_record(path, index):
    """Returns the offset of a record's middle, by walking the lengths."""
    data, begin = path.read_bytes(), 0
    for _ in range(index):
        begin += 16 + struct.unpack_from("<Q", data, begin)[0]
    return begin + 12 + struct.unpack_from("<Q", data, begin)[0] // 2


def flip_bits(path):
    data = bytearray(path.read_bytes())
    data[byte_of_record(path, 2)] ^= 0x10
    path.write_bytes(data)


def truncate(path):
    path.write_bytes(path.read_bytes()[: byte_of_record(path, 2)])


def append(path):
    path.write_bytes(path.read_bytes() * 2)


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (flip_bits, r"train-1.tfrecord: record 2 is corrupt"),
        (truncate, r"train-1.tfrecord: record 2 is corrupt"),
        (append, r"train-1.tfrecord: expected 4 records, found 8"),
        (lambda path: path.write_bytes(b""), r"train-1.tfrecord: expected 4 records, found 0"),
    ],
)
def test_corrupt_shard_whose_size_is_right(tmp_path, damage, message):
    shard = write(tmp_path, dogs()) / "train-1.tfrecord"
    damage(shard)
    manifest = json.loads((tmp_path / "dataset.json").read_text())
    manifest["splits"]["train"][1]["bytes"] = shard.stat().st_size
    (tmp_path / "dataset.json").write_text(json.dumps(manifest))
    with pytest.raises(TfdogsError, match=message) as error:
        Feed(tmp_path)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("damage", [truncate, append, lambda path: path.unlink()])
def test_shard_of_another_size_than_written(tmp_path, damage):
    shard = write(tmp_path, dogs()) / "train-1.tfrecord"
    damage(shard)
    with pytest.raises(TfdogsError, match=r"train-1.tfrecord: expected \d+ bytes, found"):
        Feed(tmp_path)


@pytest.mark.parametrize(
    ("record", "message"),
    [
        (example(0, b"no picture"), "record 2 holds no image of 8x8x3"),
        (example(0, png(IMAGES[0])[:60]), "record 2 holds no image of 8x8x3"),
        (example(0, png(IMAGES[0][:7])), "record 2 holds no image of 8x8x3"),
        (b"no tf.train.Example", "record 2 holds no image of 8x8x3"),
        (b"", "record 2 holds no image of 8x8x3"),
        (example(N, png(IMAGES[0])), "record 2 has label 11, legal are -1 to 10"),
        (example(-2, png(IMAGES[0])), "record 2 has label -2, legal are -1 to 10"),
    ],
)
def test_good_record_of_a_bad_image(tmp_path, record, message):
    serialized = dogs()
    serialized[BAD] = record
    write(tmp_path, serialized)
    with pytest.raises(TfdogsError, match="train-1.tfrecord: " + message) as error:
        Feed(tmp_path)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("mode", LIMITS)
def test_damage_is_found_before_the_first_batch_in_both_modes(tmp_path, mode):
    flip_bits(write(tmp_path, dogs()) / "train-1.tfrecord")
    with pytest.raises(TfdogsError, match=r"train-1.tfrecord: record 2 is corrupt"):
        Feed(tmp_path, memory_limit=LIMITS[mode])
    serialized = dogs()
    serialized[BAD] = example(0, b"no picture")
    write(tmp_path, serialized)
    with pytest.raises(TfdogsError, match=r"train-1.tfrecord: record 2 holds no image"):
        Feed(tmp_path, memory_limit=LIMITS[mode])


@pytest.mark.parametrize("mode", LIMITS)
def test_large_images_in_flight_are_bounded_and_change_nothing(tmp_path, monkeypatch, mode):
    """Few are checked, and few batches put together, at once: a batch a core could fill the memory."""
    from tfdogs.data import feed as module

    data_dir = write(tmp_path, [example(i, png(IMAGES[i])) for i in range(N)])

    def first():
        feed = Feed(data_dir, batch_size=4, memory_limit=LIMITS[mode])
        batches = itertools.islice(feed.batches().as_numpy_iterator(), 5)
        return feed, [array for batch in batches for array in batch]

    _, expected = first()
    monkeypatch.setattr(module, "_CHECKED", SIZE**2)
    monkeypatch.setattr(module, "_UNDER_WAY", 3 * 4 * SIZE**2 * 3)
    monkeypatch.setattr(module.os, "cpu_count", lambda: 16)
    feed, drawn = first()
    assert feed._calls() == 3
    for a, b in zip(expected, drawn, strict=True):
        np.testing.assert_array_equal(a, b)
