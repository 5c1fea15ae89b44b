# SPDX-License-Identifier: Apache-2.0
"""Changes to a bench file for one run: `--set monitor.voltage_v=2.5`, on the table before it is checked."""

import copy
import json
from collections.abc import Iterable, Mapping
from typing import Any

from energy_runner.errors import Call, ConfigurationError
from energy_runner.toml_text import BoundsError, TomlSyntaxError, check_bounds, read_toml
from energy_runner.wording import shown

# What a change is called: `changes` in Python, `--set` on the command line.
_EXAMPLE = ("Try: ", Call("changes={'monitor.voltage_v': 2.5}", "--set monitor.voltage_v=2.5"))
# Keys of [monitor], and where a bench with [instruments.*] and [roles] has them.
_LONG_FORM = {
    "monitor.voltage_v": "supply.voltage_v",
    "monitor.current_limit_a": "supply.current_limit_a",
    "monitor.sample_rate_hz": "sampler.sample_rate_hz",
}
_SHORT_FORM = {long: short for short, long in _LONG_FORM.items()}


def _change(text: str) -> Call:
    return Call(f"changes: {shown(text)}", f"--set {shown(text)}")


def parse_changes(texts: Iterable[str]) -> dict[str, Any]:
    """Return `KEY=VALUE` texts as key to value; a value is read as TOML, and is a plain text if it is none.

    Raises `ConfigurationError` for a text without a key, a key that is given twice, and a value out of bounds.
    """
    changes: dict[str, Any] = {}
    for text in texts:
        key, equals, value = text.partition("=")
        key = key.strip()
        if not equals or not key:
            raise ConfigurationError(_change(text), ": is not KEY=VALUE. ", *_EXAMPLE)
        if key in changes:
            raise ConfigurationError(_change(key), ": is given twice. Try: one of them")
        try:
            changes[key] = _value(value.strip())
        except BoundsError as error:
            raise ConfigurationError(_change(key), f"={shown(value)}: {error.problem}. ", *_EXAMPLE) from None
    return changes


def changed(table: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return a bench file's table with each key of `changes`, such as `monitor.voltage_v`, replaced or added.

    The keys are dotted as in TOML. Nothing is checked here but that a key leads through tables: whether the bench
    file may hold it, its schema tells. Raises `ConfigurationError` for an unknown key, and for a value that
    is out of bounds.
    """
    result = copy.deepcopy(dict(table))
    for key, value in changes.items():
        *parents, last = _path(key)
        try:
            check_bounds(value)
        except BoundsError as error:
            raise ConfigurationError(_change(key), f": {error}. ", *_EXAMPLE) from None
        place = result
        for depth, name in enumerate(parents, start=1):
            below = place.setdefault(name, {})
            if not isinstance(below, dict):
                parent = shown(".".join(parents[:depth]))
                raise ConfigurationError(_change(key), f": {parent} is no table. ", *_EXAMPLE)
            place = below
        place[last] = value
    return result


def check_form(table: Mapping[str, Any], changes: Mapping[str, Any]) -> None:
    """Raise `ConfigurationError` for a change of a key that this bench has in another table, and name that key.

    A bench has either `[monitor]`, or `[instruments.*]` and `[roles]` with `[supply]` and `[sampler]`.
    """
    missing: tuple[str, ...]
    if "monitor" in table:
        there, missing, elsewhere = "[monitor]", ("supply.", "sampler."), _SHORT_FORM
    elif "instruments" in table or "roles" in table:
        there, missing, elsewhere = "[instruments.*] and [roles]", ("monitor.",), _LONG_FORM
    else:
        return
    for key in changes:
        if key in elsewhere:
            advice = Call(f"changes={{{elsewhere[key]!r}: ...}}", f"--set {elsewhere[key]}=...")
            raise ConfigurationError(_change(key), f": this bench has {there}. Try: ", advice)
        if key.startswith(missing):
            raise ConfigurationError(
                _change(key), f": this bench has {there}, and no [{key.partition('.')[0]}]. Try: a key that it has"
            )


def in_words(changes: Mapping[str, Any]) -> str:
    """Return what was changed, for a message: ` with monitor.voltage_v = 2.5`; nothing for no changes."""
    values = {key: json.dumps(value, default=str, ensure_ascii=False) for key, value in changes.items()}
    told = [f"{shown(key)} = {shown(value)}" for key, value in values.items()]
    return f" with {', '.join(told)}" if told else ""


def _path(key: str) -> list[str]:
    """Return the parts of a dotted key; quotes around a part work as in TOML."""
    try:
        nested: Any = read_toml(f"{key} = 0")
    except (TomlSyntaxError, BoundsError):
        raise ConfigurationError(_change(key), ": is not a key of a bench file. ", *_EXAMPLE) from None
    path: list[str] = []
    while isinstance(nested, dict):
        if len(nested) != 1:  # a line break in the key made more of it
            raise ConfigurationError(_change(key), ": is not a key of a bench file. ", *_EXAMPLE)
        [(name, nested)] = nested.items()
        path.append(name)
    return path


def _value(text: str) -> Any:
    """Return what a text says as TOML, or else the text; raises `BoundsError`."""
    try:
        read = read_toml(f"value = {text}")
    except TomlSyntaxError:
        read = {}
    if len(read) == 1:
        return read["value"]
    check_bounds(text)
    return text
