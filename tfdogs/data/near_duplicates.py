"""Perceptual hashes, and all pairs that differ in few bits, mirrored ones too, found without trying all."""

import itertools
import math

import numpy as np

BITS = 63
MAX_DISTANCE = 16
SAME = 0.55  # likeness from which on two candidates are the same photograph
_SHIFT = 2  # pixels of 32 by which `likeness` moves one picture over the other
_MOST_COMPARISONS = 2e10  # of `pairs`, some minutes
_SIDE, _LOW = 32, 8  # the hash keeps the 8 x 8 lowest frequencies of a 32 x 32 picture


def _dct_rows():
    frequency, position = np.arange(_LOW)[:, None], np.arange(_SIDE)[None, :]
    return np.cos(np.pi * (2 * position + 1) * frequency / (2 * _SIDE)).astype(np.float32)


_DCT = _dct_rows()
# Bit 0, the mean, is left out.
_WEIGHTS = (np.uint64(1) << np.arange(_LOW * _LOW, dtype=np.uint64)) & ~np.uint64(1)
_COLUMNS = np.tile(np.arange(_LOW), _LOW)
# Mirroring a picture negates its DCT coefficients of odd horizontal frequency and no others.
MIRROR = np.bitwise_or.reduce(_WEIGHTS[_COLUMNS % 2 == 1])


