# SPDX-License-Identifier: Apache-2.0
from tests.support.order import dealt, spread


def test_a_few_are_spread_among_many():
    assert spread("ab", "12345678") == list("12a3456b78")
    assert spread("", "123") == list("123")


def test_every_worker_begins_with_the_first_and_none_is_lost():
    items = list(range(11))
    order = dealt(items, 4)
    assert sorted(order) == items
    assert order[:3] == [0, 4, 8]
    assert dealt(items, 1) == items
