import hypothesis
import hypothesis.strategies as st
import numpy as np
import pytest

from tfdogs.sampling.seeds import MAX_SEED, Seeds


def test_parse_reads_seeds_and_ranges_in_the_order_given():
    seeds = Seeds.parse("9-12, 1,5,1")
    assert np.concatenate(list(seeds.chunks(100))).tolist() == [9, 10, 11, 12, 1, 5, 1]
    assert seeds.count == 7 and str(seeds) == "9-12,1,5,1"


@pytest.mark.parametrize(
    "text", ["", "a", "-1", "1,,2", "3-1", "1-2-3", "1.5", str(MAX_SEED + 1), "٣", "9" * 5000]
)
def test_parse_refuses(text):
    with pytest.raises(ValueError):
        Seeds.parse(text)


@hypothesis.settings(max_examples=40, deadline=None)
@hypothesis.given(
    st.lists(st.tuples(st.integers(0, 50), st.integers(0, 9)), min_size=1, max_size=5), st.integers(1, 12)
)
def test_chunks_are_full_and_hold_every_seed_in_order(parts, size):
    seeds = Seeds.parse(",".join(f"{low}-{low + more}" for low, more in parts))
    chunks = list(seeds.chunks(size))
    assert all(len(chunk) == size for chunk in chunks[:-1]) and 0 < len(chunks[-1]) <= size
    assert all(chunk.dtype == np.int64 for chunk in chunks)
    assert np.concatenate(chunks).tolist() == [low + i for low, more in parts for i in range(more + 1)]
    assert Seeds.parse(str(seeds)) == seeds


def test_the_largest_seed_and_the_most_seeds():
    assert next(Seeds.parse(str(MAX_SEED)).chunks(4)).tolist() == [MAX_SEED]
    everything = Seeds.first(0, MAX_SEED + 1)
    assert everything.count == 2**63
    assert next(everything.chunks(3)).tolist() == [0, 1, 2]


def test_seeds_after_some():
    seeds = Seeds.parse("1,5,9-12")
    assert [str(seeds.after(count)) for count in (0, 1, 3, 5, 6)] == ["1,5,9-12", "5,9-12", "10-12", "12", ""]
    assert str(Seeds.first(0, MAX_SEED + 1).after(MAX_SEED)) == str(MAX_SEED)