def perceptual_hash(luma):
    """Hashes a picture by the signs of its low frequencies (DCT-II), so that small changes flip few bits.

    Args:
        luma: float array [32 m, 32 m]: the grey picture, squeezed to a square. It is averaged to 32 x 32.

    Returns:
        np.uint64: bit 8 v + u says whether the coefficient of vertical frequency v and horizontal frequency u
        is positive; bit 0 is always 0. The hash of the mirrored picture is `hash ^ MIRROR`.
    """
    rows = np.repeat(_DCT, luma.shape[0] // _SIDE, axis=1)  # averages and transforms at once, up to a factor
    signs = (rows @ (luma - luma.mean()) @ rows.T) > 0
    return _WEIGHTS[signs.ravel()].sum(dtype=np.uint64)


def distance(a, b):
    """Returns in how many bits `a` and `b`, uint64 arrays, differ, or `a` and mirrored `b` if less."""
    return np.minimum(_popcount(a ^ b), _popcount(a ^ b ^ MIRROR))


def pairs(hashes, bits):
    """Finds all pairs of different hashes within a distance, mirrored twins included.

    Two hashes that differ in at most k bits agree exactly in r of any k + r disjoint bands (pigeonhole), so
    only hashes that agree in some choice of r bands are compared; r is chosen by the number of hashes.

    Args:
        hashes: uint64 array [N] without repetitions.
        bits: k, greatest distance, 0 to 16.

    Returns:
        (first, second, distance): int64 arrays [M], each pair once with first < second, in the order of
        (second, first).
    """
    count = len(hashes)
    both = np.concatenate([hashes, hashes ^ MIRROR])
    found = [np.empty(0, np.int64)]
    for band in _band_masks(bits, count):
        keys = both & band
        order = np.argsort(keys)
        keys = keys[order]
        at, step = np.flatnonzero(keys[1:] == keys[:-1]), 1
        while at.size:  # compares each with the step-th after it, as long as their keys are equal
            a, b = order[at], order[at + step]
            near = (_popcount(both[a] ^ both[b]) <= bits) & (a % count != b % count)
            a, b = a[near] % count, b[near] % count
            found.append(np.unique(np.maximum(a, b) * count + np.minimum(a, b)))
            step += 1
            at = at[at + step < len(keys)]
            at = at[keys[at + step] == keys[at]]
    code = np.unique(np.concatenate(found))
    second, first = np.divmod(code, max(count, 1))
    return first, second, distance(hashes[first], hashes[second])


def keep_first(hashes, bits, *, confirm=None):
    """Chooses, in order, every hash that is not within `bits` of one chosen before.

    Args:
        hashes: uint64 array [N], repetitions allowed.
        bits: greatest distance that makes a duplicate, 0 to 16; among very many hashes see `affordable`.
        confirm: called with two int64 arrays [M] of indices; says which of the pairs are duplicates indeed,
            bool [M]. Default: all are.

    Returns:
        (twin, distance): int64 arrays [N]: the index of the chosen hash that this one repeats, or -1 where it
        is itself chosen, and in how many bits they differ.
    """
    hashes = np.asarray(hashes, np.uint64)
    confirm = confirm or (lambda first, second: np.ones(len(first), bool))
    _, where, inverse = np.unique(hashes, return_index=True, return_inverse=True)
    order = np.sort(where)  # one of each value, the first in order
    first, second, _ = pairs(hashes[order], bits)
    same = confirm(order[first], order[second])
    chosen_twin = np.arange(len(order))
    for a, b in zip(first[same].tolist(), second[same].tolist()):
        if chosen_twin[a] == a and chosen_twin[b] == b:
            chosen_twin[b] = a
    # A value's later repetitions are as near to its twin as its first occurrence is, if they are its twins.
    rank = np.empty(len(order), np.int64)
    rank[np.argsort(where)] = np.arange(len(order))
    of_value = rank[inverse.reshape(-1)]
    twin = order[chosen_twin[of_value]] if len(order) else np.empty(0, np.int64)
    later = np.flatnonzero(order[of_value] != np.arange(len(hashes))) if len(order) else np.empty(0, np.int64)
    other = later[~confirm(order[of_value[later]], later)]
    twin[other] = other
    apart = distance(hashes, hashes[twin])
    return np.where(twin == np.arange(len(hashes)), -1, twin), apart


def affordable(count, bits):
    """Returns how many bits apart, up to `bits`, pairs of `count` different hashes are found in minutes.

    Up to 6 bits any number of hashes is. Beyond, the search takes the longer the more hashes and bits there
    are: 13 bits take minutes among 200,000 hashes and hours among a million.
    """
    while bits > 6 and 2 * count * _cost(bits, _agreeing(bits, count), count) > _MOST_COMPARISONS:
        bits -= 1
    return bits


def likeness(a, b):
    """Says how alike the details of two pictures are, one mirrored where that is more.

    The pictures may be shifted against each other by 6 % of their side, and be of another brightness and
    contrast. Coarse structure does not count: many dogs sit dark in the middle of a light picture.

    Args:
        a, b: grey pictures, float arrays [N, 32, 32].

    Returns:
        float64 array [N]: the greatest correlation, at most 1.
    """
    a, b = _details(a), _details(b)
    best = np.full(len(a), -1.0)
    inside = a[:, _SHIFT:-_SHIFT, _SHIFT:-_SHIFT]
    for other in (b, b[:, :, ::-1]):
        for y, x in itertools.product(range(2 * _SHIFT + 1), repeat=2):
            moved = other[:, y : y + inside.shape[1], x : x + inside.shape[2]]
            shared = (inside * moved).sum((1, 2))
            norm = np.sqrt((inside**2).sum((1, 2)) * (moved**2).sum((1, 2)))
            best = np.maximum(best, shared / np.maximum(norm, 1e-6))
    return best


def _details(luma):
    """Returns pictures without their coarse structure: less the mean of 5 x 5 pixels round each."""
    padded = np.pad(np.asarray(luma, np.float64), ((0, 0), (2, 2), (2, 2)), mode="edge")
    height, width = luma.shape[1:]
    mean = (
        sum(padded[:, y : y + height, x : x + width] for y, x in itertools.product(range(5), repeat=2)) / 25
    )
    return luma - mean


def _popcount(x):
    x = x - ((x >> np.uint64(1)) & np.uint64(0x5555555555555555))
    x = (x & np.uint64(0x3333333333333333)) + ((x >> np.uint64(2)) & np.uint64(0x3333333333333333))
    x = (x + (x >> np.uint64(4))) & np.uint64(0x0F0F0F0F0F0F0F0F)
    for shift in (8, 16, 32):
        x = x + (x >> np.uint64(shift))
    return (x & np.uint64(0x7F)).astype(np.int64)


def _band_masks(bits, count):
    """Yields masks, one of which selects equal parts of any two hashes that differ in at most `bits` bits."""
    agreeing = _agreeing(bits, count)
    yield from _choices(bits + agreeing, agreeing)


def _agreeing(bits, count):
    # More bands a key make collisions rare but keys many: take the cheapest.
    return min((1, 2, 3), key=lambda agreeing: _cost(bits, agreeing, count))


def _cost(bits, agreeing, count):
    """Returns roughly how many comparisons a hash takes, a sort being worth 8."""
    tables = math.comb(bits + agreeing, agreeing)
    return tables * (8 + count / 2 ** (BITS * agreeing / (bits + agreeing)))


def _choices(count, agreeing):
    """Yields the masks of every choice of `agreeing` of `count` bands."""
    bands = np.array_split(np.arange(1, BITS + 1, dtype=np.uint64), count)
    masks = [np.bitwise_or.reduce(np.uint64(1) << band) for band in bands]
    for choice in itertools.combinations(masks, agreeing):
        yield np.bitwise_or.reduce(np.array(choice))
