"""Keys are the same everywhere and for ever."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from zhiyin.core.keys import combine, id_key, id_keys, mix, tie_order

GOLDEN = {"user-7": -7390381631024868802, "知音": -7832652308550837816, "": -5426141060434712860}
GOLDEN_MIX = [-2152535657050944081, -7995527694508729151, -1956407806741107680]

ids = st.lists(st.text(max_size=12), unique=True, max_size=40)


def test_keys_never_change():
    # Read from a run; stores hold these, so a change would orphan every row.
    assert id_key("user-7") == GOLDEN["user-7"]
    assert id_key("知音") == GOLDEN["知音"]
    assert id_key("") == GOLDEN[""]
    assert mix(np.array([0, 1, -1], dtype=np.int64)).tolist() == GOLDEN_MIX


@given(ids)
def test_many_keys_are_the_single_ones(names):
    assert id_keys(names).tolist() == [id_key(name) for name in names]


@given(ids)
def test_tie_order_is_a_permutation_that_follows_the_ids(names):
    ranks = tie_order(names)
    assert sorted(ranks.tolist()) == list(range(len(names)))
    by_name = dict(zip(names, ranks.tolist(), strict=True))
    backwards = tie_order(names[::-1])
    order = sorted(names, key=lambda name: by_name[name])
    assert sorted(names, key=dict(zip(names[::-1], backwards.tolist(), strict=True)).get) == order


def test_mix_is_a_bijection_on_a_sample():
    keys = np.arange(-5000, 5000, dtype=np.int64)
    assert len(np.unique(mix(keys))) == len(keys)


def test_combined_keys_depend_on_every_column_and_their_order():
    a, b = np.arange(4, dtype=np.int64), np.arange(4, 8, dtype=np.int64)
    assert not np.array_equal(combine([a, b]), combine([b, a]))
    assert len(np.unique(np.concatenate([combine([a, b]), combine([a, b + 1])]))) == 8
    assert np.array_equal(combine([a]), mix(a))


def test_lone_surrogates_have_keys_too():
    assert id_key("\ud800") != id_key("?")
