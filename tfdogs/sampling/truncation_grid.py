"""A row a seed under several cut-offs: what truncation does to an image."""

import numpy as np

from tfdogs.sampling import table


def default_columns(sampler):
    """Returns the cut-offs that a sheet has by default, None for none; as psi of styles 1 is none."""
    columns = [0.25, 0.5, 0.75, 1.0]
    return columns if getattr(sampler.generator, "truncates_styles", False) else [*columns, None]


def draw(drawing, cut_offs):
    """Draws each seed under every cut-off.

    Args:
        drawing: `tfdogs.sampling.drawing.Drawing`; its own truncation does not count.
        cut_offs: truncations of the columns, each over 0 or None for none; at least one.

    Returns:
        uint8 [height, width, 3]: a table of a row a seed and a column a cut-off, with titles.
    """
    seeds = drawing.seeds.array()
    labels = drawing.labels(seeds)
    columns = []
    for cut_off in cut_offs:
        columns.append(drawing.sampler.images(seeds, labels=labels, truncation=cut_off))
        drawing.progress(len(seeds))
    return table.draw(
        np.stack(columns, axis=1),
        rows=[f"seed {seed}" for seed in seeds],
        columns=["none" if cut_off is None else f"{cut_off:g}" for cut_off in cut_offs],
    )
