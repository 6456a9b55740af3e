"""Perceptual hashes, and all pairs that differ in few bits, mirrored ones too, found without trying all."""

import itertools
import math

import numpy as np

BITS = 63
MAX_DISTANCE = 8
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
        bits: k, greatest distance, 0 to 8.

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


def keep_first(hashes, bits):
    """Chooses, in order, every hash that is not within `bits` of one chosen before.

    Args:
        hashes: uint64 array [N], repetitions allowed.
        bits: greatest distance that makes a duplicate, 0 to 8.

    Returns:
        (twin, distance): int64 arrays [N]: the index of the chosen hash that this one repeats, or -1 where it
        is itself chosen, and in how many bits they differ.
    """
    hashes = np.asarray(hashes, np.uint64)
    _, where, inverse = np.unique(hashes, return_index=True, return_inverse=True)
    order = np.sort(where)  # one of each value, the first in order
    first, second, _ = pairs(hashes[order], bits)
    chosen_twin = np.arange(len(order))
    for a, b in zip(first.tolist(), second.tolist()):
        if chosen_twin[a] == a and chosen_twin[b] == b:
            chosen_twin[b] = a
    # A value's later repetitions are as near to its twin as its first occurrence is.
    rank = np.empty(len(order), np.int64)
    rank[np.argsort(where)] = np.arange(len(order))
    twin = order[chosen_twin[rank[inverse]]] if len(order) else np.empty(0, np.int64)
    apart = distance(hashes, hashes[twin])
    return np.where(twin == np.arange(len(hashes)), -1, twin), apart


def _popcount(x):
    x = x - ((x >> np.uint64(1)) & np.uint64(0x5555555555555555))
    x = (x & np.uint64(0x3333333333333333)) + ((x >> np.uint64(2)) & np.uint64(0x3333333333333333))
    x = (x + (x >> np.uint64(4))) & np.uint64(0x0F0F0F0F0F0F0F0F)
    for shift in (8, 16, 32):
        x = x + (x >> np.uint64(shift))
    return (x & np.uint64(0x7F)).astype(np.int64)


def _band_masks(bits, count):
    """Yields masks, one of which selects equal parts of any two hashes that differ in at most `bits` bits."""

    # More bands a key make collisions rare but keys many: take the cheapest; a sort is worth 8 comparisons.
    def cost(agreeing):
        tables = math.comb(bits + agreeing, agreeing)
        return tables * (8 + count / 2 ** (BITS * agreeing / (bits + agreeing)))

    agreeing = min((1, 2, 3), key=cost)
    yield from _choices(bits + agreeing, agreeing)


def _choices(count, agreeing):
    """Yields the masks of every choice of `agreeing` of `count` bands."""
    bands = np.array_split(np.arange(1, BITS + 1, dtype=np.uint64), count)
    masks = [np.bitwise_or.reduce(np.uint64(1) << band) for band in bands]
    for choice in itertools.combinations(masks, agreeing):
        yield np.bitwise_or.reduce(np.array(choice))
