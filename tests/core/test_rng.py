"""Streams of randomness by name."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from zhiyin.core.rng import derive_rng


@given(st.integers(-(2**70), 2**70), st.lists(st.text(max_size=5), max_size=3))
def test_the_same_names_give_the_same_stream(seed, names):
    first, second = (derive_rng(seed, *names).random(3) for _ in range(2))
    assert np.array_equal(first, second)


def test_streams_differ_by_seed_name_and_number_of_names():
    streams = [
        derive_rng(0),
        derive_rng(1),
        derive_rng(0, "ease"),
        derive_rng(0, "bpr"),
        derive_rng(0, "ease", "bpr"),
        derive_rng(0, "bpr", "ease"),
    ]
    draws = {float(stream.random()) for stream in streams}
    assert len(draws) == len(streams)
