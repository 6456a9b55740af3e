"""The walk and the wall, in a browser."""

import pytest

api = pytest.importorskip("playwright.sync_api", reason="needs playwright")

# Counts requests where the page makes them and gives them up: the browser tells of both later, in any order.
COUNT_FLIGHTS = """
window.mostFlights = 0;
const flights = new Set();
const { fetch } = window;
window.fetch = async (url, options) => {
    const { signal } = options, flight = {};
    flights.add(flight);
    mostFlights = Math.max(mostFlights, flights.size);
    signal.addEventListener("abort", () => flights.delete(flight));
    try {
        return await fetch(url, options);
    } finally {
        flights.delete(flight);
    }
};
"""

# How far the wall is scrolled, and the link of a filled tile in the middle of the window, or null.
# A tile is clicked by its link: tiles come and go, so that the hundredth of them is soon another one.
VIEW = """(() => {
    const middle = document.elementFromPoint(innerWidth / 2, innerHeight / 2);
    const link = middle?.closest("#wall-tiles a:has(img)");
    return link && [scrollY, link.getAttribute("href")];
})()"""

# A reader goes on to a walk while the card arrives: the event that tells of it comes when the page has begun.
GO_ON_WHILE_THE_CARD_COMES = """
const { fetch } = window;
window.fetch = async (url, options) => {
    const answer = await fetch(url, options);
    if (!String(options?.body).includes("\\"card\\"")) return answer;
    const card = await answer.json();
    const json = async () => {
        location.hash = "#view=walk&seed=1&to=2";
        return card;
    };
    return { ok: answer.ok, status: answer.status, headers: answer.headers, json };
};
"""


# A busy browser tells several changes at once, the oldest first; the last one counts.
TELL_LATE = """
window.IntersectionObserver = class extends IntersectionObserver {
    constructor(callback, options) {
        const before = ({ target, isIntersecting }) => ({ target, isIntersecting: !isIntersecting });
        super((seen) => callback(seen.flatMap((entry) => [before(entry), entry])), options);
    }
};
"""


def test_a_walk_between_two_dogs(visit, wait_until):
    page = visit("#view=walk&seed=1&to=2")
    canvas, place = page.locator("#walk-canvas"), page.locator("#walk-scrub")
    pixels = "canvas => canvas.toDataURL()"
    api.expect(page.locator("#walk-play")).to_have_text("Pause")
    seen = {canvas.evaluate(pixels)}
    wait_until(page, lambda: int(place.input_value()) > 20)
    seen.add(canvas.evaluate(pixels))
    wait_until(page, lambda: int(place.input_value()) > 60)
    seen.add(canvas.evaluate(pixels))
    assert len(seen) == 3
    page.keyboard.press(" ")
    api.expect(page.locator("#walk-play")).to_have_text("Play")
    for end, thumb in (("0", "#walk-from img"), ("100", "#walk-to img")):
        place.fill(end)
        drawn = page.evaluate(
            """thumb => {
                const canvas = document.createElement("canvas");
                const image = document.querySelector(thumb);
                [canvas.width, canvas.height] = [image.naturalWidth, image.naturalHeight];
                canvas.getContext("2d").drawImage(image, 0, 0);
                return canvas.toDataURL();
            }""",
            thumb,
        )
        assert canvas.evaluate(pixels) == drawn
    page.click("#walk-on")
    page.wait_for_url("**/#view=walk&seed=2&to=*")
    page.go_back()
    page.wait_for_url("**/#view=walk&seed=1&to=2")


def test_a_walk_waits_for_those_who_want_no_motion(visit, wait_until, requests_of):
    page = visit("#view=quiz", "breeds", reduced_motion="reduce")
    asked = requests_of(page)
    page.goto(page.url.replace("view=quiz", "view=walk&seed=1&to=2&to_label=0"))
    api.expect(page.locator("#walk-frame")).to_have_attribute("aria-busy", "false")
    assert page.locator("#walk-play").inner_text() == "Play"
    assert asked == [("interpolate", 32)]  # one request
    page.click("#walk-play")
    wait_until(page, lambda: int(page.locator("#walk-scrub").input_value()) > 10)
    page.select_option("#walk-breed", label="Pug")
    page.wait_for_url("**&to_label=1")


def test_a_walk_to_which_a_reader_goes_early_is_asked_for_once(visit, requests_of):
    page = visit("#view=quiz", "breeds", reduced_motion="reduce")
    page.add_init_script(GO_ON_WHILE_THE_CARD_COMES)
    asked = requests_of(page)
    page.reload()
    api.expect(page.locator("#walk-frame")).to_have_attribute("aria-busy", "false")
    assert asked == [("card", 9), ("interpolate", 32)]
    page.go_back()  # the address is followed as ever
    api.expect(page.locator("#quiz")).to_be_visible()


def test_the_wall_goes_on_and_lets_go(visit, shown, wait_until):
    page = visit("#view=wall&seed=9007199254740980")
    page.add_init_script(COUNT_FLIGHTS)
    page.reload()
    tiles = page.locator("#wall-tiles img")
    api.expect(tiles.first).to_be_visible()
    links = page.locator("#wall-tiles a")
    assert links.nth(11).get_attribute("href") == "#seed=9007199254740991"
    assert links.nth(12).get_attribute("href") == "#seed=0"
    most = 0

    def scrolled():
        nonlocal most
        page.mouse.wheel(0, 1500)
        most = max(most, tiles.count())
        return page.locator(".batch").count() > 20

    wait_until(page, scrolled)
    wait_until(page, lambda: tiles.count() > 100)
    assert max(most, tiles.count()) <= 32 * 12  # of more than 640 that went by
    assert 1 <= page.evaluate("mostFlights") <= 2
    views = [None]

    def settled():
        views.append(page.evaluate(VIEW))
        return views[-1] is not None and views[-1] == views[-2]

    wait_until(page, settled)
    place, href = views[-1]
    seed = int(href.partition("=")[2])
    page.locator(f'#wall-tiles a[href="{href}"]').click()
    shown(page, seed)
    page.go_back()
    api.expect(page.locator("#wall")).to_be_visible()
    assert abs(page.evaluate("scrollY") - place) < 800
    api.expect(page.locator(f'#wall-tiles a[href="{href}"] img')).to_be_visible()


def test_the_wall_goes_on_in_a_browser_that_is_busy(visit, wait_until):
    page = visit("#view=wall&seed=1")
    page.add_init_script(TELL_LATE)
    page.reload()

    def scrolled():
        page.mouse.wheel(0, 1500)
        return page.locator(".batch").count() > 8

    wait_until(page, scrolled)
    wait_until(page, lambda: page.locator("#wall-tiles img").count() > 30)
