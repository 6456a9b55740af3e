"""What all clients do with inputs before anything is sent."""

import json

import numpy as np
import pytest

from tfdogs.errors import UsageError
from tfdogs.serving.client.client import CARD, Client, Tensors
from tfdogs.serving.errors import ServingError

PLAIN = {
    "serving_default": Tensors({"seed": ("int64", (None,)), "truncation": ("float32", (None,))}, {}),
    "images": Tensors({"seed": ("int64", (None,)), "truncation": ("float32", (None,))}, {}),
    "from_latents": Tensors({"z": ("float32", (None, 2))}, {}),
    "interpolate": Tensors(
        {
            "seed_from": ("int64", (None,)),
            "seed_to": ("int64", (None,)),
            "fraction": ("float32", (None,)),
            "truncation": ("float32", (None,)),
        },
        {},
    ),
    "discriminate": Tensors({"image_bytes": ("string", (None,))}, {}),
    "card": Tensors({"field": ("string", (None,))}, {}),
}
LABEL = {"label": ("int32", (None,))}
CONDITIONAL = {
    **{name: Tensors({**PLAIN[name].inputs, **LABEL}, {}) for name in PLAIN if name != "card"},
    "interpolate": Tensors(
        {**PLAIN["interpolate"].inputs, "label_from": ("int32", (None,)), "label_to": ("int32", (None,))}, {}
    ),
    "card": PLAIN["card"],
}


class Fake(Client):
    """Keeps what it is asked and answers with a little of it."""

    def __init__(self, signatures, fail=()):
        super().__init__(name="dogs", version=None, deadline=1.0, retries=2)
        self.known, self.asked, self.sent, self.fail = signatures, 0, [], list(fail)

    def _ask_signatures(self, seconds):
        self.asked += 1
        return self.known

    def _predict(self, signature_name, arrays, outputs, seconds):
        self.sent.append((signature_name, arrays))
        if self.fail:
            raise ServingError(self.fail.pop(0), "no")
        if signature_name == "card":
            values = np.empty(len(arrays["field"]), object)
            values[:] = [json.dumps(f"of {field.decode()}").encode() for field in arrays["field"]]
            return {"value": values}
        count = len(next(iter(arrays.values())))
        outputs = {"images": np.zeros([count, 1, 1, 3], np.uint8)}
        if signature_name == "discriminate":
            outputs = {"score": np.zeros(count, np.float32)}
        return (
            {**outputs, "image_bytes": np.array([b"png"] * count, object)} if "images" in outputs else outputs
        )

    def _status(self, seconds):
        return [(1, "AVAILABLE")]


def sent(client):
    """Inputs of the last request, as {name: (dtype, list)}."""
    return {name: (array.dtype.name, array.tolist()) for name, array in client.sent[-1][1].items()}


def test_generate_fills_in_what_is_not_given():
    client = Fake(PLAIN)
    assert client.generate([1, -2, 2**63 - 1]) == [b"png"] * 3
    assert client.sent[-1][0] == "serving_default"
    assert sent(client) == {"seed": ("int64", [1, -2, 2**63 - 1]), "truncation": ("float32", [0, 0, 0])}
    client = Fake(CONDITIONAL)
    client.generate(range(2), truncation=[0.5, 1.0], labels=np.array([7, 7]))
    client.generate(range(2), truncation=[0.5, 1.0], labels=7)
    assert sent(client)["truncation"] == ("float32", [0.5, 1.0]) and sent(client)["label"] == (
        "int32",
        [7, 7],
    )
    client.generate([1], truncation=1e300)
    assert sent(client)["truncation"] == ("float32", [np.inf])
    client.images([5], labels=[3])
    assert client.sent[-1][0] == "images" and sent(client)["label"] == ("int32", [3])
    client.generate([5])
    assert sent(client)["label"] == ("int32", [-1])


def test_nothing_is_legal():
    client = Fake(CONDITIONAL)
    assert client.generate([]) == [] and sent(client) == {
        "seed": ("int64", []),
        "truncation": ("float32", []),
        "label": ("int32", []),
    }
    assert client.images([]).shape == (0, 1, 1, 3)
    assert client.discriminate([], labels=[]).shape == (0,)


def test_latents():
    client = Fake(PLAIN)
    assert client.from_latents([[0.5, 1], [2, 3]]) == [b"png"] * 2
    assert sent(client) == {"z": ("float32", [[0.5, 1], [2, 3]])}
    client = Fake(CONDITIONAL)
    client.from_latents(np.zeros([2, 2]), labels=1)
    assert sent(client)["label"] == ("int32", [1, 1])
    with pytest.raises(ServingError, match="from_latents of a conditional model takes labels"):
        client.from_latents(np.zeros([2, 2]))


def test_latents_of_a_model_that_truncates_styles():
    inputs = {"z": ("float32", (None, 2)), "truncation": ("float32", (None,))}
    client = Fake({**PLAIN, "from_latents": Tensors(inputs, {})})
    client.from_latents(np.zeros([2, 2]))
    assert sent(client)["truncation"] == ("float32", [0, 0])
    client.from_latents(np.zeros([2, 2]), truncation=0.5)
    assert sent(client)["truncation"] == ("float32", [0.5, 0.5])
    with pytest.raises(ServingError, match="truncates no styles: its from_latents takes no truncation"):
        Fake(PLAIN).from_latents(np.zeros([2, 2]), truncation=0.5)


