"""A walk through latent space: from dog to dog without a cut."""

import numpy as np
from PIL import Image

from tfdogs.sampling.sampler import CHUNK

_PARALLEL = 1e-6  # sine of the angle under which two vectors span no plane that float64 could tell


def slerp(a, b, t):
    """Interpolates along the great circle from `a` to `b` (White 2016, Sampling Generative Networks).

    Latents of a normal distribution lie near a sphere, which a straight line would leave; so directions turn
    at an even pace, and lengths change evenly. Opposite vectors go by way of an arbitrary but fixed
    perpendicular one; a vector of length 0 is left or reached in a straight line.

    Args:
        a: float [N, D], reached exactly at t = 0.
        b: float [N, D], reached exactly at t = 1.
        t: float [N] in [0, 1].

    Returns:
        float32 [N, D].
    """
    a, b, t = np.asarray(a, np.float64), np.asarray(b, np.float64), np.asarray(t, np.float64)[:, None]
    a_length, b_length = (np.linalg.norm(x, axis=1, keepdims=True) for x in (a, b))
    a_unit, b_unit = (x / np.where(n > 0, n, 1.0) for x, n in ((a, a_length), (b, b_length)))
    cosine = np.sum(a_unit * b_unit, axis=1, keepdims=True)
    across = b_unit - cosine * a_unit
    sine = np.linalg.norm(across, axis=1, keepdims=True)
    axis = np.eye(a.shape[1])[np.argmin(np.abs(a_unit), axis=1)]
    across = np.where(sine > _PARALLEL, across, axis - np.sum(axis * a_unit, 1, keepdims=True) * a_unit)
    across /= np.maximum(np.linalg.norm(across, axis=1, keepdims=True), 1e-300)
    angle = t * np.arctan2(sine, cosine)
    path = ((1 - t) * a_length + t * b_length) * (np.cos(angle) * a_unit + np.sin(angle) * across)
    path = np.where((a_length > 0) & (b_length > 0), path, lerp(a, b, t[:, 0]))
    return np.where(t == 0, a, np.where(t == 1, b, path)).astype(np.float32)


def lerp(a, b, t):
    """Interpolates along the straight line; arguments and result as for `slerp`, in float64."""
    t = np.asarray(t, np.float64)[:, None]
    return (1 - t) * a + t * b


def frames(drawing, frames_per_stop):
    """Yields the frames of a closed walk: from each seed's image to the next one's, and back to the first.

    Normal latents are joined by `slerp`. Uniform ones lie in a cube, not near a sphere, and a great circle
    would leave it: they are joined by straight lines. A label has no middle: each frame has that of the
    nearer stop.

    Args:
        drawing: `tfdogs.sampling.drawing.Drawing`; its seeds are the stops.
        frames_per_stop: frames from a stop, which is the first of them, to the next.

    Yields:
        uint8 [H, W, C], as many as stops times `frames_per_stop`.
    """
    sampler = drawing.sampler
    between = slerp if sampler.latent == "normal" else lerp
    seeds = next(drawing.seeds.chunks(drawing.seeds.count))
    stops, labels = sampler.latents(seeds, drawing.truncation), drawing.labels(seeds)
    total = len(seeds) * frames_per_stop
    for start in range(0, total, CHUNK):
        stop, step = np.divmod(np.arange(start, min(start + CHUNK, total)), frames_per_stop)
        t, after = step / frames_per_stop, (stop + 1) % len(seeds)
        z = between(stops[stop], stops[after], t).astype(np.float32)
        nearer = None if labels is None else labels[np.where(t < 0.5, stop, after)]
        yield from sampler.from_latents(z, nearer)
        drawing.progress(len(z))


def save_gif(images, path, *, fps):
    """Writes images as a GIF that repeats for ever, one frame after the other.

    Args:
        images: iterable of uint8 [H, W, C], C 1 or 3, at least one.
        path: the file.
        fps: frames a second; a GIF counts in hundredths of a second, to which the pause is rounded.
    """
    pictures = (Image.fromarray(image[..., 0] if image.shape[-1] == 1 else image) for image in images)
    pause = 10 * max(1, round(100 / fps))  # milliseconds
    first = next(pictures)
    first.save(path, "gif", save_all=True, append_images=pictures, duration=pause, loop=0)
