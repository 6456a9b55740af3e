"""Perceptual hashes against SciPy's DCT, and the search for pairs against trying all of them."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageFilter
from scipy import ndimage
from scipy.fft import dctn

from tfdogs.data import near_duplicates as nd


def scene(seed, size=64):
    """A smooth random grey picture, float32 [size, size]."""
    noise = np.random.default_rng(seed).integers(0, 256, (9, 9), np.uint8)
    return np.asarray(Image.fromarray(noise).resize((size, size), Image.Resampling.BICUBIC), np.float32)


def clusters(seed, count, spread):
    """Random hashes in clusters, some mirrored, each with up to `spread` bits changed; all different."""
    rng = np.random.default_rng(seed)
    centres = rng.integers(0, 2**63, max(count // 4, 1), np.uint64) << np.uint64(1)
    hashes = rng.choice(centres, count)
    for _ in range(spread):
        hashes ^= np.uint64(1) << rng.integers(1, 64, count).astype(np.uint64)
    mirrored = rng.random(count) < 0.3
    return rng.permutation(np.unique(np.where(mirrored, hashes ^ nd.MIRROR, hashes)))


def brute_force(hashes, bits):
    found = []
    for j in range(len(hashes)):
        for i in range(j):
            plain, mirrored = int(hashes[i] ^ hashes[j]), int(hashes[i] ^ hashes[j] ^ nd.MIRROR)
            distance = min(plain.bit_count(), mirrored.bit_count())
            if distance <= bits:
                found.append((i, j, distance))
    return found


def test_bits_are_the_signs_of_low_frequencies():
    luma = scene(3)
    small = luma.reshape(32, 2, 32, 2).mean((1, 3))
    signs = dctn(small, type=2)[:8, :8] > 0
    value = int(nd.perceptual_hash(luma))
    bits = np.array([value >> i & 1 for i in range(64)]).reshape(8, 8)
    np.testing.assert_array_equal(bits.ravel()[1:], signs.ravel()[1:])
    assert bits[0, 0] == 0


@pytest.mark.parametrize("seed", range(5))
def test_the_mirrored_picture_has_the_mirrored_hash(seed):
    luma = scene(seed)
    assert nd.perceptual_hash(luma[:, ::-1]) == nd.perceptual_hash(luma) ^ nd.MIRROR
    assert nd.distance(nd.perceptual_hash(luma), nd.perceptual_hash(luma[:, ::-1])) == 0
    assert int(nd.MIRROR).bit_count() == 32


@pytest.mark.parametrize("seed", range(5))
def test_small_changes_flip_few_bits_and_another_scene_many(seed):
    luma = scene(seed)
    image = Image.fromarray(luma.astype(np.uint8))
    changed = image.filter(ImageFilter.GaussianBlur(1)).point(lambda v: v * 0.8 + 20)
    original = nd.perceptual_hash(luma)
    assert nd.distance(original, nd.perceptual_hash(np.asarray(changed, np.float32))) <= 4
    assert nd.distance(original, nd.perceptual_hash(scene(seed + 100))) > nd.MAX_DISTANCE


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32), st.integers(0, 8), st.integers(0, 80), st.integers(0, 10))
def test_pairs_are_those_of_brute_force(seed, bits, count, spread):
    hashes = clusters(seed, count, spread) if count else np.empty(0, np.uint64)
    first, second, distance = nd.pairs(hashes, bits)
    expected = sorted(brute_force(hashes, bits), key=lambda pair: (pair[1], pair[0]))
    assert list(zip(first.tolist(), second.tolist(), distance.tolist())) == expected


@pytest.mark.parametrize("agreeing", [1, 2, 3])
@pytest.mark.parametrize("bits", [0, 1, 4, 8])
def test_close_hashes_share_a_key_however_bands_are_chosen(agreeing, bits):
    masks = [int(mask) for mask in nd._choices(bits + agreeing, agreeing)]
    for seed in range(20):
        places = np.random.default_rng(seed).choice(np.arange(1, 64), bits).tolist()
        flipped = sum(1 << place for place in set(places))
        assert any(mask & flipped == 0 for mask in masks)


@pytest.mark.parametrize("count", [10, 10_000, 10_000_000])
def test_keys_get_finer_with_the_number_of_hashes(count):
    rare = [int(mask).bit_count() for mask in nd._band_masks(6, count)]
    assert min(rare) >= min(26, np.log2(count) - 5)


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 2**32), bits=st.integers(0, 8), repeats=st.integers(1, 3))
def test_keep_first_is_the_greedy_choice(seed, bits, repeats):
    rng = np.random.default_rng(seed)
    hashes = rng.permutation(np.repeat(clusters(seed, 30, 4), repeats))
    twin, distance = nd.keep_first(hashes, bits)
    chosen = []
    for i, value in enumerate(hashes):
        near = [j for j in chosen if nd.distance(value, hashes[j]) <= bits]
        assert (twin[i] < 0) == (not near)
        if near:
            assert twin[i] in near
            assert distance[i] == nd.distance(value, hashes[twin[i]])
        else:
            chosen.append(i)


@pytest.mark.parametrize("seed", range(5))
def test_likeness_tells_one_photograph_from_two(seed):
    rng = np.random.default_rng(seed)
    large = scene(seed, 80) + rng.normal(0, 12, (80, 80)).repeat(1, 0)
    image = Image.fromarray(np.uint8(np.clip(large, 0, 255)))

    def cut(left, top, side):
        small = image.crop((left, top, left + side, top + side)).resize((32, 32), Image.Resampling.BOX)
        return np.asarray(small, np.float32)

    one = cut(8, 8, 64)
    assert nd.likeness(one[None], one[None])[0] == pytest.approx(1)
    assert nd.likeness(one[None], one[None, :, ::-1])[0] == pytest.approx(1)
    assert nd.likeness(one[None], one[None] * 0.4 + 90)[0] == pytest.approx(1)
    assert nd.likeness(one[None], cut(12, 6, 64)[None])[0] > 0.8
    # As dark in the middle as the first, and of other details.
    other = ndimage.gaussian_filter(one, 4) + rng.normal(0, 12, (32, 32))
    assert nd.likeness(one[None], other[None])[0] < nd.SAME
    assert nd.likeness(np.zeros((1, 32, 32)), np.zeros((1, 32, 32)))[0] <= 0


def test_only_confirmed_candidates_are_twins():
    a, b = 2**40, 2**41 + 2**50
    hashes = np.array([a, a, a ^ 6, b, a ^ 6, a], np.uint64)
    same = {(0, 1): True, (0, 2): False, (0, 5): False, (2, 4): True}
    asked = []

    def confirm(first, second):
        pairs = list(zip(first.tolist(), second.tolist()))
        asked.extend(pairs)
        return np.array([same[pair] for pair in pairs], bool)

    twin, distance = nd.keep_first(hashes, 2, confirm=confirm)
    assert twin.tolist() == [-1, 0, -1, -1, 2, -1] and distance.tolist() == [0] * 6
    assert set(asked) == set(same)


def test_fewer_bits_are_sought_among_very_many():
    assert nd.affordable(12_000, 13) == nd.affordable(50_000, 13) == 13
    assert [nd.affordable(10**9, bits) for bits in (0, 6, 13)] == [0, 6, 6]
    assert nd.affordable(10_000_000, 13) <= nd.affordable(1_000_000, 13) < 13


def test_nothing_in_nothing_out():
    twin, distance = nd.keep_first(np.empty(0, np.uint64), 6)
    assert len(twin) == len(distance) == 0


def test_many_equal_hashes_are_no_burden():
    twin, distance = nd.keep_first(np.full(200_000, 12, np.uint64), 8)
    assert twin[0] == -1 and (twin[1:] == 0).all() and (distance == 0).all()


def test_pairs_among_many_are_found():
    rng = np.random.default_rng(0)
    hashes = rng.integers(0, 2**63, 30_000, np.uint64) << np.uint64(1)
    hashes[20_000] = hashes[10] ^ np.uint64(0b1010101010)
    hashes[29_999] = hashes[20] ^ nd.MIRROR ^ np.uint64(0b10)
    first, second, distance = nd.pairs(hashes, 6)
    assert list(zip(first.tolist(), second.tolist(), distance.tolist())) == [(10, 20_000, 5), (20, 29_999, 1)]
