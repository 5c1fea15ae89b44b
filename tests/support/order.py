# SPDX-License-Identifier: Apache-2.0
"""In which order tests run, so that all workers end together and no worker makes what another has made already."""

from collections.abc import Callable, Hashable, Sequence


def spread[T](*groups: Sequence[T]) -> list[T]:
    """Return all groups as one, each spread evenly over its length."""
    placed = [((k + 0.5) / len(group), one) for group in groups for k, one in enumerate(group)]
    return [one for _, one in sorted(placed, key=lambda pair: pair[0])]


def units[T](items: Sequence[T], key: Callable[[T], Hashable]) -> list[list[T]]:
    """Return the items in groups of one key each, in the order of the first of each group."""
    groups: dict[Hashable, list[T]] = {}
    for one in items:
        groups.setdefault(key(one), []).append(one)
    return list(groups.values())


def dealt[T](groups: Sequence[Sequence[T]], workers: int) -> list[T]:
    """Return the items of all groups, one hand after the other; each group goes to the hand that has the fewest.

    pytest-xdist gives each worker a block of what it gets: each begins with the first of `groups`, and the tests
    of a group, which may share a fixture, are run by one worker.
    """
    hands: list[list[T]] = [[] for _ in range(workers)]
    for group in groups:
        min(hands, key=len).extend(group)
    return [one for hand in hands for one in hand]
