"""Questions to a served model, through TensorFlow Serving's own API, and what is wrong with its answers."""

import io

import numpy as np
from PIL import Image

from pipeline.core.patience import load
from tfdogs.errors import TfdogsError
from tfdogs.serving.errors import HTTP_STATUS, ServingError

TOO_SLOW = (
    "the server was too slow, which says nothing of the model: {}. Run the same command to "
    "resume, when the machine is less busy"
)
BUSY = ("UNAVAILABLE", "DEADLINE_EXCEEDED", "RESOURCE_EXHAUSTED")  # no word about the model
SEEDS = (0, 1, 2, 3)
SIGNATURES = {  # what clients, page and server ask for: name -> (inputs, outputs) that must be there
    "serving_default": ({"seed", "truncation"}, {"image_bytes"}),
    "images": ({"seed", "truncation"}, {"images"}),
    "from_latents": ({"z"}, {"image_bytes"}),
    "interpolate": ({"seed_from", "seed_to", "fraction"}, {"image_bytes"}),
    "discriminate": ({"image_bytes"}, set()),
    "card": ({"field"}, {"value"}),
}


class BrokenModelError(TfdogsError):
    """A model does not answer as clients need it."""


def probe(client):
    """Asks a model all that its clients will ask.

    Args:
        client: `tfdogs.serving.client.client.Client`.

    Returns:
        List of what was seen to be right, for people.

    Raises:
        BrokenModelError: it refuses a legal request, answers with something else, or takes an illegal one.
        TfdogsError: the server is out of reach, too slow or out of memory; another time it may do.
    """
    try:
        card = _card(client)
        return [
            _signatures(client),
            f"card: {card['model']}, {card['kimg']:g} kimg, {'x'.join(map(str, card['image_shape']))}",
            _draws(client, card),
            _latents_and_walks(client, card),
            _refuses(client),
        ]
    except ServingError as e:
        if e.code == "DEADLINE_EXCEEDED":
            raise TfdogsError(TOO_SLOW.format(f"{e.message}{load()}")) from e
        if _is_the_servers(e):
            raise TfdogsError(f"the server failed, not the model: {e.code}: {e.message}") from e
        raise BrokenModelError(f"a request failed, {e.code}: {e.message}") from e
    except (KeyError, ValueError, TypeError, OSError) as e:
        raise BrokenModelError(f"an answer cannot be understood: {type(e).__name__}: {e}") from e


def _is_the_servers(error):
    """Says whether a request failed for the server, or for the way to it, whatever the model is like."""
    told = getattr(error.__cause__, "code", None)  # gRPC's own, of which the client makes INTERNAL
    return error.code in BUSY or (callable(told) and told().name not in HTTP_STATUS)


def _signatures(client):
    for name, (inputs, outputs) in SIGNATURES.items():
        found = client.signature(name)
        for side, wanted, there in (("input", inputs, found.inputs), ("output", outputs, found.outputs)):
            for tensor in sorted(wanted - set(there)):
                has = ", ".join(sorted(there)) or "none"
                raise BrokenModelError(f"signature {name} has no {side} {tensor}; it has: {has}")
    return f"signatures: {', '.join(SIGNATURES)}"


def _card(client):
    card = client.card()
    shape = card["image_shape"]
    if len(shape) != 3 or not all(isinstance(side, int) and side > 0 for side in shape):
        raise BrokenModelError(f"its card says that an image has the shape {shape}")
    return card


def _draws(client, card):
    pixels = client.images(SEEDS)
    shape = (len(SEEDS), *card["image_shape"])
    if pixels.dtype != np.uint8 or pixels.shape != shape:
        raise BrokenModelError(f"images are {pixels.dtype} {pixels.shape}, not uint8 {shape}")
    files = client.generate(SEEDS)
    for seed, image, data in zip(SEEDS, pixels, files):
        if not np.array_equal(_decoded(data, card), image):
            raise BrokenModelError(f"serving_default and images draw different pictures of seed {seed}")
    if client.generate(SEEDS[1:2]) != files[1:2]:
        raise BrokenModelError(f"seed {SEEDS[1]} alone is another picture than in company")
    if pixels.std() == 0:
        raise BrokenModelError("all pictures have one colour")
    verdicts = client.discriminate(files, labels=0 if card["classes"] else None)
    if verdicts.shape != (len(SEEDS),) or not np.isfinite(verdicts).all():
        raise BrokenModelError(f"the discriminator answers {verdicts.tolist()}")
    return f"drew seeds {SEEDS[0]} to {SEEDS[-1]}, alone and together, and judged them"


def _latents_and_walks(client, card):
    labels = 0 if card["classes"] else None
    z = np.random.default_rng(0).standard_normal((2, card["latent_dim"])).astype(np.float32)
    for data in client.from_latents(z, labels):
        _decoded(data, card)
    for data in client.interpolate(0, 1, [0.0, 0.5, 1.0]):
        _decoded(data, card)
    return "drew from latents, and a walk"


def _refuses(client):
    try:
        client.generate([0], truncation=-1.0)
    except ServingError as e:
        if e.code == "INVALID_ARGUMENT":
            return "refused an illegal truncation"
        raise
    raise BrokenModelError("it takes a truncation of -1, which is illegal")


def _decoded(data, card):
    image = np.asarray(Image.open(io.BytesIO(data)))
    return image.reshape(card["image_shape"])
