# SPDX-License-Identifier: Apache-2.0
"""In which order tests run, so that all workers end together."""

from collections.abc import Sequence


def spread[T](*groups: Sequence[T]) -> list[T]:
    """Return all groups as one, each spread evenly over its length."""
    placed = [((k + 0.5) / len(group), one) for group in groups for k, one in enumerate(group)]
    return [one for _, one in sorted(placed, key=lambda pair: pair[0])]


def dealt[T](items: Sequence[T], workers: int) -> list[T]:
    """Return `items` dealt out like cards, one hand after the other.

    pytest-xdist gives each worker a block of what it gets; so each begins with the first of `items`.
    """
    return [one for worker in range(workers) for one in items[worker::workers]]
