"""A walk through latent space: from dog to dog without a cut."""

import numpy as np
from PIL import Image

from tfdogs.models import latents


def frames(drawing, frames_per_stop):
    """Yields the frames of a closed walk: from each seed's image to the next one's, and back to the first.

    Latents are joined as `tfdogs.models.latents.between` says. A class has no middle, and a change of it
    would be a cut: the whole walk has that of its first stop.

    Args:
        drawing: `tfdogs.sampling.drawing.Drawing`; its seeds are the stops.
        frames_per_stop: frames from a stop, which is the first of them, to the next.

    Yields:
        uint8 [H, W, C], as many as stops times `frames_per_stop`.
    """
    sampler = drawing.sampler
    seeds = drawing.seeds.array()
    stops, labels = sampler.latents(seeds, drawing.truncation), drawing.labels(seeds)
    total = len(seeds) * frames_per_stop
    for start in range(0, total, sampler.chunk):
        stop, step = np.divmod(np.arange(start, min(start + sampler.chunk, total)), frames_per_stop)
        after = (stop + 1) % len(seeds)
        z = latents.between(sampler.latent, stops[stop], stops[after], step / frames_per_stop).numpy()
        label = None if labels is None else np.repeat(labels[:1], len(z))
        yield from sampler.from_latents(z, label, drawing.truncation)
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
