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
