"""Crops and pictures that repeat each other: which are rejected, which must not be parted by the split."""

import io

import numpy as np
from PIL import Image

from tfdogs.data import near_duplicates
from tfdogs.data.doctor import Finding, grey
from tfdogs.data.sources.base import Box

GROUP_BITS = 8  # a needless group costs nothing: for groups so many bits are enough, whatever the pixels say


def drop(spool, rejects, config, kept):
    """Rejects crops that repeat an earlier one.

    Near duplicates are sought by their perceptual hashes and confirmed by their pixels: among thousands of
    dogs two different ones may be few bits apart, and two crops of the same photograph many.

    Args:
        spool: `tfdogs.data.shards.Spool`.
        rejects: `tfdogs.data.rejects.Rejects`.
        config: resolved `PrepareConfig`.
        kept: bool [crops], which crops count; changed in place.

    Returns:
        (twin, bits): int64 [crops], the crop that each rejected one repeats, -1 for the others; and how many
        bits apart near duplicates were sought: fewer than `config.near_duplicate_bits` among very many crops,
        see `near_duplicates.affordable`; -1 where none were.
    """
    crops, places = spool.crops, np.flatnonzero(kept)
    twin = np.full(len(crops), -1)
    apart = np.zeros(len(crops), np.int64)
    sought = -1
    if config.checks == "none" or not len(places):
        return twin, sought
    exact = places[_first_equal(crops["digest"][places])]
    again = exact != places
    twin[places[again]] = exact[again]
    if config.checks == "photos" and config.near_duplicate_bits >= 0:
        singles = places[~again]
        hashes = crops["hash"][singles]
        sought = near_duplicates.affordable(len(np.unique(hashes)), config.near_duplicate_bits)
        near, bits = near_duplicates.keep_first(
            hashes,
            sought,
            confirm=lambda a, b: _alike(spool, singles[a], singles[b]),
        )
        found = near >= 0
        twin[singles[found]], apart[singles[found]] = singles[near[found]], bits[found]
        # What is equal to a rejected crop repeats the one that this repeats.
        first = twin[exact[again]]
        twin[places[again]] = np.where(first >= 0, first, exact[again])
    equal = np.isin(np.arange(len(crops)), places[again])
    for index in np.flatnonzero(twin >= 0):
        reason = "exact_duplicate" if equal[index] else "near_duplicate"
        name = spool.name(crops[twin[index]]["picture"])
        finding = Finding(reason, float(apart[index]), Box(*crops[index]["rectangle"].tolist()), name)
        rejects.add(spool.name(crops[index]["picture"]), finding, spool.png(index))
    kept &= twin < 0
    return twin, sought


def groups(spool, config, twin):
    """Returns every picture's group, int [pictures]: equal files and twins, whole or in a crop, share one.

    Args:
        spool, config: as of `drop`.
        twin: as `drop` returned it.
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    pictures, crops = spool.pictures, spool.crops
    count = np.arange(len(pictures))
    again = np.flatnonzero(twin >= 0)
    edges = [
        (count, _first_equal(pictures["digest"])),
        (crops["picture"], crops["picture"][_first_equal(crops["digest"])]),
        (crops["picture"][again], crops["picture"][twin[again]]),
    ]
    if config.checks == "photos" and config.near_duplicate_bits >= 0:
        # A needless group costs nothing, a twin on the other side does: twins are sought a little further.
        bits = min(config.near_duplicate_bits + 2, GROUP_BITS)
        for hashes, owner in ((pictures["hash"], count), (crops["hash"], crops["picture"])):
            values, where, same = np.unique(hashes, return_index=True, return_inverse=True)
            a, b, _ = near_duplicates.pairs(values, bits)
            edges += [(owner, owner[where[same]]), (owner[where[a]], owner[where[b]])]
    a, b = (np.concatenate(ends).astype(np.int64) for ends in zip(*edges))
    return connected_components(coo_array((np.ones(len(a), bool), (a, b)), shape=2 * (len(pictures),)))[1]


def _alike(spool, first, second):
    """Returns which pairs of crops, int64 [M] each, have the same pixels but for small changes, bool [M]."""
    alike = np.empty(len(first), bool)
    for start in range(0, len(first), 256):
        part = slice(start, start + 256)
        a, b = (np.stack([_thumbnail(spool, i) for i in side[part]]) for side in (first, second))
        alike[part] = near_duplicates.likeness(a, b) > near_duplicates.SAME
    return alike


def _thumbnail(spool, index):
    luma = grey(Image.open(io.BytesIO(spool.png(index))))
    return luma.reshape(32, 2, 32, 2).mean((1, 3))


def _first_equal(digests):
    """Returns, for every row of `digests`, uint64 [N, 2], the index of the first row equal to it."""
    _, first, inverse = np.unique(digests, axis=0, return_index=True, return_inverse=True)
    return first[inverse.reshape(-1)]
