"""The signatures of two tiny exports, and an event loop."""

import asyncio
import threading

import pytest


@pytest.fixture(scope="session")
def signatures(export_dir):
    """The signatures of `export_dir`'s version 1, name to function."""
    import tensorflow as tf

    model = tf.saved_model.load(str(export_dir / "1"))
    yield model.signatures  # whose variables live as long as the model does


@pytest.fixture(scope="session")
def plain_signatures(plain_export_dir):
    """The signatures of `plain_export_dir`'s version 1, name to function."""
    import tensorflow as tf

    model = tf.saved_model.load(str(plain_export_dir / "1"))
    yield model.signatures


@pytest.fixture(scope="session")
def versions_of(export_dir):
    """Returns a maker of the `Versions` of `export_dir`, from what loads them."""
    from tfdogs.serving.versions import Versions

    def make(load):
        versions = Versions(export_dir, name="dogs", load=load)
        versions.poll()
        return versions

    return make


@pytest.fixture(scope="module")
def run():
    """Returns a function that runs a coroutine in an event loop which goes on in a thread."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    yield lambda coroutine: asyncio.run_coroutine_threadsafe(coroutine, loop).result(60)
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()
