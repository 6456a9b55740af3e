"""A row a class: what a conditional generator has learned of each."""

import numpy as np

from tfdogs.sampling import table
from tfdogs.sampling.images import label_name


def draw(drawing, labels, *, classes=()):
    """Draws the same seeds for every class: down a column only the class changes.

    Args:
        drawing: `tfdogs.sampling.drawing.Drawing` of a conditional generator; its own label does not count.
        labels: the rows' classes, ints, at least one.
        classes: class names, by label, for the titles.

    Returns:
        uint8 [height, width, 3]: a table of a row a label and a column a seed, with titles.
    """
    seeds = drawing.seeds.array()
    all_seeds, all_labels = np.tile(seeds, len(labels)), np.repeat(labels, len(seeds))
    parts = []
    for start in range(0, len(all_seeds), drawing.batch):
        here = slice(start, start + drawing.batch)
        parts.append(
            drawing.sampler.images(all_seeds[here], labels=all_labels[here], truncation=drawing.truncation)
        )
        drawing.progress(len(parts[-1]))
    images = np.concatenate(parts)
    return table.draw(
        images.reshape(len(labels), len(seeds), *images.shape[1:]),
        rows=[label_name(label, classes) for label in labels],
        columns=[f"seed {seed}" for seed in seeds],
    )
