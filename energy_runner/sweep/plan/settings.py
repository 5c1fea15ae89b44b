# SPDX-License-Identifier: Apache-2.0
"""What a point sets: options of its run, keys of its bench file, commands for the DUT, a flashing command."""

import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from energy_runner.bench.words import meant
from energy_runner.errors import ConfigurationError
from energy_runner.sweep.plan.spec import IMAGE, PLACE, PlanSpec, Scalar

BENCH_KEY = "bench."
_NUMBER = (int, float)
# Options of a run that a plan may set, and the types of their values.
OPTIONS: dict[str, tuple[type, ...]] = {
    "inferences": (int,),
    "warmups": (int,),
    "read_back": (bool,),
    "limit": (int,),
    "stimuli": (str,),
    "seed": (int,),
    "flash_timeout_s": (int, float),
}
_OTHERS: dict[str, tuple[type, ...]] = {
    "benchmark": (str,),
    "mode": (str,),
    "bench": (str,),
    "model": (str,),
    "rule_set": (str,),
    "voltage": _NUMBER,
    "rate": _NUMBER,
    "command": (str,),
    "flash": (str,),
}
TARGETS = {**OPTIONS, **_OTHERS}
_WORDS = {int: "a whole number", float: "a number", str: "a text", bool: "true or false"}


@dataclass(frozen=True)
class Settings:
    """Everything that one point sets.

    `options` go to `plan`, `changes` to `load_bench`; `voltage` and `rate` stand for keys that depend on the form
    of the bench file. `bench` names the only bench that may measure it.
    """

    benchmark: str
    mode: str
    options: Mapping[str, Any] = field(default_factory=dict)
    changes: Mapping[str, Any] = field(default_factory=dict)
    short: Mapping[str, float | None] = field(default_factory=dict)
    bench: str | None = None
    model: str | None = None
    rule_set: str | None = None


def check_target(key: str, value: Scalar, refuse: Callable[[str], ConfigurationError]) -> None:
    """Raise what `refuse` returns if nothing reads `key`, or if `value` has a type that it cannot have."""
    if key.startswith(BENCH_KEY) and len(key) > len(BENCH_KEY):
        return
    if key not in TARGETS:
        raise refuse(
            f"nothing reads {key!r}{meant(key, TARGETS)} (possible: {', '.join(TARGETS)}, or a key of the bench "
            "file such as bench.monitor.voltage_v)"
        )
    types = TARGETS[key]
    if isinstance(value, bool) != (types == (bool,)) or not isinstance(value, types):
        raise refuse(f"{key} = {value!r}: must be {' or '.join(dict.fromkeys(_WORDS[one] for one in types[-1:]))}")


def settings_of(spec: PlanSpec, values: Mapping[str, Scalar], *, seed: int) -> Settings:
    """Return what a point with these values sets; `seed` is that of its virtual bench."""
    targets: dict[str, Any] = dict(spec.settings)
    commands = [str(targets.pop("command"))] if "command" in targets else []
    flash: tuple[str, str | None] | None = None
    if "flash" in targets:
        flash = str(targets.pop("flash")), None
    for name, axis in spec.axes.items():
        value = values[name]
        if axis.command is not None:
            commands.append(axis.command.replace(PLACE, _written(value)))
        elif axis.flash is not None:
            image = _written(value) if IMAGE in axis.flash else None
            flash = axis.flash.replace(PLACE, shlex.quote(_written(value))), image
        elif axis.sets is not None:
            targets[axis.sets] = value
    options = {"seed": seed, **{key: targets[key] for key in OPTIONS if key in targets}}
    if commands:
        options["commands"] = commands
    if flash is not None:
        options["flash"], image = flash
        options |= {"image": image} if image is not None else {}
    options |= _waiting(spec)
    return Settings(
        benchmark=str(targets.get("benchmark", spec.benchmark)),
        mode=str(targets.get("mode", spec.mode)),
        options=options,
        changes={
            key.removeprefix(BENCH_KEY): value for key, value in targets.items() if key.startswith(BENCH_KEY)
        },
        short={key: targets[key] for key in ("voltage", "rate") if key in targets},
        bench=targets.get("bench"),
        model=targets.get("model"),
        rule_set=targets.get("rule_set"),
    )


def reference_values(spec: PlanSpec) -> dict[str, Scalar]:
    """Return the values of the reference point: those that the plan states, else the first of each axis."""
    stated = spec.reference.values if spec.reference is not None else {}
    return {name: stated.get(name, axis.all_values()[0]) for name, axis in spec.axes.items()}


def _waiting(spec: PlanSpec) -> dict[str, Any]:
    wait = spec.wait
    given = {
        "wait_temperature_c": wait.temperature_c,
        "wait_temperature_s": wait.temperature_s,
        "cool_down_s": wait.cool_down_s,
        "settle_s": wait.settle_s,
        "settle_v": wait.settle_v,
        "settle_share": wait.settle_share,
        "settle_timeout_s": wait.settle_timeout_s,
    }
    return {key: value for key, value in given.items() if value is not None}


def _written(value: Scalar) -> str:
    """Return a value as it goes into a command: as TOML writes it, whole numbers without a point."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return str(value)
