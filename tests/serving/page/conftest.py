"""A browser, servers with real exports, and readers who visit them."""

import json
import re
import shutil
import urllib.request

import pytest

from tfdogs.data.paper_dogs import draw

api = pytest.importorskip("playwright.sync_api", reason="needs playwright")
pytest.importorskip("aiohttp", reason="needs aiohttp")

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
BREEDS = ("beagle", "n02085620-Pug", "toy_poodle")


@pytest.fixture(scope="module")  # while one is open, no other Playwright and no asyncio can run in its thread
def browser():
    if CHROMIUM is None:
        pytest.skip("needs chromium")
    flags = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    api.expect.set_options(timeout=60_000)
    with api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=flags)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def serve(tmp_path_factory):
    """Returns the URL of a server: "plain" with real pictures for the quiz, or "breeds" without."""
    from tfdogs.serving.saved_model import export
    from tfdogs.serving.serve_config import ServeConfig
    from tfdogs.serving.server import Server
    from tfdogs.training import run
    from tfdogs.training.config import TrainConfig

    servers = {}

    def start(kind):
        if kind not in servers:
            classes = BREEDS if kind == "breeds" else ()
            sizes = {"g_channels": 2, "d_channels": 2, "latent_dim": 6, "precision": "float32"}
            config = TrainConfig(data_dir="-", model_dir="-", model="mlp", conditional=bool(classes), **sizes)
            card = run.DataCard(image_size=16, channels=3, classes=classes, num_images=60, fingerprint="")
            path = tmp_path_factory.mktemp(kind)
            export(run.build(config, card), path, classes=classes)
            reals = "" if classes else str(draw_reals(tmp_path_factory.mktemp("reals")))
            servers[kind] = Server(ServeConfig(export_dir=str(path), port=0, reals=reals))
            servers[kind].start()
        return servers[kind].url

    start.servers = servers
    yield start
    for server in servers.values():
        server.stop()


def draw_reals(path):
    for number in range(24):
        draw(number, size=16).save(path / f"{number}.png")
    return path


@pytest.fixture
def visit(browser, serve):
    """Returns an opener of pages, each a reader's first visit.

    Afterwards no page may have asked anything of another host or, where no `trouble` was announced, said
    anything on the console.
    """
    contexts, asked, said = [], [], []

    def visit(path="", kind="plain", *, trouble=False, **options):
        url = serve(kind)
        context = browser.new_context(**{"viewport": {"width": 1100, "height": 800}, **options})
        contexts.append(context)
        context.grant_permissions(["clipboard-read", "clipboard-write"], origin=url)
        page = context.new_page()
        page.set_default_timeout(60_000)
        page.on("request", lambda request: asked.append(request.url))
        page.on("pageerror", lambda error: said.append(str(error)))
        if not trouble:
            page.on("console", lambda message: said.append(message.text))
        page.goto(url + path)
        return page

    yield visit
    for context in contexts:
        context.close()
    homes = ("blob:", *(server.url for server in serve.servers.values()))
    assert [url for url in asked if not url.startswith(homes)] == []
    assert said == []


def _shown(page, seed=None):
    """Waits until a dog is there, and returns its seed."""
    name = re.compile(rf"^Dog {r'[0-9]+' if seed is None else seed}$")
    api.expect(page.locator("#dog-name")).to_have_text(name)
    api.expect(page.locator("#dog-frame")).to_have_attribute("aria-busy", "false")
    return int(page.locator("#dog-name").inner_text().split()[1])


@pytest.fixture(scope="session")
def shown():
    """Returns a function that waits until a dog is there and returns its seed."""
    return _shown


def _wait_until(page, condition):
    """Waits for what the page's content security policy lets nobody wait for inside the page."""
    for _ in range(2400):
        if condition():
            return
        page.wait_for_timeout(50)
    raise AssertionError("it did not happen in 120 seconds")


@pytest.fixture(scope="session")
def wait_until():
    """Returns a function that waits for a condition outside the page."""
    return _wait_until


def _downloaded(page):
    with page.expect_download() as download:
        page.click("#dog-download")
    return download.value.suggested_filename, download.value.path().read_bytes()


@pytest.fixture(scope="session")
def downloaded():
    """Returns a function that downloads the dog: (name, bytes)."""
    return _downloaded


def _predict(url, signature, rows):
    body = json.dumps({"signature_name": signature, "instances": rows}).encode()
    with urllib.request.urlopen(f"{url}v1/models/dogs:predict", body) as answer:
        return json.loads(answer.read())["predictions"]


@pytest.fixture(scope="session")
def predict():
    """Returns a function that asks the server itself."""
    return _predict


def _requests_of(page):
    """Returns a list that fills with (signature, number of rows) as the page asks."""
    asked = []

    def note(request):
        if request.method == "POST":
            body = json.loads(request.post_data)
            asked.append((body["signature_name"], len(body["instances"])))

    page.on("request", note)
    return asked


@pytest.fixture(scope="session")
def requests_of():
    """Returns a function that lists what a page asks."""
    return _requests_of
