# SPDX-License-Identifier: Apache-2.0
"""The points of a plan: every combination of its axes, and the order in which they are measured."""

import itertools
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from energy_runner.errors import ConfigurationError
from energy_runner.sweep.plan.spec import MOST_POINTS, PlanSpec, Scalar


@dataclass(frozen=True)
class Point:
    """One point: settings by axis, and which repeat of them it is (from 1).

    `number` is its place in the plan as it is written, `order` its place in the night; both from 1.
    """

    number: int
    order: int
    repeat: int
    values: Mapping[str, Scalar]


def points_of(spec: PlanSpec) -> tuple[Point, ...]:
    """Return the points in the order of the night; the same plan gives the same order on any machine.

    Raises `ConfigurationError` for more than a hundred thousand.
    """
    settings = combinations(spec)
    if len(settings) * spec.repeats > MOST_POINTS:
        raise ConfigurationError(
            f"plan '{spec.name}' has {len(settings)} combinations, {spec.repeats} times each: more than "
            f"{MOST_POINTS} points. Try: fewer values, a zip, or several plans"
        )
    count = len(settings)
    planned = [
        (repeat * count + index + 1, repeat + 1, values)
        for repeat in range(spec.repeats)
        for index, values in enumerate(settings)
    ]
    ordered = _ordered(spec, planned)
    return tuple(
        Point(number, order, repeat, values) for order, (number, repeat, values) in enumerate(ordered, start=1)
    )


def combinations(spec: PlanSpec) -> list[dict[str, Scalar]]:
    """Return the different settings: products and zips without what is excluded, then the included ones."""
    groups: list[list[dict[str, Scalar]]] = []
    zipped = {name for group in spec.zip for name in group}
    first_of = {group[0]: group for group in spec.zip}
    total = 1
    for name, axis in spec.axes.items():
        group = next((group for first, group in first_of.items() if name in group), None)
        if name in zipped and group is not None:
            if name != min(group, key=list(spec.axes).index):
                continue  # it stands with the first of its zip
            columns = [spec.axes[one].all_values() for one in group]
            groups.append([dict(zip(group, row, strict=True)) for row in zip(*columns, strict=True)])
        else:
            groups.append([{name: value} for value in axis.all_values()])
        total *= len(groups[-1])
        if total > MOST_POINTS:
            raise ConfigurationError(
                f"plan '{spec.name}' has more than {MOST_POINTS} combinations. "
                "Try: fewer values, a zip, or several plans"
            )
    names = list(spec.axes)
    found: list[dict[str, Scalar]] = []
    for combination in itertools.product(*groups):
        merged = {key: value for part in combination for key, value in part.items()}
        values = {name: merged[name] for name in names}
        if not any(_matches(values, choice) for choice in spec.exclude):
            found.append(values)
    found += [{name: extra[name] for name in names} for extra in spec.include if dict(extra) not in found]
    return found


def _matches(values: Mapping[str, Scalar], choice: Mapping[str, Scalar | list[Scalar]]) -> bool:
    return all(
        values[name] in wanted if isinstance(wanted, list) else values[name] == wanted
        for name, wanted in choice.items()
    )


Planned = tuple[int, int, dict[str, Scalar]]


def _ordered(spec: PlanSpec, planned: Sequence[Planned]) -> list[Planned]:
    """Return the points in the order of the night.

    `random` shuffles all, so that drift of the bench does not pose as an effect of an axis; `blocks` shuffles each
    repeat by itself. With `group_by` the groups are shuffled, and the points inside each.
    """
    if spec.order == "as-written":
        return list(planned)
    chance = random.Random(spec.seed)
    blocks = [list(planned)]
    if spec.order == "blocks":
        blocks = [[one for one in planned if one[1] == repeat] for repeat in range(1, spec.repeats + 1)]
    return [one for block in blocks for one in _shuffled(block, spec.group_by, chance)]


def _shuffled(block: list[Planned], group_by: Sequence[str], chance: random.Random) -> list[Planned]:
    groups: dict[tuple[Scalar, ...], list[Planned]] = {}
    for one in block:
        groups.setdefault(tuple(one[2][name] for name in group_by), []).append(one)
    keys = list(groups)
    chance.shuffle(keys)
    for key in keys:
        chance.shuffle(groups[key])
    return [one for key in keys for one in groups[key]]
