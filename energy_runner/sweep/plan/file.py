# SPDX-License-Identifier: Apache-2.0
"""Read the plan of a sweep; a mistake is named with its line before the night begins."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from energy_runner.bench.origin import Origin
from energy_runner.bench.words import meant, problem
from energy_runner.errors import ConfigurationError, in_words
from energy_runner.sweep.ladder import checked_ladder
from energy_runner.sweep.plan.points import Point, points_of
from energy_runner.sweep.plan.settings import check_target
from energy_runner.sweep.plan.spec import (
    AxisSpec,
    LimitSpec,
    NotifySpec,
    PlanSpec,
    RangeSpec,
    RecoverySpec,
    ReferenceSpec,
    Scalar,
    WaitSpec,
)
from energy_runner.text_file import TextError, read_text
from energy_runner.toml_text import MOST_BYTES, BoundsError, TomlSyntaxError, read_toml
from energy_runner.wording import printable, short_words, shown

_EXAMPLE = "Try: compare it with the example in docs/how-to/run-a-sweep.md"
_TABLES: dict[str, type[BaseModel]] = {
    "axes.*": AxisSpec,
    "axes.*.range": RangeSpec,
    "reference": ReferenceSpec,
    "wait": WaitSpec,
    "limits": LimitSpec,
    "recovery": RecoverySpec,
    "notify": NotifySpec,
}


@dataclass(frozen=True)
class SweepPlan:
    """A plan that was read and checked: its keys, its text, and where that came from."""

    spec: PlanSpec
    text: str
    origin: Origin

    @property
    def sha256(self) -> str:
        """Return the SHA-256 of its text in UTF-8."""
        return hashlib.sha256(self.text.encode()).hexdigest()

    @cached_property
    def points(self) -> tuple[Point, ...]:
        """Return its points in the order of the night, without the reference points."""
        return points_of(self.spec)

    def values_of(self, number: int) -> Mapping[str, Scalar]:
        """Return the settings of point `number` by axis."""
        return self._by_number[number].values

    @cached_property
    def _by_number(self) -> Mapping[int, Point]:
        return {point.number: point for point in self.points}

    def refuse(self, place: Sequence[str], why: str) -> ConfigurationError:
        """Return the error for what is wrong at a key, which names the line."""
        return ConfigurationError(f"{self.origin.at(place)}: {why}")


def _near(path: Path) -> str:
    """Return a question about the plan beside it whose name is most like this one's."""
    try:
        return meant(path.name, sorted(one.name for one in path.parent.glob("*.toml")))
    except OSError:
        return ""


def load_plan(path: str | Path) -> SweepPlan:
    """Return the plan in a TOML file; raise `ConfigurationError`, with the line, for whatever is wrong in it."""
    path = Path(path)
    try:
        text = read_text(path, MOST_BYTES)
    except FileNotFoundError:
        near = _near(path)  # a question, which ends the sentence
        raise ConfigurationError(printable(f"{path}: no such file{near or '.'} {_EXAMPLE}")) from None
    except (OSError, TextError) as error:
        raise ConfigurationError(
            printable(f"{path}: cannot be read as a plan ({in_words(error)}). {_EXAMPLE}")
        ) from None
    return plan_from_text(text, printable(str(path)))


def plan_from_text(text: str, where: str) -> SweepPlan:
    """Return the plan that a text describes; `where` is its name in messages."""
    try:
        table = read_toml(text)
    except TomlSyntaxError as error:
        raise ConfigurationError(f"{error.of(where)}. {_EXAMPLE}") from error
    except BoundsError as error:
        raise ConfigurationError(f"{where}: not a plan: {error}. {_EXAMPLE}") from error
    if not text.strip():
        raise ConfigurationError(f"{where}: the file is empty. {_EXAMPLE}")
    if "axes" not in table and ({"monitor", "instruments"} & table.keys()):
        raise ConfigurationError(
            f"{where}: this is a bench file, and no plan. Try: energy-runner sweep run PLAN --bench BENCH"
        )
    origin = Origin(where, text)
    if isinstance(table.get("settings"), dict):
        table["settings"] = dict(_flat(table["settings"]))
    try:
        spec = PlanSpec.model_validate(table)
    except ValidationError as error:
        raise _refusal(error, origin) from error
    plan = SweepPlan(spec, text, origin)
    _check_names(plan)
    _check_ladder(plan)
    if not plan.points:
        raise plan.refuse(["exclude"], "every point is excluded, so the sweep would have none. Try: exclude less")
    return plan


