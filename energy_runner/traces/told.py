# SPDX-License-Identifier: Apache-2.0
"""What the user tells of a trace beside what its file states: the kind of its samples, and when it began.

A file's own word counts; who tells something else is refused, and what was told says so in the session.
"""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Literal

from energy_runner.errors import Argument, ConfigurationError
from energy_runner.session.days import utc_of, zoned_ns
from energy_runner.traces.model import Head, Kind, TraceFileError

SamplesKind = Literal["means", "instants"]
KINDS: Mapping[str, Kind] = {"means": "mean", "instants": "instant"}
_TOLD: Mapping[Kind, str] = {
    "mean": "samples are means over their period: so it was told",
    "instant": "samples are readings at an instant: so it was told",
}
_NOT_TOLD = "whether samples are means or readings at an instant is not stated; they count as means"
_SAME_S = 1.0  # as exactly as people write when something began


def check_kind(told: str) -> None:
    """Raise `ConfigurationError` for a kind of samples that is none."""
    if told and told not in KINDS:
        raise ConfigurationError(f"samples={told[:20]!r}: {' or '.join(KINDS)} is needed")


def moment_ns(told: str) -> int | None:
    """Return a moment in ISO 8601 as ns since 1970, None if none was told; raises `ConfigurationError`."""
    if not told:
        return None
    try:
        return zoned_ns(told.strip())
    except ValueError as error:
        raise ConfigurationError(
            f"began={told[:40]!r}: {error}. Try: ", Argument("began", "2026-11-30T10:00:00Z")
        ) from None


def with_told(path: Path, head: Head, kind: str, began_ns: int | None, instrument: str) -> Head:
    """Return the head of a trace with what was told; raises `TraceFileError` where the file says otherwise."""
    return _with_beginning(path, _with_kind(path, head, kind, instrument), began_ns)


def _with_kind(path: Path, head: Head, told: str, instrument: str) -> Head:
    # What a format says of its instrument does not hold for another one.
    known = head.kind_known and instrument.lower() in {"", head.instrument}
    if not told:
        return head if known or head.kind == "instant" else replace(head, remarks=(*head.remarks, _NOT_TOLD))
    kind = KINDS[told]
    if known and kind != head.kind:
        own = next(word for word, one in KINDS.items() if one == head.kind)
        raise TraceFileError(
            f"{path}: a file of this format holds {own}, and {told} were told. Try: without ", Argument("samples")
        )
    return head if known else replace(head, kind=kind, remarks=(*head.remarks, _TOLD[kind]))


def _with_beginning(path: Path, head: Head, began_ns: int | None) -> Head:
    if began_ns is None:
        return head
    own_ns = head.started_utc_ns
    if own_ns is None:
        said = f"the beginning, {utc_of(began_ns)}, was told; the file does not record it"
        return replace(head, started_utc_ns=began_ns, began_told=True, remarks=(*head.remarks, said))
    if abs(own_ns - began_ns) > _SAME_S * 1e9:
        raise TraceFileError(
            f"{path}: began at {utc_of(own_ns)} by its own word, and {utc_of(began_ns)} was told. Try: without ",
            Argument("began"),
        )
    return head
