"""One dog at a time, in a browser."""

import base64
import re

import pytest

api = pytest.importorskip("playwright.sync_api", reason="needs playwright")


def test_a_dog_and_the_next_one(visit, serve, shown):
    page = visit()
    first = shown(page)
    assert f"seed={first}" in page.url
    verdict = page.locator("#dog-verdict b")
    api.expect(verdict).to_have_text(re.compile("%  ?real"))
    page.click("#dog-next")
    api.expect(page.locator("#dog-name")).not_to_have_text(f"Dog {first}")
    second = shown(page)
    assert f"seed={second}" in page.url
    page.go_back()
    shown(page, first)
    page.go_forward()
    shown(page, second)
    page.click("#dog-previous")
    shown(page, first)
    assert page.locator("#dog-frame img").get_attribute("alt") == f"Generated dog, seed {first}"
    assert page.title().startswith(f"Dog {first} ")


def test_a_link_shows_the_same_dog_to_others(visit, serve, shown, downloaded, predict):
    page = visit("#seed=2147483648&truncation=0.7")
    shown(page, 2147483648)
    name, ours = downloaded(page)
    assert name == "dog-2147483648-truncation-0.7.png"
    page.click("#dog-copy")
    api.expect(page.locator("#notice")).to_contain_text("copied")
    link = page.evaluate("navigator.clipboard.readText()")
    other = visit(link.removeprefix(serve("plain")))
    shown(other, 2147483648)
    assert downloaded(other)[1] == ours
    (answer,) = predict(serve("plain"), "serving_default", [{"seed": 2147483648, "truncation": 0.7}])
    assert base64.b64decode(answer["b64"]) == ours


def test_seeds_and_truncation_are_chosen(visit, shown, downloaded):
    page = visit("#seed=3")
    shown(page, 3)
    _, free = downloaded(page)
    page.fill("#dog-seed", "9007199254740991")
    page.press("#dog-seed", "Enter")
    shown(page, 9007199254740991)
    page.fill("#dog-seed", "-1")
    page.press("#dog-seed", "Enter")
    api.expect(page.locator("#notice")).to_contain_text("whole number")
    page.go_back()
    shown(page, 3)
    page.locator("#truncation").fill("4")
    page.wait_for_url("**/#seed=3&truncation=0.5")
    shown(page, 3)
    assert page.locator("#truncation-value").inner_text() == "0.5"
    name, bent = downloaded(page)
    assert (name, bent == free) == ("dog-3-truncation-0.5.png", False)
    page.locator("#truncation").press("End")
    page.wait_for_url("**/#seed=3")
    shown(page, 3)
    assert downloaded(page) == ("dog-3.png", free)


def test_a_breed_is_chosen(visit, serve, shown, downloaded, predict):
    page = visit("#seed=4", "breeds")
    shown(page, 4)
    assert page.locator("#dog-breed").inner_text() == "Pug"  # 4 modulo 3
    page.select_option("#breed", label="toy poodle")
    page.wait_for_url("**/#seed=4&label=2")
    api.expect(page.locator("#dog-frame img")).to_have_attribute("alt", "Generated dog, seed 4, toy poodle")
    (answer,) = predict(serve("breeds"), "serving_default", [{"seed": 4, "truncation": 0, "label": 2}])
    assert downloaded(page)[1] == base64.b64decode(answer["image_bytes"]["b64"])


def test_a_wrong_address_is_put_right(visit, shown):
    page = visit("#seed=abc")
    for address, told in [
        ("#seed=abc", "seed is a whole number from 0 to 9007199254740991, and not “abc”"),
        ("#seed=7&truncation=-1", "truncation is 0 for none, or a number up to 1000, and not “-1”"),
        ("#seed=7&label=2", "label is -1: this model knows no breeds, and not “2”"),
        ("#view=cat&seed=7", "view is one of dog, walk, wall, quiz, and not “cat”"),
        ("#seed=1e3&truncation=NaN", "not “1e3”; truncation"),
        ("#seed=%%%&seed=<img src=x onerror=alert(1)>", "not “%%%”"),
    ]:
        page.evaluate("hash => { location.hash = hash }", address)
        api.expect(page.locator("#notice")).to_contain_text(told)
        seed = shown(page, 7 if "seed=7" in address else None)
        assert page.url.endswith(f"/#seed={seed}")
