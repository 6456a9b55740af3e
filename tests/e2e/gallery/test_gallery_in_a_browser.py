"""The gallery as a browser opens it from disk."""

import shutil

import pytest

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


@pytest.fixture(scope="module")
def chromium():
    """A browser."""
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    if BROWSER is None:
        pytest.skip("there is no chromium here")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=BROWSER, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def visit(chromium, good, place):
    """Opens the gallery of a run from disk in a window; complaints of the browser fail the test."""
    complaints, contexts = [], []
    folder = place / "shown"
    if not folder.exists():
        good("--model_dir=run", "--quiz=4", output="shown")

    def visit(width=1280, **options):
        contexts.append(chromium.new_context(viewport={"width": width, "height": 900}, **options))
        page = contexts[-1].new_page()
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("requestfailed", lambda request: complaints.append(request.url))
        page.goto(f"file://{folder}/index.html")
        return page

    yield visit
    for context in contexts:
        context.close()
    assert complaints == []


def columns(page):
    """Returns, from left to right, the tops of the images in each column of the wall."""
    boxes = page.locator(".wall a").evaluate_all("all => all.map(a => a.getBoundingClientRect())")
    lefts = sorted({round(box["left"]) for box in boxes})
    return [sorted(box["top"] for box in boxes if round(box["left"]) == left) for left in lefts], boxes


@pytest.mark.parametrize("width, count", [(1280, 12), (800, 8), (390, 4)])
def test_the_wall_is_laid_like_bricks(visit, width, count):
    page = visit(width)
    tops, boxes = columns(page)
    assert len(tops) == count and sum(map(len, tops)) == 78
    if count == 12:
        assert [len(column) for column in tops] == [7, 6] * 6
    pitch = tops[0][1] - tops[0][0]
    for left, right in zip(tops, tops[1:]):
        assert abs(abs(right[0] - left[0]) - pitch / 2) < 1
    assert all(abs(box["width"] - box["height"]) < 1 and box["height"] < pitch for box in boxes)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_an_image_opens_large_and_the_keyboard_leads_on(visit):
    page = visit()
    page.locator(".wall a").nth(3).focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    large = page.locator("dialog")
    assert large.is_visible() and "seed 16" in large.inner_text()
    assert large.locator("img").evaluate("i => i.complete && i.naturalWidth") == 28
    page.keyboard.press("ArrowLeft")
    assert "seed 15" in large.inner_text() and page.url.endswith("#image-15")
    page.keyboard.press("Home")
    page.keyboard.press("ArrowLeft")
    assert "seed 77" in large.inner_text()
    page.keyboard.press("Escape")
    assert not large.is_visible() and page.url.endswith("index.html")
    assert page.evaluate("document.activeElement.id") == "image-77"
    page.goto(f"{page.url}#image-9")
    page.reload()
    assert large.inner_text().startswith("seed 9")


def test_every_picture_is_there(visit):
    page = visit(reduced_motion="reduce")
    page.wait_for_function("[...document.querySelectorAll('main img')].every(i => i.loading = 'eager')")
    page.wait_for_function("[...document.querySelectorAll('main img')].every(i => i.complete)")
    sizes = page.locator("main img").evaluate_all("all => all.map(i => i.naturalWidth)")
    assert len(sizes) == 78 + 4 + 1 and all(sizes)
    film, button = page.locator(".film img"), page.locator("#pause")
    assert film.evaluate("i => i.currentSrc").endswith("film.png") and button.inner_text() == "Play"
    button.click()
    page.wait_for_function("document.querySelector('.film img').currentSrc.endsWith('film.gif')")
    assert button.inner_text() == "Stop"


def test_the_sheet_gives_nothing_away_until_it_is_asked(visit):
    page = visit(390)
    boxes = page.locator(".quiz input").evaluate_all(
        "all => all.map(i => [i.getBoundingClientRect().width, i.getBoundingClientRect().height])"
    )
    assert len(boxes) == 4 and len({tuple(box) for box in boxes}) == 1
    assert not page.locator(".quiz b").first.is_visible()
    page.locator(".quiz .real input").first.check()
    page.locator(".quiz li:not(.real) input").first.check()
    page.locator(".quiz summary").click()
    page.wait_for_function("document.getElementById('found').textContent")
    assert "found 1 of 2 real ones, and held 1 drawn for real" in page.locator(".quiz details").inner_text()
    assert page.locator(".quiz b").evaluate_all("all => all.filter(b => b.offsetWidth).length") == 4


def test_light_and_dark(visit):
    page = visit()
    for scheme, paper in (("light", "rgb(250, 247, 242)"), ("dark", "rgb(23, 21, 18)")):
        page.emulate_media(color_scheme=scheme)
        assert page.evaluate("getComputedStyle(document.body).backgroundColor") == paper


def test_without_scripts_all_is_still_there(visit):
    page = visit(java_script_enabled=False)
    assert page.locator(".wall a").first.get_attribute("href") == "images/image_00000.png"
    page.locator(".quiz summary").click()
    assert "Real are" in page.locator(".quiz details").inner_text()
    assert page.locator(".quiz b").first.is_visible()
