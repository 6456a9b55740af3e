"""Phones, keyboards, colours, and a page without code in it."""

import re

import numpy as np
import pytest

from tfdogs.serving.browser_files import PAGE_DIR

api = pytest.importorskip("playwright.sync_api", reason="needs playwright")


@pytest.mark.parametrize("kind", ["plain", "breeds"])
def test_a_phone_needs_no_sideways_scrolling(visit, kind, shown):
    touch = {"device_scale_factor": 3, "is_mobile": True, "has_touch": True}
    page = visit("#seed=9007199254740991", kind, viewport={"width": 360, "height": 740}, **touch)
    shown(page, 9007199254740991)
    ready = {
        "walk&seed=9007199254740991&to=9007199254740990": "#walk-canvas",
        "wall&seed=1": "#wall-tiles img",
        "quiz": "#quiz-frame img" if kind == "plain" else "#quiz-none",
    }
    for view in ("", *ready):
        if view:
            page.evaluate("hash => { location.hash = hash }", f"view={view}")
            api.expect(page.locator(ready[view]).first).to_be_visible()
        width = page.evaluate("[document.documentElement.scrollWidth, visualViewport.width]")
        assert width == [360, 360], view
        small = page.evaluate(
            """() => [...document.querySelectorAll("button, .button, select, nav a")].filter((control) => {
                const { height } = control.getBoundingClientRect();
                return height && height < 40;
            }).map((control) => control.outerHTML)"""
        )
        assert small == [], view
    if kind == "plain":
        page.tap("#quiz-real")
        api.expect(page.locator("#quiz-next")).to_be_visible()


def test_the_keyboard_is_enough(visit, shown):
    page = visit("#seed=5")
    shown(page, 5)
    reached = []
    for _ in range(11):
        page.keyboard.press("Tab")
        name, outline = page.evaluate(
            "[document.activeElement.id || document.activeElement.textContent,"
            " getComputedStyle(document.activeElement).outlineStyle]"
        )
        reached.append(name)
        assert outline != "none", name
    wanted = ["home", "Dog", "Walk", "Wall", "Quiz", "dog-next", "dog-seed", "Show", "truncation"]
    assert reached == [*wanted, "dog-copy", "dog-download"]
    page.focus("#home")
    page.keyboard.press("ArrowRight")
    api.expect(page.locator("#dog-name")).not_to_have_text("Dog 5")
    second = shown(page)
    page.keyboard.press("ArrowLeft")
    shown(page, 5)
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press(" ")
    shown(page, second)
    page.focus("nav [data-view=wall]")
    page.keyboard.press("Enter")
    api.expect(page.locator("#wall-tiles img").first).to_be_visible()
    page.focus("#wall-tiles a")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowDown")
    ninth = page.locator("#wall-tiles a").nth(9)  # eight columns
    api.expect(ninth).to_be_focused()
    page.keyboard.press("Enter")
    shown(page, int(ninth.get_attribute("href").partition("=")[2]))


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_words_stand_out_from_their_ground(scheme):
    css = (PAGE_DIR / "style.css").read_text(encoding="utf-8")
    blocks = re.findall(r":root \{(.*?)\}", css, re.DOTALL)
    light, dark = (dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6})", block)) for block in blocks)
    colours = light if scheme == "light" else {**light, **dark}

    def luminance(name):  # of WCAG 2.1
        value = np.array([int(colours[name][i : i + 2], 16) for i in (1, 3, 5)]) / 255
        linear = np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)
        return linear @ [0.2126, 0.7152, 0.0722]

    def contrast(a, b):
        low, high = sorted([luminance(a), luminance(b)])
        return (high + 0.05) / (low + 0.05)

    for ground in ("paper", "card", "mat"):
        assert min(contrast(ink, ground) for ink in ("ink", "soft")) >= 4.5
        assert min(contrast(mark, ground) for mark in ("accent", "edge")) >= 3
    assert contrast("on-accent", "accent") >= 4.5
    assert (luminance("paper") < 0.1) == (scheme == "dark")


def test_nothing_is_written_into_the_page_as_code():
    for path in sorted(PAGE_DIR.iterdir()):
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"innerHTML|insertAdjacentHTML|document\.write|\beval\(", text), path.name
        assert not re.search(r"<style|\sstyle=|\son[a-z]+=\"|(?:src|href)=\"(?:https?:)?//", text), path.name
