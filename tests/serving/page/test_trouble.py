"""What the page says when the server is busy, strict or away."""

import pytest

api = pytest.importorskip("playwright.sync_api", reason="needs playwright")


def test_a_busy_server_is_asked_again(visit, shown):
    page = visit("#seed=1", trouble=True)
    shown(page, 1)
    left = [2]

    def busy(route):
        left[0] -= 1
        if left[0] >= 0:
            route.fulfill(status=503, json={"error": "full"})
        else:
            route.continue_()

    page.route("**/v1/**", busy)
    page.fill("#dog-seed", "77")
    page.press("#dog-seed", "Enter")
    api.expect(page.locator("#notice")).to_contain_text("busy")
    shown(page, 77)
    api.expect(page.locator("#notice")).not_to_contain_text("busy")


def test_what_the_server_refuses_is_told(visit, shown):
    page = visit("#seed=1", trouble=True)
    shown(page, 1)
    answer = {"status": 400, "json": {"error": "truncation <b>must</b> be"}}
    page.route("**/v1/**", lambda route: route.fulfill(**answer))
    page.fill("#dog-seed", "77")
    page.press("#dog-seed", "Enter")
    api.expect(page.locator("#notice")).to_contain_text("The server says: truncation <b>must</b> be")
    assert page.locator("#dog-frame img").is_visible()  # the last dog stays
    page.unroute("**/v1/**")
    page.click("#notice button:has-text('Try again')")
    shown(page, 77)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            "assertion failed: [truncation must be 0 (none) or in (0, 1000]. Received: -1 in row 3] "
            "[[{{node admit/Assert}}]]",
            "truncation must be 0 (none) or in (0, 1000]. Received: -1 in row 3",
        ),
        (
            '2 root error(s) found.\n  (0) INVALID_ARGUMENT: assertion failed: [no field d\\303\\274\\"]\n\t '
            "[[{{node a}}]]\n  (1) INVALID_ARGUMENT: assertion failed: [other]\n\t [[{{node b}}]]",
            'no field dü"',
        ),
        ("assertion failed: [label must be]", "label must be"),
    ],
)
def test_of_a_failed_assertion_the_sentence_is_told(visit, shown, text, sentence):
    page = visit("#seed=1", trouble=True)
    shown(page, 1)
    page.route("**/v1/**", lambda route: route.fulfill(status=400, json={"error": text}))
    page.fill("#dog-seed", "77")
    page.press("#dog-seed", "Enter")
    said = page.locator("#notice")
    api.expect(said).to_contain_text(f"The server says: {sentence}")
    assert "assertion" not in said.inner_text() and "node" not in said.inner_text()


def test_a_server_that_never_answers_is_told(visit, shown):
    page = visit("#seed=1", trouble=True)
    shown(page, 1)
    page.clock.install()
    page.route("**/v1/**", lambda route: None)
    with page.expect_request("**/v1/**"):
        page.fill("#dog-seed", "77")
        page.press("#dog-seed", "Enter")
    page.clock.run_for(31_000)
    api.expect(page.locator("#notice")).to_contain_text("takes too long to answer. Trying again")


def test_browsers_that_cannot_join_signals_will_do(visit, shown):
    page = visit("#seed=1")
    page.add_init_script("delete AbortSignal.any; delete AbortSignal.timeout")
    page.goto(page.url.replace("seed=1", "seed=8"))
    page.reload()
    shown(page, 8)


@pytest.mark.parametrize("early", [True, False])
def test_a_server_that_is_away_is_told(visit, early, shown):
    page = visit("#seed=1", trouble=True)
    shown(page, 1)
    page.clock.install()
    if early:  # it is away before the page knows the model
        page.route("**/v1/**", lambda route: route.abort())
        page.reload()
    else:
        page.context.set_offline(True)
        page.fill("#dog-seed", "77")
        page.press("#dog-seed", "Enter")
    api.expect(page.locator("#notice")).to_contain_text("does not answer. Trying again")
    again = page.locator("#notice button:has-text('Try again')")
    for _ in range(20):  # the pauses between tries
        if again.is_visible():
            break
        page.clock.run_for(5000)
        page.wait_for_timeout(50)
    api.expect(page.locator("#notice")).to_contain_text("The server does not answer.")
    page.unroute("**/v1/**")
    page.context.set_offline(False)
    again.click()
    shown(page, 1 if early else 77)
