# SPDX-License-Identifier: Apache-2.0
"""Tables of sessions: their windows, the single inferences in these, the layers of the network, laps of clocks.

Everything is derived from the facts; a stored result is not used.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from energy_runner.analysis.analyze import analyze
from energy_runner.analysis.facts import gather
from energy_runner.analysis.inferences.segment import WindowInferences, segment_session
from energy_runner.analysis.placing.clock import clock_of
from energy_runner.errors import ConfigurationError, SessionError
from energy_runner.session.events import InferenceDone
from energy_runner.session.folder import Session
from energy_runner.session.table import SCHEMA, Column, Table, Values, joined
from energy_runner.version import version
from energy_runner.wording import shown

Part = dict[str, Values]
_MOST_NOTES = 2  # in a message
_MOST_NAMED = 3  # sessions, in a title
_LONGEST_ID = 100  # characters of one there
_LONGEST_NAME = 255  # of a session or benchmark in its column, which has it in every row
LONGEST = 1000  # characters of a text in a table
_SESSION = {
    "session": "The session's id.",
    "virtual": "True: simulated, no measurement.",
    "benchmark": "Id of the benchmark.",
    "mode": "What was measured: energy, performance or accuracy.",
}


@dataclass(frozen=True)
class Kind:
    """A kind of table: what its rows stand for, its columns and which of them identify a row.

    `parts` yields the columns of one session, in parts, and appends to its second argument what is left out. In
    the columns `varying`, each row has the unit that its column `unit` tells.
    """

    dimension: str
    about: dict[str, str]
    index: tuple[str, ...]
    parts: Callable[[Session, list[str]], Iterator[Part]]
    varying: frozenset[str] = frozenset()


def table(sessions: Sequence[Session], what: str = "windows", others: Mapping[str, Kind] | None = None) -> Table:
    """Return a table of all windows, single inferences, layers or laps of `sessions`, derived from their facts.

    `others` are kinds of tables that are made elsewhere, by name. A session that has none of them is a remark.
    Raises `ConfigurationError` for an unknown `what`, `SessionError` where no session has any.
    """
    kinds = {**KINDS, **(others or {})}
    if what not in kinds:
        raise ConfigurationError(f"there is no table of {shown(what)!r} (known: {', '.join(kinds)})")
    if not sessions:
        raise ConfigurationError("a table needs at least one session")
    kind = kinds[what]
    about = _SESSION | kind.about
    columns: dict[str, list[Values]] = {name: [] for name in about}
    remarks = list(_alike(sessions))
    without: list[str] = []
    for session in sessions:
        noted: list[str] = []
        if session.record.outcome == "running":
            noted.append("the run has not ended, or was killed; these are its rows so far")
        rows = 0
        try:
            for part in kind.parts(session, noted):
                count = len(next(iter(part.values())))
                for name, values in (_session_columns(session, count) | part).items():
                    columns[name].append(_bounded(values, name, noted))
                rows += count
        except OverflowError:
            raise SessionError(f"{session.path}: holds a number that no run can produce") from None
        if not rows:
            why = f": {'; '.join(noted[:_MOST_NOTES])}" if noted else ""
            mode = session.record.run.mode
            without.append(f"{session.path}: this session in {mode} mode has no {what}{why}")
            continue
        remarks += [f"{session.path}: {note}" for note in dict.fromkeys(noted)]
    if len(without) == len(sessions):
        more = "; nor has any of the others" if len(without) > 1 else ""
        raise SessionError(f"{without[0]}{more}")
    remarks += without
    virtual = any(session.record.virtual for session in sessions)
    return Table(
        name=what,
        dimension=kind.dimension,
        columns=tuple(
            Column(
                name,
                joined(columns[name]),
                about[name],
                index=name in {*_SESSION, *kind.index},
                varies=name in kind.varying,
            )
            for name in about
        ),
        attributes={
            "schema": SCHEMA,
            "title": f"{'SIMULATED ' if virtual else ''}{what} of {', '.join(_named(sessions))}",
            "source": f"energy-runner {version()}",
        },
        remarks=tuple(remarks),
    )


def _alike(sessions: Sequence[Session]) -> Iterator[str]:
    """Say which sessions cannot be told apart by their rows: the same one twice, or two of one id."""
    paths = Counter(str(session.path.resolve()) for session in sessions)
    yield from (
        f"{path}: was given {count} times, so each row is there as often"
        for path, count in paths.items()
        if count > 1
    )
    ids = Counter(
        session.record.session_id for session in {str(one.path.resolve()): one for one in sessions}.values()
    )
    for name, count in ids.items():
        if count > 1:
            yield f"{count} sessions are called {shown(name)}: the column session does not tell their rows apart"


def _bounded(values: Values, name: str, noted: list[str]) -> Values:
    """Return a column whose texts are of bounded length: an array has room for the longest in each of its rows."""
    if values.dtype.kind != "U" or values.dtype.itemsize <= 4 * LONGEST:
        return values
    noted.append(f"texts in the column {name} are cut after {LONGEST} characters")
    return values.astype(f"U{LONGEST}")


def words(texts: Iterable[str]) -> Values:
    """Return texts as a column; each is cut one character after `LONGEST`, so that one long one costs little."""
    return np.array([text[: LONGEST + 1] for text in texts], dtype=np.str_)


def _named(sessions: Sequence[Session]) -> list[str]:
    """Return the ids of the first sessions, and how many more there are."""
    ids = [shown(session.record.session_id, _LONGEST_ID) for session in sessions[:_MOST_NAMED]]
    return ids if len(sessions) <= _MOST_NAMED else [*ids, f"{len(sessions) - _MOST_NAMED} more"]


def _session_columns(session: Session, count: int) -> Part:
    record = session.record
    texts = {"session": record.session_id, "benchmark": record.benchmark.id, "mode": record.run.mode}
    columns: Part = {name: np.full(count, shown(text, _LONGEST_NAME)) for name, text in texts.items()}
    return columns | {"virtual": np.full(count, record.virtual)}


def numbers(values: Sequence[float | None], kind: type[np.generic]) -> Values:
    """Return numbers of which some may be missing; those are masked."""
    mask = [value is None for value in values]
    plain = np.array([0 if value is None else value for value in values], dtype=kind)
    return np.ma.masked_array(plain, mask=mask)


# --- windows --------------------------------------------------------------------------------------------

_FLOATS = (
    "start_s",
    "stop_s",
    "duration_s",
    "energy_j",
    "energy_per_inference_j",
    "mean_power_w",
    "throughput_per_s",
)
_COUNTS = ("inferences", "samples_expected", "samples_received", "samples_missing", "samples_over_range")
_WINDOWS = {
    "window": "Number of the window, from 1.",
    "stimulus": "Index of its stimulus, from 0.",
    "file": "File of the stimulus.",
    "start_s": "Its first edge, s from the first sample on, as long as a sample was found to last.",
    "stop_s": "Its second edge, s, likewise.",
    "duration_s": "Duration between the edges, s.",
    "inferences": "Inferences in the window.",
    "energy_j": "Energy between the edges, J.",
    "energy_per_inference_j": "Energy of one inference, J.",
    "mean_power_w": "Mean power between the edges, W.",
    "throughput_per_s": "Inferences per second.",
    "samples_expected": "Samples that the window touches.",
    "samples_received": "Samples of these that arrived.",
    "samples_missing": "Samples of these that did not; the likeliest number where it cannot be known.",
    "samples_missing_known": "Whether that is exactly how many are missing.",
    "samples_over_range": "Samples of these that were beyond the monitor's range.",
    "energy_per_inference_u_j": "Standard uncertainty of the energy of one inference, J.",
    "energy_per_inference_expanded_u_j": "Expanded uncertainty of the energy of one inference, J, for 95 %.",
}


def _windows(session: Session, noted: list[str]) -> Iterator[Part]:
    result = analyze(session)
    windows = result.windows
    noted += [
        f"window {finding.window + 1}, {finding.id}: {finding.detail}"
        for finding in result.findings
        if finding.window is not None
    ]
    budgets = [window.uncertainty for window in windows]
    part: Part = {
        "window": np.array([window.index + 1 for window in windows], dtype=np.int64),
        "stimulus": np.array([window.stimulus for window in windows], dtype=np.int64),
        "file": words(window.file for window in windows),
        "samples_missing_known": np.array([window.samples_missing_known for window in windows], dtype=np.bool_),
        "energy_per_inference_u_j": numbers([b.u if b else None for b in budgets], np.float64),
        "energy_per_inference_expanded_u_j": numbers([b.U if b else None for b in budgets], np.float64),
    }
    part |= {name: numbers([getattr(w, name) for w in windows], np.float64) for name in _FLOATS}
    # A result counts stated periods. Here the edges are in the time of durations, inferences and exported traces.
    factor = clock_of(result.sample_clock).factor
    part |= {name: part[name] * factor for name in ("start_s", "stop_s")}
    yield part | {name: numbers([getattr(w, name) for w in windows], np.int64) for name in _COUNTS}


# --- single inferences ----------------------------------------------------------------------------------

_INFERENCES = {
    "window": "Number of the window, from 1.",
    "inference": "Number of the inference in its window, from 1.",
    "start_s": "Its beginning, s from the first sample on, as long as a sample was found to last.",
    "start_u_s": "Standard uncertainty of its beginning, s.",
    "stop_s": "Its end, s, which is the beginning of the next one.",
    "duration_s": "Its duration, s.",
    "energy_j": "Its energy, J; missing where samples are.",
}


def _inferences(session: Session, noted: list[str]) -> Iterator[Part]:
    if session.record.run.mode != "energy":
        return
    for window in segment_session(session).windows:
        if window.resolved:
            yield _of_window(window)
            noted += [f"window {window.index + 1}: {text}" for text in window.disagreements]
        else:
            noted.append(f"window {window.index + 1} is left out, {window.reason}")


def _of_window(window: WindowInferences) -> Part:
    count = len(window.energy_j)
    bounds_s = np.array(window.boundaries_s, dtype=np.float64)
    return {
        "window": np.full(count, window.index + 1, dtype=np.int64),
        "inference": np.arange(1, count + 1, dtype=np.int64),
        "start_s": bounds_s[:-1],
        "start_u_s": np.array(window.boundary_u_s[:count], dtype=np.float64),
        "stop_s": bounds_s[1:],
        "duration_s": np.array(window.duration_s, dtype=np.float64),
        "energy_j": np.array(window.energy_j, dtype=np.float64),
    }


# --- layers of the network ------------------------------------------------------------------------------

_LAYERS = {
    "layer": "Number of the layer, from 1, in the order in which they run.",
    "name": "Its name.",
    "operations": "Its multiply-accumulates.",
    "duration_s": "Its duration, s.",
    "energy_j": "Its energy per inference, J.",
    "energy_u_j": "Standard uncertainty of that, J: scatter of the fit and place of the edges only.",
    "inferences": "Inferences in the fit.",
}


def _layers(session: Session, noted: list[str]) -> Iterator[Part]:
    result = analyze(session)
    noted += [finding.detail for finding in result.findings if finding.id.startswith("layers-")]
    found = result.layers
    if found is None or not found.layers:
        noted.append("its bench does not mark the layers" if not noted else "their energies are not known")
        return
    rows = found.layers
    yield {
        "layer": np.arange(1, len(rows) + 1, dtype=np.int64),
        "name": words(row.name for row in rows),
        "operations": np.array([row.operations for row in rows], dtype=np.int64),
        "duration_s": np.array([row.duration_s for row in rows], dtype=np.float64),
        "energy_j": np.array([row.energy_j for row in rows], dtype=np.float64),
        "energy_u_j": np.array([row.u_j for row in rows], dtype=np.float64),
        "inferences": np.full(len(rows), found.inferences, dtype=np.int64),
    }


# --- laps -----------------------------------------------------------------------------------------------

_LAPS = {
    "clock": "Whose clock: io-manager or dut.",
    "lap": "Number of the lap by this clock, from 1.",
    "lap_us": "The lap as printed, us; a 32-bit counter, so it wraps after 71.6 minutes.",
    "host_ns": "Host time at which the line that reports it arrived, ns.",
    "purpose": "Of a lap of the DUT: what its command was for.",
    "window": "Of a lap of the DUT in a window: the window's number, from 1.",
}


def _laps(session: Session, _: list[str]) -> Iterator[Part]:
    facts = gather(session.journal(exchanges=False))
    laps = list(facts.laps)
    if laps:
        yield {
            **_laps_of("io-manager", [lap.lap_us for lap in laps], [lap.t_ns for lap in laps]),
            "purpose": np.ma.masked_all(len(laps), dtype="<U1"),
            "window": np.ma.masked_all(len(laps), dtype=np.int64),
        }
    dut_laps = list(_dut_laps(facts.inferences))
    if dut_laps:
        purposes, windows, laps_us, times_ns = zip(*dut_laps, strict=True)
        yield {
            **_laps_of("dut", laps_us, times_ns),
            "purpose": words(purposes),
            "window": numbers(windows, np.int64),
        }


def _laps_of(clock: str, laps_us: Sequence[int], times_ns: Sequence[int | None]) -> Part:
    return {
        "clock": np.full(len(laps_us), clock),
        "lap": np.arange(1, len(laps_us) + 1, dtype=np.int64),
        "lap_us": np.array(laps_us, dtype=np.int64),
        "host_ns": numbers(times_ns, np.int64),
    }


def _dut_laps(inferences: Any) -> Iterator[tuple[str, int | None, int, int | None]]:
    """Yield purpose, window, lap and host time of each lap of the DUT."""
    windows = 0
    inference: InferenceDone
    for inference in inferences:
        windows += inference.purpose == "window"
        window = windows if inference.purpose == "window" else None
        lines_ns = (inference.start_line_ns, inference.done_line_ns)
        paired = len(inference.dut_laps_us) == len(lines_ns)
        for number, lap_us in enumerate(inference.dut_laps_us):
            yield inference.purpose, window, lap_us, lines_ns[number] if paired else None


KINDS = {
    "windows": Kind("window", _WINDOWS, ("window", "stimulus", "file"), _windows),
    "inferences": Kind("inference", _INFERENCES, ("window", "inference"), _inferences),
    "layers": Kind("layer", _LAYERS, ("layer", "name"), _layers),
    "laps": Kind("lap", _LAPS, ("clock", "lap", "purpose", "window"), _laps),
}
WHAT = tuple(KINDS)
