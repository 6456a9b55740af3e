"""The same calls over REST, over gRPC and on the SavedModel give the same bytes."""

import concurrent.futures
import contextlib
import io

import numpy as np
import pytest
from PIL import Image

from tfdogs.serving.client import connect
from tfdogs.serving.errors import ServingError
from tfdogs.serving.serve_config import ServeConfig
from tfdogs.serving.server import Server


def serve(export):
    """Yields the clients of an export, by target: REST, gRPC and the SavedModel itself."""
    config = ServeConfig(export_dir=str(export), port=0, grpc_port=-1)
    with Server(config) as server, contextlib.ExitStack() as stack:
        targets = (server.url, f"grpc://{server.grpc_target}", str(export))
        yield {target: stack.enter_context(connect(target, deadline=60.0)) for target in targets}


@pytest.fixture(scope="module")
def conditional(export_dir):
    yield from serve(export_dir)


@pytest.fixture(scope="module")
def plain(plain_export_dir):
    yield from serve(plain_export_dir)


def same(clients, call):
    """Returns what a call gives, which must be the same in every way."""
    found = [call(client) for client in clients.values()]
    for other in found[1:]:
        np.testing.assert_array_equal(np.asarray(other, object), np.asarray(found[0], object))
        if isinstance(other, np.ndarray):
            assert other.dtype == found[0].dtype and other.shape == found[0].shape
    return found[0]


def test_images(conditional):
    seeds = [0, -1, 5, 2**63 - 1]
    files = same(conditional, lambda c: c.generate(seeds, truncation=[0, 0.5, 1000, 1], labels=[-1, 0, 1, 2]))
    pixels = same(conditional, lambda c: c.images(seeds, truncation=[0, 0.5, 1000, 1], labels=[-1, 0, 1, 2]))
    assert pixels.dtype == np.uint8 and pixels.shape == (4, 28, 28, 3)
    for data, image in zip(files, pixels):
        np.testing.assert_array_equal(np.asarray(Image.open(io.BytesIO(data))), image)
    assert same(conditional, lambda c: c.generate([5], truncation=1000, labels=1)) == [files[2]]
    assert same(conditional, lambda c: c.images([])).shape == (0, 28, 28, 3)
    assert same(conditional, lambda c: c.generate([])) == []


def test_latents_and_walks(conditional):
    z = np.random.default_rng(0).normal(size=[3, 6])
    assert len(set(same(conditional, lambda c: c.from_latents(z, labels=[0, 1, 2])))) == 3
    walk = same(conditional, lambda c: c.interpolate(1, 2, [0, 0.3, 1]))
    ends = same(conditional, lambda c: c.generate([1, 2]))
    assert [walk[0], walk[2]] == ends and walk[1] not in ends
    same(conditional, lambda c: c.interpolate(1, 2, 0.5, truncation=0.5, labels=(0, 2)))


def test_the_discriminator(conditional):
    pictures = same(conditional, lambda c: c.generate([1, 2, 3]))
    found = same(conditional, lambda c: c.discriminate(pictures, labels=0))
    assert found.dtype == np.float32 and found.shape == (3,) and len(set(found.tolist())) == 3


def test_the_card(conditional):
    cards = [client.card() for client in conditional.values()]
    assert cards[0] == cards[1] == cards[2]
    assert cards[0]["classes"] == ["beagle", "pug", "toy poodle"] and cards[0]["image_shape"] == [28, 28, 3]


def test_any_signature(conditional):
    inputs = {"seed": [4, 5], "truncation": [0, 0], "label": [-1, 2]}
    for name in ("label", "image_bytes"):
        same(conditional, lambda c, name=name: c.predict("serving_default", inputs)[name])


def test_status(conditional):
    for client in conditional.values():
        assert client.status() == [(1, "AVAILABLE")]


def test_a_model_without_classes(plain):
    files = same(plain, lambda c: c.generate([1, 2, 3], truncation=0.7))
    assert same(plain, lambda c: c.interpolate(1, 3, [0, 1], truncation=0.7)) == [files[0], files[2]]
    same(plain, lambda c: c.discriminate(files))
    assert same(plain, lambda c: c.card()["classes"]) == []
    for client in plain.values():
        with pytest.raises(ServingError, match="this model has no classes"):
            client.generate([1], labels=0)


@pytest.mark.parametrize(
    ("call", "named"),
    [
        (lambda c: c.generate([1, 2], truncation=[0, -1]), "truncation must be .* row 1"),
        (lambda c: c.generate([1], truncation=float("nan")), "truncation must be .* row 0"),
        (lambda c: c.generate([1, 2], labels=[0, 3]), "label must be .* row 1"),
        (lambda c: c.discriminate([b"no picture"], labels=0), "row 0"),
        (lambda c: c.generate(range(1025)), "1024"),
        (lambda c: c.predict("card", {"field": ["colour"]}), "row 0"),
        (lambda c: c.from_latents(np.full([1, 6], np.inf), labels=0), "row 0"),
        (lambda c: c.from_latents(np.zeros([1, 7]), labels=0), ""),
    ],
)
def test_the_same_refusals(conditional, call, named):
    for client in conditional.values():
        with pytest.raises(ServingError, match=f"INVALID_ARGUMENT: .*{named}"):
            call(client)


def test_versions_and_names_that_are_not_there(conditional):
    for target in list(conditional)[:2]:
        for options in ({"name": "cats"}, {"version": 7}):
            with connect(target, **options) as client, pytest.raises(ServingError, match="NOT_FOUND"):
                client.generate([1])


def test_threads(conditional):
    expected = same(conditional, lambda c: c.generate(range(24)))
    with concurrent.futures.ThreadPoolExecutor(6) as pool:
        for client in conditional.values():
            assert [file for (file,) in pool.map(lambda i, c=client: c.generate([i]), range(24))] == expected
