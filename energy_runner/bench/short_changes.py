# SPDX-License-Identifier: Apache-2.0
"""The options of `run` that change single keys of a bench file."""

from collections.abc import Mapping
from typing import Any

from energy_runner.bench.load import load_bench_spec
from energy_runner.errors import ConfigurationError

# What `run --voltage` and `run --rate` stand for: the tables that hold the key, the long form's first.
_SHORT = {"voltage": ("voltage_v", "supply", "monitor"), "rate": ("sample_rate_hz", "sampler", "monitor")}


def short_changes(
    name_or_file: str, changes: Mapping[str, Any], given: Mapping[str, float | None]
) -> dict[str, Any]:
    """Return the changes that the options `voltage` and `rate` ask of a bench, by the keys that its form has.

    Raises `ConfigurationError` where one of `changes` says the same thing.
    """
    found: dict[str, Any] = {}
    for option, value in given.items():
        if value is None:
            continue
        name, long, short = _SHORT[option]
        key = f"{short if load_bench_spec(name_or_file).monitor is not None else long}.{name}"
        if key in changes:
            raise ConfigurationError(f"--{option} and --set {key} are the same. Try: one of them")
        found[key] = value
    return found
