# SPDX-License-Identifier: Apache-2.0
"""Describe mistakes in a bench file by its own keys: the line, the key, what is possible."""

import difflib
import re
from collections.abc import Iterable, Mapping, Sequence

from pydantic import BaseModel
from pydantic_core import ErrorDetails

_HEADER = re.compile(r"\s*\[\s*([^\[\]]+?)\s*\]\s*(?:#.*)?")
_ENTRY = re.compile(r"\s*\[\[\s*([^\[\]]+?)\s*\]\]\s*(?:#.*)?")
_PLAIN_WORDS = {
    "missing": "{key} is missing",
    "string_too_short": "{key} must not be empty",
    "dict_type": "{key} must be a table",
    "string_too_long": "{key} must not be longer than {max_length} characters",
    "model_type": "{key} must be a table: [{key}]",
}


# What a value of another type should be; pydantic's words are those of programmers.
_TYPES = {
    "bool": "true or false",
    "float": "a number",
    "int": "a whole number",
    "finite": "a finite number",
    "string": "a text, in quotes",
}
_LEAST_INSIDE = 3  # shorter names are inside many words
_OF_TYPE = ("_type", "_parsing", "_number", "_float")
_WHOLE = re.compile(r"[-+]?[0-9]+", re.ASCII)
_A_NUMBER = re.compile(r"[-+]?[0-9]+(\.[0-9]+)?([eE][-+]?[0-9]+)?", re.ASCII)
_WITH_COMMA = re.compile(r"[-+]?[0-9]+,[0-9]+", re.ASCII)


def with_point(given: object) -> str:
    """Return the advice to write a decimal point where a number has a comma; "" for anything else."""
    if not isinstance(given, str) or not _WITH_COMMA.fullmatch(given.strip()):
        return ""
    return f", with a decimal point and without quotation marks: {given.strip().replace(',', '.')}"


def _unquoted(kind: str, given: object) -> str:
    """Return the advice to leave quotation marks out where the text inside them is what is wanted; else ""."""
    if not isinstance(given, str):
        return ""
    text = given.strip()
    words = {"true": "true", "on": "true", "yes": "true", "false": "false", "off": "false", "no": "false"}
    form = _WHOLE if kind.startswith("int") else _A_NUMBER
    value = words.get(text.lower(), "") if kind.startswith("bool") else form.fullmatch(text) and text
    return f", without quotation marks: {value}" if value else ""


def meant(word: str, known: Iterable[str]) -> str:
    """Return a question about the nearest known word, in any case or inside `word`; empty if none is near."""
    by_lower = {one.lower(): one for one in known}
    given = word.lower()
    inside = [one for one in by_lower if len(one) >= _LEAST_INSIDE and one in given]
    near = inside[:1] or difflib.get_close_matches(given, list(by_lower), n=1, cutoff=0.5)
    return f"; did you mean '{by_lower[near[0]]}'?" if near else ""


def problem(error: ErrorDetails, tables: Mapping[str, type[BaseModel]], root: type[BaseModel]) -> str:
    """Return one of pydantic's errors in plain words; the key comes first.

    `tables` holds the model of each table by its name, `*` standing for any one part of it.
    """
    place = [str(part) for part in error["loc"]]
    # What follows an option's name in a place is the type that was tried.
    if "options" in place:
        place = place[: place.index("options") + 2]
    key, kind = ".".join(place), error["type"]
    if kind == "extra_forbidden":
        return _unknown(place, tables, root)
    if kind in _PLAIN_WORDS:
        return _PLAIN_WORDS[kind].format(key=key, **error.get("ctx", {}))
    if not place:
        return fault(error)
    if kind == "value_error" and _model(place, tables, root) is not root:
        # Of a whole table: a sentence about its keys, not what one value must be.
        return f"{key}: {error['msg'].removeprefix('Value error, ')}"
    wanted = "must be a text, a number, true or false" if "options" in place else fault(error)
    return f"{key} = {toml(error['input'])}: {wanted}"


def fault(error: ErrorDetails) -> str:
    """Return what a value must be, where one of pydantic's errors says that it is not."""
    kind, message = error["type"], error["msg"].removeprefix("Value error, ")
    wanted = _TYPES.get(kind.partition("_")[0])
    if wanted is not None and kind.endswith(_OF_TYPE):
        point = with_point(error["input"]) if kind.startswith("float") else ""
        return f"must be {wanted}{point or _unquoted(kind, error['input'])}"
    text = message.removeprefix("Input should be ")
    return f"must be {text}" if text != error["msg"] and error["loc"] else text


def line_of(text: str, place: Sequence[str]) -> int | None:
    """Return the line of the key at `place` in a TOML `text`, or else of its table; None for neither.

    Tables may be written as headers or as dotted keys; a key in an inline table is found by that table's line. An
    entry of a list of tables has its number in `place`: `("monitor", "calibration", "point", "0", "unit")`.
    """
    table: list[str] = []
    entries: dict[str, int] = {}
    best: tuple[int, int] | None = None  # (parts that match, line)
    for number, line in enumerate(text.splitlines(), start=1):
        header, entry = _HEADER.fullmatch(line), _ENTRY.fullmatch(line)
        if entry:
            parts = _parts(entry[1])
            name = ".".join(parts)
            entries[name] = entries.get(name, -1) + 1
            table = [*parts, str(entries[name])]
            here = table
        elif header:
            table = _parts(header[1])
            here = table
        elif "=" in line and not line.lstrip().startswith("#"):
            here = table + _parts(line.partition("=")[0])
        else:
            continue
        if here and list(place[: len(here)]) == here and (best is None or len(here) > best[0]):
            best = (len(here), number)
    return best[1] if best else None


def toml(value: object) -> str:
    """Return a value roughly as TOML writes it, shortened to 40 characters."""
    written = {True: "true", False: "false"}[value] if isinstance(value, bool) else repr(value)
    return written if len(written) <= 40 else written[:37] + "..."


def _unknown(place: list[str], tables: Mapping[str, type[BaseModel]], root: type[BaseModel]) -> str:
    """Return that a key is unknown, which ones are known there, and which one may have been meant."""
    known = list(_model(place[:-1], tables, root).model_fields)
    elsewhere = [f"{table}.{place[-1]}" for table, model in tables.items() if place[-1] in model.model_fields]
    plain = [key for key in elsewhere if "*" not in key]
    near = f"; did you mean {' or '.join(map(repr, plain[:3]))}?" if plain else meant(place[-1], known)
    return f"unknown key {'.'.join(place)!r}{near} (known here: {', '.join(known)})"


def _model(place: list[str], tables: Mapping[str, type[BaseModel]], root: type[BaseModel]) -> type[BaseModel]:
    for name, model in tables.items():
        parts = name.split(".")
        if len(parts) == len(place) and all(p in ("*", q) for p, q in zip(parts, place, strict=True)):
            return model
    return root


def _parts(dotted: str) -> list[str]:
    return [part.strip().strip("\"'") for part in dotted.strip().split(".")]
