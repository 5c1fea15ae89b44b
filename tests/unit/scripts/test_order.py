# SPDX-License-Identifier: Apache-2.0
from tests.support.order import dealt, spread, units


def test_a_few_are_spread_among_many():
    assert spread("ab", "12345678") == list("12a3456b78")
    assert spread("", "123") == list("123")


def test_every_worker_begins_with_the_first_and_none_is_lost():
    items = [[number] for number in range(11)]
    order = dealt(items, 4)
    assert sorted(order) == list(range(11))
    assert order[:3] == [0, 4, 8]
    assert dealt(items, 1) == list(range(11))


def test_what_belongs_together_stays_together_and_hands_are_alike():
    groups = units(["a1", "b1", "a2", "c1", "b2", "a3", "d1"], lambda name: name[0])
    assert groups == [["a1", "a2", "a3"], ["b1", "b2"], ["c1"], ["d1"]]
    assert dealt(groups, 2) == ["a1", "a2", "a3", "d1", "b1", "b2", "c1"]
    assert dealt(groups[::-1], 2) == ["d1", "b1", "b2", "c1", "a1", "a2", "a3"]