def _flat(table: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    """Yield the keys of nested tables as dotted ones: TOML reads `bench.dut.port = "x"` as tables."""
    for key, value in table.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{above}{key}.")
        else:
            yield f"{above}{key}", value


def _refusal(error: ValidationError, origin: Origin) -> ConfigurationError:
    found = error.errors(include_url=False)
    found.sort(key=lambda one: one["type"] != "extra_forbidden")
    first = found[0]
    place = [str(part) for part in first["loc"]]
    more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
    return ConfigurationError(
        f"{origin.at(place)}: {short_words(problem(first, _TABLES, PlanSpec))}{more}. {_EXAMPLE}"
    )


def _check_names(plan: SweepPlan) -> None:
    """Refuse what names an axis that does not exist, or an option twice."""
    spec = plan.spec
    targets: dict[str, str] = {}
    for key in spec.settings:
        check_target(key, spec.settings[key], lambda why, key=key: plan.refuse(["settings", key], why))  # type: ignore[misc]
    for name, axis in spec.axes.items():
        place = ["axes", name]
        if axis.sets is not None:
            for value in axis.all_values():
                check_target(axis.sets, value, lambda why, place=place: plan.refuse(place, why))  # type: ignore[misc]
        target = axis.sets or axis.command or "flash"
        if target in targets:
            raise plan.refuse(
                place, f"axes {shown(targets[target])} and {shown(name)} both change {shown(target)}"
            )
        if axis.sets is not None and axis.sets in spec.settings:
            raise plan.refuse(
                place, f"{shown(axis.sets)} is set for all points in [settings], too. Try: one of them"
            )
        targets[target] = name
    named = [(["group_by"], spec.group_by), *((["zip"], one) for one in spec.zip)]
    named += [(["exclude"], list(one)) for one in spec.exclude]
    named += [(["include"], list(one)) for one in spec.include]
    if spec.reference is not None:
        named.append((["reference", "values"], list(spec.reference.values)))
    for place, names in named:
        for name in names:
            if name not in spec.axes:
                raise plan.refuse(
                    place,
                    f"{shown(name)} is no axis{meant(name, spec.axes)} (axes: {', '.join(spec.axes) or 'none'})",
                )
    _check_zips(plan)
    _check_values(plan)


def _check_ladder(plan: SweepPlan) -> None:
    try:
        checked_ladder(plan.spec.recovery.ladder)
    except ConfigurationError as error:
        raise plan.refuse(["recovery", "ladder"], str(error)) from None


def _check_zips(plan: SweepPlan) -> None:
    zipped: set[str] = set()
    for group in plan.spec.zip:
        if len(group) < 2:
            raise plan.refuse(["zip"], "a zip needs two axes or more")
        for one, other in pairwise(group):
            sizes = [len(plan.spec.axes[name].all_values()) for name in (one, other)]
            if sizes[0] != sizes[1]:
                raise plan.refuse(
                    ["zip"],
                    f"axis {shown(one)} has {sizes[0]} values and {shown(other)} has {sizes[1]}; "
                    "a zip needs as many of each",
                )
        for name in group:
            if name in zipped:
                raise plan.refuse(["zip"], f"axis {shown(name)} is zipped twice")
            zipped.add(name)


def _check_values(plan: SweepPlan) -> None:
    """Refuse values of `exclude`, `include` and `reference` that no axis has, or an include that is incomplete."""
    spec = plan.spec
    for choice in spec.exclude:
        if not choice:
            raise plan.refuse(["exclude"], "an empty table would exclude every point")
        for name, wanted in choice.items():
            for value in wanted if isinstance(wanted, list) else [wanted]:
                if value not in spec.axes[name].all_values():
                    raise plan.refuse(
                        ["exclude"], f"axis {shown(name)} has no value {value!r}, so nothing is excluded"
                    )
    for extra in spec.include:
        missing = [name for name in spec.axes if name not in extra]
        if missing:
            raise plan.refuse(["include"], f"a point needs a value for every axis; {', '.join(missing)} has none")
    if spec.reference is not None and spec.reference.every_points is None and spec.reference.every_hours is None:
        raise plan.refuse(["reference"], "how often? Try: every_points = 20, or every_hours = 2")
