# SPDX-License-Identifier: Apache-2.0
"""The schema of a rule set file, and messages about mistakes in one that use the file's own keys."""

import difflib
from collections.abc import Iterable, Mapping

from pydantic import BaseModel, ConfigDict, Field
from pydantic_core import ErrorDetails

from energy_runner.rules.rule_sets import Binding

_DEEPEST = 3  # table, name, key; what follows in a place is the type that was tried
_LARGEST = 1e12  # of any limit, in its unit


class _Part(BaseModel):
    # Strict: `limit = "0.01"` is a typing mistake, and so is `limit = true`.
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


class RowChange(_Part):
    """What a file says about a rule; what it leaves out is as in the base set."""

    binding: Binding | None = None
    clause: str | None = Field(default=None, min_length=1)
    limit: int | float | None = Field(default=None, ge=-_LARGEST, le=_LARGEST)
    remark_above: float | None = Field(default=None, ge=0.0, le=_LARGEST)


class AuditChange(_Part):
    """What a file says about a limit of audits."""

    limit: float = Field(ge=0.0, le=_LARGEST)
    clause: str = Field(min_length=1)


class BenchmarkChange(_Part):
    """What a file says about a benchmark; what it leaves out is as in the base set."""

    target: float | None = None
    stimuli: list[int] | None = None
    first: list[list[str]] | None = None
    needs: str | None = None


class SetFile(_Part):
    """A whole file."""

    id: str | None = None
    title: str = ""
    based_on: str | None = None
    sources: list[str] | None = None
    runners: list[str] | None = None
    rules: dict[str, RowChange] = Field(default_factory=dict)
    benchmarks: dict[str, BenchmarkChange] = Field(default_factory=dict)
    audit: dict[str, AuditChange] = Field(default_factory=dict)


class WrongError(Exception):
    """Something is wrong at `place`; the message says what."""

    def __init__(self, place: Iterable[str], message: str) -> None:
        super().__init__(message)
        self.place = tuple(place)


def wrong_key(error: ErrorDetails) -> WrongError:
    """Return one of pydantic's errors in plain words, with the place of its key."""
    place = tuple(str(part) for part in error["loc"][:_DEEPEST])
    key = ".".join(place)
    if error["type"] == "extra_forbidden":
        return WrongError(place, unknown("key", key, _keys(place)))
    if error["type"] == "missing":
        return WrongError(place, f"{key} is missing")
    if error["type"] in {"model_type", "dict_type"}:
        return WrongError(place, f"{key} must be a table, for example {key} = {{ ... }}")
    must = error["msg"].removeprefix("Input should be ")
    if place[0] in {"rules", "audit"} and place[-1] in {"limit", "remark_above"}:
        must = f"a number up to {_LARGEST:g}"  # an int or a float, which pydantic reports one by one
    shown = repr(error["input"])
    return WrongError(place, f"{key} = {shown if len(shown) <= 40 else shown[:37] + '...'}: must be {must}")


def _keys(place: tuple[str, ...]) -> list[str]:
    """Return the keys that are known at the place of an unknown one."""
    parts: Mapping[str, type[_Part]] = {"rules": RowChange, "audit": AuditChange, "benchmarks": BenchmarkChange}
    return list((parts[place[0]] if len(place) > 1 else SetFile).model_fields)


def unknown(what: str, word: str, known: Iterable[str]) -> str:
    """Return that a word is unknown, which ones are known, and which one may have been meant."""
    names = list(known)
    near = difflib.get_close_matches(word.rpartition(".")[2], names, n=1, cutoff=0.5)
    hint = f"; did you mean '{near[0]}'?" if near else ""
    return f"unknown {what} {word!r}{hint} (known: {', '.join(names)})"
