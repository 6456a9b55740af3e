"""Requests to a real export that are run together: the bytes are those that each gets alone."""

import concurrent.futures
import functools
import json
import threading

import numpy as np
import pytest

from tfdogs.sampling.sampler import chunk_size
from tfdogs.serving import rest
from tfdogs.serving.bounded_pool import BoundedPool
from tfdogs.serving.errors import ServingError
from tfdogs.serving.servable import Servable

PATH = "/v1/models/dogs:predict"


class Counted(Servable):
    """The export's version, which notes how many rows each run has, and waits for a gate at the first."""

    def __init__(self, folder):
        super().__init__(folder)
        self.runs, self.begun, self.gate = [], threading.Event(), threading.Event()

    def predict(self, signature_name, inputs):
        self.runs.append((signature_name, len(next(iter(inputs.values())))))
        self.begun.set()
        assert self.gate.wait(60)
        return super().predict(signature_name, inputs)


@pytest.fixture(scope="module")
def versions(versions_of):
    return versions_of(Counted)


@pytest.fixture
def servable(versions):
    servable = versions.find("dogs")
    servable.gate.set()
    servable.runs.clear()
    return servable


def body(signature, *rows):
    return json.dumps({"signature_name": signature, "instances": rows}).encode()


def seed(number, label=-1):
    return {"seed": number, "truncation": 0.5, "label": label}


def together(versions, bodies, **options):
    """Answers of requests that all wait while one of another kind runs; errors in their place."""
    servable = versions.find("dogs")
    servable.gate.clear()
    servable.begun.clear()
    pool = BoundedPool(1, len(bodies), **options)
    first = pool.submit(rest.read, versions, PATH, body("images", seed(99)))
    assert servable.begun.wait(60)
    futures = [pool.submit(rest.read, versions, PATH, text) for text in bodies]
    servable.gate.set()
    first.result(60)
    concurrent.futures.wait(futures, 60)
    pool.shutdown()
    return [future.exception() or future.result() for future in futures]


def alone(versions, text):
    try:
        return rest.answer(versions, "POST", PATH, body=text)
    except ServingError as e:
        return e


def test_the_chunk_is_the_exports(servable, plain_export_dir):
    assert servable.chunk == Servable(plain_export_dir / "1").chunk == chunk_size((28, 28, 3)) == 32


def test_single_rows_get_the_bytes_that_they_get_alone(versions, servable):
    bodies = [body("serving_default", seed(n, n % 4 - 1)) for n in range(40)]
    expected = [alone(versions, text) for text in bodies]
    servable.runs.clear()
    assert together(versions, bodies) == expected
    assert servable.runs == [("images", 1), ("serving_default", 32), ("serving_default", 8)]


def test_each_signature_runs_for_itself(versions, servable):
    z = np.random.default_rng(0).normal(size=[6]).tolist()
    walk = {"seed_from": 1, "seed_to": 2, "fraction": 0.5, "truncation": 0, "label_from": 0, "label_to": -1}
    dog = json.loads(alone(versions, body("serving_default", seed(3))))["predictions"][0]["image_bytes"]
    kinds = {
        "serving_default": seed(7),
        "images": seed(7),
        "from_latents": {"z": z, "label": 2},
        "interpolate": walk,
        "discriminate": {"image_bytes": dog, "label": 1},
        "card": {"field": "classes"},
    }
    bodies = [body(name, row) for name, row in kinds.items() for _ in range(2)]
    expected = [alone(versions, text) for text in bodies]
    servable.runs.clear()
    assert together(versions, bodies) == expected
    runs = [(name, 2) for name in kinds if name != "card"]
    assert sorted(servable.runs) == sorted([("images", 1), *runs, ("card", 1), ("card", 1)])


def test_bad_rows_are_told_to_their_own_requests(versions, servable):
    rows = [seed(1), {**seed(2), "truncation": -1}, seed(3), seed(4, label=3), {"seed": 5}, seed(6)]
    bodies = [body("serving_default", row) for row in rows]
    bodies += [body("serving_default", seed(7), {**seed(8), "truncation": -2}), b"{", body("none", seed(9))]
    found = [str(answer) for answer in together(versions, bodies)]
    assert found == [str(alone(versions, text)) for text in bodies]
    assert "truncation must be 0 (none) or in (0, 1000]. Received: -1 in row 0" in found[1]
    assert "label must be" in found[3] and "Received: -2 in row 1" in found[6]


def test_without_merging_each_is_run_for_itself(versions, servable):
    bodies = [body("serving_default", seed(n)) for n in range(3)]
    assert together(versions, bodies, merge=False) == [alone(versions, text) for text in bodies]
    assert servable.runs[:4] == [("images", 1)] + [("serving_default", 1)] * 3


def test_what_was_given_up_is_not_run(versions, servable):
    servable.gate.clear()
    servable.begun.clear()
    pool = BoundedPool(1, 3)
    read = functools.partial(rest.read, versions, PATH)
    first = pool.submit(read, body("serving_default", seed(1)))
    assert servable.begun.wait(60)
    second, third = (pool.submit(read, body("serving_default", seed(n))) for n in (2, 3))
    assert second.cancel()
    servable.gate.set()
    assert first.result(60) and third.result(60) == alone(versions, body("serving_default", seed(3)))
    assert servable.runs[:2] == [("serving_default", 1)] * 2
    pool.shutdown()