def test_interpolate_spreads_single_values():
    client = Fake(PLAIN)
    assert len(client.interpolate(1, 2, [0, 0.5, 1])) == 3
    assert sent(client) == {
        "seed_from": ("int64", [1, 1, 1]),
        "seed_to": ("int64", [2, 2, 2]),
        "fraction": ("float32", [0, 0.5, 1]),
        "truncation": ("float32", [0, 0, 0]),
    }
    assert len(client.interpolate([1, 2], 3, 0.5, truncation=0.7)) == 2
    assert client.interpolate([], 3, 0.5) == []
    client = Fake(CONDITIONAL)
    client.interpolate(1, 2, [0.25, 0.5], labels=(4, [5, 6]))
    assert sent(client)["label_from"] == ("int32", [4, 4]) and sent(client)["label_to"] == ("int32", [5, 6])
    client.interpolate(1, 2, 0.25)
    assert sent(client)["label_from"] == sent(client)["label_to"] == ("int32", [-1])


def test_discriminate_and_card():
    client = Fake(PLAIN)
    assert client.discriminate([b"\x89PNG", b"a\0"]).dtype == np.float32
    assert sent(client) == {"image_bytes": ("object", [b"\x89PNG", b"a\0"])}
    assert client.card() == {field: f"of {field}" for field in CARD}


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda c: c.generate([1.5]), "input seed must be int64"),
        (lambda c: c.generate([2**63]), "input seed must be in the range of int64"),
        (lambda c: c.generate([2**70]), "input seed must be int64"),
        (lambda c: c.generate(["x"]), "input seed must be int64"),
        (lambda c: c.generate([1, 2], truncation=[1, 2, 3]), "input truncation must be one value or 2"),
        (lambda c: c.generate([1], truncation="much"), "input truncation must be float32"),
        (lambda c: c.generate([1], labels=0), "this model has no classes: it takes no labels"),
        (lambda c: c.interpolate([1, 2], [1, 2, 3], 0.5), "input seed_to must be one value or 2"),
        (lambda c: c.interpolate(1, 2, 0.5, labels=(1, 2)), "this model has no classes"),
        (lambda c: c.discriminate(["text", 3]), "input image_bytes must be bytes. Received: int"),
        (lambda c: c.discriminate(3), "images must be a list of bytes. Received: int"),
        (lambda c: c.generate([True]), "input seed must be int64. Received: bool"),
        (lambda c: c.interpolate(True, False, 0.5), "input seed_from must be int64. Received: bool"),
        (lambda c: c.generate([1], truncation=True), "input truncation must be float32. Received: bool"),
        (lambda c: c.generate([[1, 2], [3]]), "input seed is no array"),
        (lambda c: c.from_latents(3.0), r"input z must be \[N, latent_dim\]. Received: shape \(\)"),
        (lambda c: c.from_latents([1.0, 2.0]), r"input z must be .* Received: shape \(2,\)"),
        (lambda c: c.from_latents([[1], [2, 3]]), "input z is no array"),
        (lambda c: c.interpolate(1, 2, 0.5, labels=3), "labels must be a pair, of both ends. Received: 3"),
        (lambda c: c.interpolate(1, 2, 0.5, labels=(1, 2, 3)), "labels must be a pair"),
        (lambda c: c.interpolate(1, 2, [[0.5], [0, 1]]), "input fraction is no array"),
        (lambda c: c.predict("bark", {}), "signature must be one of card, .*Received: bark"),
        (
            lambda c: c.predict("serving_default", {"seed": [1], "size": [2]}),
            "serving_default takes seed, truncation. Received: seed, size",
        ),
        (lambda c: c.predict("card", {}), "card takes field. Received: nothing"),
    ],
)
def test_wrong_inputs_are_not_sent(call, message):
    client = Fake(PLAIN)
    with pytest.raises(ServingError, match=message) as caught:
        call(client)
    assert caught.value.code == "INVALID_ARGUMENT" and client.sent == []


@pytest.mark.parametrize("code", ["INVALID_ARGUMENT", "NOT_FOUND", "FAILED_PRECONDITION"])
def test_signatures_are_asked_for_once_and_again_after_a_refusal(code):
    client = Fake(PLAIN)
    client.generate([1])
    client.generate([2])
    assert client.asked == 1
    client.fail, client.known = [code], CONDITIONAL
    with pytest.raises(ServingError):
        client.generate([3])
    client.generate([4], labels=1)
    assert client.asked == 2 and sent(client)["label"] == ("int32", [1])


def test_a_busy_server_is_asked_again():
    client = Fake(PLAIN, fail=["UNAVAILABLE", "RESOURCE_EXHAUSTED"])
    assert client.generate([1]) == [b"png"] and len(client.sent) == 3


def test_a_closed_client_says_so():
    with Fake(PLAIN) as client:
        assert client.status() == [(1, "AVAILABLE")]
    for call in (client.card, client.status, lambda: client.generate([1])):
        with pytest.raises(ServingError, match="FAILED_PRECONDITION: the client is closed"):
            call()


@pytest.mark.parametrize("version", [-1, "1", 1.0, True])
def test_illegal_versions(version):
    with pytest.raises(UsageError, match="version must be a number of 0 or more, or None"):
        Client.__init__(Fake(PLAIN), name="dogs", version=version, deadline=1.0, retries=0)
