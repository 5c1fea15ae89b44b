# SPDX-License-Identifier: Apache-2.0
"""What changed since an earlier audit: sessions that are new or gone, other states, other figures."""

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from energy_runner.errors import Argument, ConfigurationError
from energy_runner.published.row import IN_WORDS, SCHEMA, AuditRow, State
from energy_runner.report.audit.cells import figure
from energy_runner.wording import shown

Kind = Literal["new", "gone", "other-state", "other-figure"]
KINDS: dict[Kind, str] = {
    "new": "new",
    "gone": "gone",
    "other-state": "other state",
    "other-figure": "other figure",
}
_MOST_BYTES = 512_000_000  # a hundred times what the whole published record takes
_FIGURES = ("published", "reproduced", "ours", "corrected")
_SAME = 1e-9  # ratio below which the last digits of an arithmetic differ, not a figure


class AuditChange(BaseModel):
    """One session that an audit finds otherwise than an earlier one did."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    session: str
    """Its path below the folder that was given."""
    kind: Kind
    """`new`, `gone`, `other-state` (the figures may differ, too), or `other-figure`."""
    state_before: State | None = None
    """Its state in the earlier audit; null for a new session, and where the earlier audit had no states."""
    state: State | None = None
    """Its state now; null for one that is gone."""
    figures: dict[str, tuple[float | None, float | None]] = {}
    """The figures that differ, by their names, in the unit of the row: before, and now."""


class Known(BaseModel):
    """What is compared of a row, whatever else a version writes there."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    session: str
    """Its path."""
    submitter: str = ""
    """Who submitted it; empty in a document of the first version."""
    state: State | None = None
    """Its state; None in a document of the first version."""
    published: float | None = None
    """The printed figure."""
    reproduced: float | None = None
    """The reproduced one."""
    ours: float | None = None
    """Ours."""
    corrected: float | None = None
    """The corrected one."""


def read_baseline(path: Path) -> list[Known]:
    """Return the rows of an earlier `audit --json`, also of the first version, which printed a bare list.

    Raises `ConfigurationError` for a file that cannot be read or is none.
    """
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise _refused(path, f"it is larger than {_MOST_BYTES // 1_000_000} MB")
        document = json.loads(path.read_text("utf-8-sig"))
    except OSError as error:
        raise _refused(path, error.strerror or type(error).__name__) from None
    except (ValueError, RecursionError) as error:
        raise _refused(path, f"it is no JSON: {str(error)[:80]}") from None
    stated = document.get("schema") if isinstance(document, dict) else None
    if stated is not None and stated != SCHEMA:
        raise _refused(path, f"it is a document of the schema {shown(stated)!r}, an audit has {SCHEMA!r}")
    rows = document.get("rows") if isinstance(document, dict) else document
    if not isinstance(rows, list):
        raise _refused(path, "it holds no rows")
    known = [_known(path, number, row) for number, row in enumerate(rows)]
    if isinstance(document, dict) and stated is None:
        raise _refused(path, f"it states no schema, an audit has {SCHEMA!r}")
    return known


def of_submitters(before: Sequence[Known], names: Sequence[str], judged: Sequence[AuditRow]) -> list[Known]:
    """Return what an earlier audit said of the sessions that are `judged`, and of others of these submitters."""
    wanted, there = {name.casefold() for name in names}, {row.session for row in judged}
    return [one for one in before if one.session in there or one.submitter.casefold() in wanted]


def changes(before: Sequence[Known], rows: Sequence[AuditRow]) -> list[AuditChange]:
    """Return what differs between an earlier audit and `rows`, in their order; what is gone comes last."""
    old, new = _by_name(before), _by_name(rows)
    found = [change for name, row in new.items() if (change := _change(old.get(name), row)) is not None]
    gone = [one for name, one in old.items() if name not in new]
    return found + [AuditChange(session=one.session, kind="gone", state_before=one.state) for one in gone]


def differences(change: AuditChange) -> list[str]:
    """Return what differs in words: the states, then the figures."""
    before = IN_WORDS[change.state_before] if change.state_before else ""
    now = IN_WORDS[change.state] if change.state else ""
    if change.kind == "other-state":
        states = f"{before}, now {now}"
    else:
        states = {"new": now, "gone": f"before: {before}" if before else ""}.get(change.kind, "")
    figures = (f"{name} {figure(old)}, now {figure(new)}" for name, (old, new) in change.figures.items())
    return [text for text in (states, *figures) if text]


def in_a_sentence(found: Sequence[AuditChange]) -> str:
    """Return the number of changes of each kind in words."""
    number = Counter(one.kind for one in found)
    words: tuple[tuple[Kind, str], ...] = (
        ("new", "new"),
        ("gone", "gone"),
        ("other-state", "with another state"),
        ("other-figure", "with another figure"),
    )
    parts = [f"{number[kind]} {said}" for kind, said in words if number[kind]]
    return ", ".join(parts) or "nothing changed"


def _change(old: Known | None, row: AuditRow) -> AuditChange | None:
    if old is None:
        return AuditChange(session=row.session, kind="new", state=row.state)
    pairs = {name: (getattr(old, name), getattr(row, name)) for name in _FIGURES}
    figures = {name: pair for name, pair in pairs.items() if not _same(*pair)}
    kind: Kind = "other-state" if old.state not in (None, row.state) else "other-figure"
    if kind == "other-figure" and not figures:
        return None
    return AuditChange(session=row.session, kind=kind, state_before=old.state, state=row.state, figures=figures)


def _same(one: float | None, other: float | None) -> bool:
    if one is None or other is None:
        return one is other
    return one == other or abs(one - other) <= _SAME * max(abs(one), abs(other))


def _by_name[R: (Known, AuditRow)](rows: Iterable[R]) -> dict[tuple[str, int], R]:
    """Return the rows by path; folders that hold sessions of the same path are told apart by their order."""
    seen: Counter[str] = Counter()
    found: dict[tuple[str, int], R] = {}
    for row in rows:
        found[row.session, seen[row.session]] = row
        seen[row.session] += 1
    return found


def _known(path: Path, number: int, row: Any) -> Known:
    try:
        return Known.model_validate(row)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        key = ".".join(str(part) for part in first["loc"]) or "row"
        raise _refused(path, f"rows[{number}], {key}: {first['msg']}") from None


def _refused(path: Path, why: str) -> ConfigurationError:
    return ConfigurationError(
        Argument("since", str(path)), f": {why}. Try: a file that `energy-runner audit ... --json > FILE` wrote"
    )
