"""The quiz, in a browser."""

import base64
import io
import json
import urllib.request

import numpy as np
import pytest
from PIL import Image

api = pytest.importorskip("playwright.sync_api", reason="needs playwright")

ROUND = 10
PIXELS = """
    const image = document.querySelector("#quiz-frame img");
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [image.naturalWidth, image.naturalHeight];
    canvas.getContext("2d").drawImage(image, 0, 0);
    canvas.toDataURL().split(",")[1];
"""


def test_a_round_of_the_quiz(visit, serve, predict):
    url = serve("plain")
    with urllib.request.urlopen(f"{url}reals/index.json") as answer:
        names = json.load(answer)["images"]
    reals = set()
    for name in names:
        with urllib.request.urlopen(f"{url}reals/{name}") as answer:
            reals.add(np.asarray(Image.open(answer).convert("RGB")).tobytes())
    assert len(reals) == len(names) > ROUND

    page = visit("#view=quiz")
    rights, pictures = 0, []
    for number in range(ROUND):
        api.expect(page.locator("#quiz-progress")).to_have_text(f"Picture {number + 1} of {ROUND}")
        api.expect(page.locator("#quiz-real")).to_be_enabled()
        png = base64.b64decode(page.evaluate(PIXELS))
        real = np.asarray(Image.open(io.BytesIO(png)).convert("RGB")).tobytes() in reals
        pictures.append((real, png))
        right = number != 6  # one mistake, so that the streak ends once
        keys = ("r", "ArrowLeft") if real == right else ("g", "ArrowRight")
        page.keyboard.press(keys[number % 2])
        rights += right
        api.expect(page.locator("#quiz-score")).to_have_text(str(rights))
        told = page.locator("#quiz-told")
        api.expect(told).to_contain_text("Right" if right else "Wrong")
        api.expect(told).to_contain_text("this one is real." if real else "this one is generated.")
        api.expect(page.locator("#quiz-streak")).to_have_text(str(number + 1 if number < 6 else number - 6))
        page.keyboard.press(" ")
    api.expect(page.locator("#quiz-result")).to_have_text("9 of 10 right")

    listed = page.locator("#quiz-pictures li")
    api.expect(listed).to_have_count(ROUND)
    told = listed.all_inner_texts()
    assert [text.startswith("Real") for text in told] == [real for real, _ in pictures]
    assert [number for number, text in enumerate(told) if "✗" in text] == [6]
    assert 3 <= sum(real for real, _ in pictures) <= 7
    rows = [{"image_bytes": {"b64": base64.b64encode(png).decode()}} for _, png in pictures]
    verdicts = predict(url, "discriminate", rows)
    theirs = sum((p >= 0.5) == real for p, (real, _) in zip(verdicts, pictures))
    api.expect(page.locator("#quiz-summary")).to_contain_text(f"The connoisseur had {theirs} right")
    page.click("#quiz-again")
    api.expect(page.locator("#quiz-progress")).to_have_text(f"Picture 1 of {ROUND}")


def test_without_real_pictures_the_quiz_says_how_to_name_some(visit):
    page = visit("#view=quiz", "breeds")
    api.expect(page.locator("#quiz-none pre")).to_contain_text("python -m tfdogs.serve --export_dir=")
    api.expect(page.locator("#quiz-none")).to_be_visible()
    api.expect(page.locator("#quiz-play")).to_be_hidden()
