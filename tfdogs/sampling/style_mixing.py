"""Style mixing: the coarse layers of one image with the fine layers of another."""

import numpy as np
import tensorflow as tf

from tfdogs.data import pixels
from tfdogs.sampling import table


def draw(drawing, layers=None):
    """Draws every seed's coarse styles with every seed's fine ones (Karras et al. 2019, figure 3).

    Args:
        drawing: `tfdogs.sampling.drawing.Drawing` of a generator with `to_w`, `truncate`, `from_w` and
            `num_ws`.
        layers: how many layers, from the coarsest on, follow the row; over 0 and under `num_ws`. Default:
            half of them.

    Returns:
        uint8 [height, width, 3]: a table with the seeds' own images as first row and column; below and to the
        right of them row i, column j has the coarse layers of seed i and the fine ones of seed j.
    """
    sampler, generator = drawing.sampler, drawing.sampler.network
    layers = generator.num_ws // 2 if layers is None else layers
    seeds = drawing.seeds.array()
    w = _styles(generator, sampler.latents(seeds), drawing.labels(seeds), drawing.truncation)
    coarse, fine = np.repeat(w, len(seeds), axis=0), np.tile(w, (len(seeds), 1))
    follows_row = np.arange(generator.num_ws)[:, None] < layers
    synthesize = tf.function(lambda ws: pixels.to_uint8(generator.from_w(ws)))
    parts = []
    for start in range(0, len(coarse), sampler.chunk):
        here = slice(start, start + sampler.chunk)
        count = len(coarse[here])
        ws = np.where(follows_row, coarse[here, None], fine[here, None])
        parts.append(synthesize(np.pad(ws, ((0, sampler.chunk - count), (0, 0), (0, 0)))).numpy()[:count])
        drawing.progress(count)
    images = np.concatenate(parts)
    images = images.reshape(len(seeds), len(seeds), *images.shape[1:])
    own = images[np.arange(len(seeds)), np.arange(len(seeds))]
    corner = np.full_like(own[:1], 255)
    sheet = np.concatenate([own[:, None], images], axis=1)
    sheet = np.concatenate([np.concatenate([corner, own])[None], sheet])
    titles = [f"seed {seed}" for seed in seeds]
    return table.draw(sheet, rows=["", *titles], columns=["", *titles])


def _styles(generator, latents, labels, truncation):
    """Returns w, float32 [N, w_dim], drawn towards its mean by `truncation`."""
    w = generator.to_w(latents, labels)
    if truncation is not None:
        w = generator.truncate(w, truncation)
    return w.numpy().astype(np.float32)
