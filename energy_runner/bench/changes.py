# SPDX-License-Identifier: Apache-2.0
"""Changes to a bench file for one run: `--set monitor.voltage_v=2.5`, on the table before it is checked."""

import copy
import json
import tomllib
from collections.abc import Iterable, Mapping
from typing import Any

from energy_runner.errors import ConfigurationError

_EXAMPLE = "Try: --set monitor.voltage_v=2.5"


def parse_changes(texts: Iterable[str]) -> dict[str, Any]:
    """Return `KEY=VALUE` texts as key to value; a value is read as TOML, and is a plain text if it is none.

    Raises `ConfigurationError` for a text without a key, and for a key that is given twice.
    """
    changes: dict[str, Any] = {}
    for text in texts:
        key, equals, value = text.partition("=")
        key = key.strip()
        if not equals or not key:
            raise ConfigurationError(f"--set {text}: is not KEY=VALUE. {_EXAMPLE}")
        if key in changes:
            raise ConfigurationError(f"--set {key}: is given twice. Try: one of them")
        changes[key] = _value(value.strip())
    return changes


def changed(table: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return a bench file's table with each key of `changes`, such as `monitor.voltage_v`, replaced or added.

    The keys are dotted as in TOML. Nothing is checked here but that a key leads through tables: whether the bench
    file may hold it, its schema tells. Raises `ConfigurationError` for a key that is no key.
    """
    result = copy.deepcopy(dict(table))
    for key, value in changes.items():
        *parents, last = _path(key)
        place = result
        for depth, name in enumerate(parents, start=1):
            below = place.setdefault(name, {})
            if not isinstance(below, dict):
                raise ConfigurationError(f"--set {key}: {'.'.join(parents[:depth])} is no table. {_EXAMPLE}")
            place = below
        place[last] = value
    return result


def in_words(changes: Mapping[str, Any]) -> str:
    """Return what was changed, for a message: ` with monitor.voltage_v = 2.5`; nothing for no changes."""
    told = [f"{key} = {json.dumps(value, default=str)}" for key, value in changes.items()]
    return f" with {', '.join(told)}" if told else ""


def _path(key: str) -> list[str]:
    """Return the parts of a dotted key; quotes around a part work as in TOML."""
    try:
        nested = tomllib.loads(f"{key} = 0")
    except (tomllib.TOMLDecodeError, RecursionError):
        raise ConfigurationError(f"--set {key}: is no key of a bench file. {_EXAMPLE}") from None
    path: list[str] = []
    while isinstance(nested, dict):
        if len(nested) != 1:  # a line break in the key made more of it
            raise ConfigurationError(f"--set {key}: is no key of a bench file. {_EXAMPLE}")
        [(name, nested)] = nested.items()
        path.append(name)
    return path


def _value(text: str) -> Any:
    try:
        read = tomllib.loads(f"value = {text}")
    except (tomllib.TOMLDecodeError, RecursionError):
        return text
    return read["value"] if len(read) == 1 else text
