"""Requests to predict that are wrong in hundreds of ways, always the same."""

import base64
import io
import itertools
import json
import struct
import zlib

import requests
from PIL import Image

PREDICT = "/v1/models/dogs:predict"


def png(width=8, height=8):
    file = io.BytesIO()
    Image.new("RGB", (8, 8), (90, 120, 30)).save(file, "PNG")
    data = bytearray(file.getvalue())
    data[16:24] = struct.pack(">II", width, height)
    data[29:33] = struct.pack(">I", zlib.crc32(bytes(data[12:29])))
    return bytes(data)


def b64(data):
    return {"b64": base64.b64encode(data).decode()}


# A good row of each signature of the conditional export: 3 classes, a latent of 6 numbers.
GOOD = {
    "serving_default": {"seed": 1, "truncation": 0.5, "label": -1},
    "images": {"seed": -(2**63), "truncation": 0.0, "label": 2},
    "from_latents": {"z": [0.5] * 6, "label": 0},
    "interpolate": {
        "seed_from": 1, "seed_to": 2, "fraction": 0.5, "truncation": 0.0, "label_from": -1, "label_to": 1,
    },
    "discriminate": {"image_bytes": b64(png()), "label": 0},
    "card": {"field": "classes"},
}  # fmt: skip

# Cut, overlong, half of a pair of surrogates, beyond Unicode, and beside what is right.
NOT_UTF8 = [
    b"\xff", b"\xff\xfe", b"\x80", b"\xc3", b"caf\xc3", b"model\xe2\x82", b"\xf0\x9f\x90", b"\xc0\xaf",
    b"\xe0\x80\xaf", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xf8\x88\x80\x80\x80",
    b"model\xff", b"\xffmodel", b"a\0\xff", b"] [\xff]",
]  # fmt: skip
NOT_ONE_VALUE = [None, True, "1", [], [1], {}, {"b64": "AA=="}, {"b64": "AA==", "c": 1}, {"a": {}}, [[[[1]]]]]
NOT_AN_INT = [*NOT_ONE_VALUE, 1.0, 1e3, 2**63, -(2**63) - 1, 10**400, float("nan"), float("-inf")]
NOT_A_LABEL = [*NOT_AN_INT, 3, -2, 2**31, 2**31 - 1, -(2**31) - 1]
NOT_A_FLOAT = [*NOT_ONE_VALUE, 16777217, 10**400, 1e39, -1e39]
NOT_A_TRUNCATION = [*NOT_A_FLOAT, float("nan"), float("inf"), float("-inf"), -0.001, -1, 1000.5, 1e38]
NOT_A_FRACTION = [*NOT_A_FLOAT, float("nan"), float("inf"), -0.001, 1.001, 1e30]
Z = [0.5] * 5  # of 6
NOT_A_LATENT = [
    None, 1.5, "z", {}, [], Z, [*Z, 1, 1], [[0.5] * 6], [[0.5]] * 6, [*Z, None], [*Z, [0.5]],
    [*Z, float("nan")], [*Z, float("inf")], [*Z, 1e39], ["a"] * 6, [True] * 6,
]  # fmt: skip
NOT_A_PICTURE = [
    None, 1, 1.5, True, [], ["a"], {}, {"b64": 1}, {"b64": None}, {"b64": "A"}, {"b64": "!!!!"},
    {"b64": "A=A="}, {"b64": "\u00e9"}, {"B64": "AAAA"}, "", "a picture", "\ud800", b64(b""),
    b64(b"\0" * 100), b64(b"GIF89a" + b"\0" * 50), b64(b"BM" + b"\0" * 60), b64(b"RIFF\0\0\0\0WEBPVP8 "),
    b64(b"\xff\xd8\xff\xe0" + b"\0" * 30), b64(png()[:20]), b64(png()[:-20]), b64(png()[1:]),
    *map(b64, NOT_UTF8),
    b64(png(1 << 13, 1 << 13)), b64(png(2**31 - 1, 2**31 - 1)), b64(png(0, 0)),
]  # fmt: skip
NOT_A_FIELD = [
    None, 1, True, [], ["model"], {}, {"b64": "?"}, "", "nope", "Model", "../card", "model\0", "\ud800",
    "x" * 10**5, *map(b64, NOT_UTF8),
]  # fmt: skip
WRONG = {
    "seed": NOT_AN_INT, "seed_from": NOT_AN_INT, "seed_to": NOT_AN_INT, "truncation": NOT_A_TRUNCATION,
    "fraction": NOT_A_FRACTION, "label_from": NOT_A_LABEL, "label_to": NOT_A_LABEL, "label": NOT_A_LABEL,
    "z": NOT_A_LATENT, "image_bytes": NOT_A_PICTURE, "field": NOT_A_FIELD,
}  # fmt: skip
# Labels of real rows: a walk and a picture have no label "of the seed's own" where the row has no seed.
NO_SEED = {"from_latents", "discriminate"}


def body(signature, **parts):
    return json.dumps({"signature_name": signature, **parts}).encode()


def wrong_values():
    """A wrong value in the last of three rows; every other one in column form."""
    turns = itertools.count()
    for signature, row in GOOD.items():
        for name in row:
            extra = [-1] if name == "label" and signature in NO_SEED else []
            for value in (*WRONG[name], *extra):
                rows = [row, row, {**row, name: value}]
                if next(turns) % 2:
                    yield body(signature, instances=rows)
                else:
                    yield body(signature, inputs={key: [row[key] for row in rows] for key in row})


def wrong_forms():
    """Requests whose values are right and whose form is not."""
    for signature, row in GOOD.items():
        rows = [row, row]
        columns = {key: [value, value] for key, value in row.items()}
        yield body(signature)
        yield body(signature, instances=[])
        yield body(signature, instances=row)
        yield body(signature, instances=None)
        yield body(signature, instances=rows, inputs=columns)
        yield body(signature, instances=[*rows, 5])
        yield body(signature, instances=[*rows, {}])
        yield body(signature, instances=[{**row, "more": 1}])
        yield body(signature, inputs={})
        yield body(signature, inputs=None)
        yield body(signature, Inputs=columns)
        yield body(signature + " ", instances=rows)
        for key in row:
            yield body(signature, instances=[row, {name: row[name] for name in row if name != key}])
            yield body(signature, inputs={name: columns[name] for name in row if name != key})
            yield body(signature, inputs={**columns, key: row[key]})
            yield body(signature, inputs={**columns, key: [columns[key]]})
            if len(row) > 1:
                yield body(signature, inputs={**columns, key: columns[key][:1]})
                yield body(signature, inputs={**columns, key: []})
        yield body(signature, inputs={key: [value] * 1025 for key, value in row.items()})
    for name in (
        None,
        1,
        [],
        {},
        True,
        "nope",
        "__saved_model_init_op",
        "Serving_default",
        "\ud800",
        "x" * 10**6,
    ):
        yield body(name, instances=[GOOD["serving_default"]])


def test_the_good_rows_are_good(server):
    for signature, row in GOOD.items():
        for parts in ({"instances": [row] * 3}, {"inputs": {key: [value] * 3 for key, value in row.items()}}):
            answer = requests.post(server.url + PREDICT[1:], data=body(signature, **parts), timeout=60)
            assert answer.status_code == 200, answer.text


def test_each_of_500_malformed_bodies_gets_a_4xx_and_a_reason(check, frame):
    malformed = list(dict.fromkeys([*wrong_values(), *wrong_forms()]))
    assert len(malformed) >= 500
    check([frame("POST", PREDICT, text) for text in malformed])
