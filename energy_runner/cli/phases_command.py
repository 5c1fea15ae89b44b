"""`phases`: energy of named phases, from edges of GPIO pins, or estimated from the trace alone."""

import csv
import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from energy_runner.cli.quantities import jsonable
from energy_runner.errors import ConfigurationError, ExitStatus

if TYPE_CHECKING:
    from energy_runner.analysis.energy.source import EnergySource
    from energy_runner.analysis.phases.measure import PhaseResult, Span
    from energy_runner.session.folder import Session

PHASES_SCHEMA = "energy-runner/phases/1"
_COLUMNS = ("pin", "time_s", "level")
_MOST_EDGES = 1_000_000
_SHOWN = 40


@dataclass(frozen=True)
class PhasesOptions:
    """What a user says of the phases; without `edges` they are estimated inside window `window` (from 1)."""

    session: Path
    edges: Path | None = None
    active_low: bool = False
    window: int | None = None


def phases_command(options: PhasesOptions, *, as_json: bool) -> int:
    """Show energy and duration of each phase. Status 1 if anything about the edges is in doubt."""
    from energy_runner import api
    from energy_runner.cli.output import write_json

    edges = _read_edges(options.edges) if options.edges is not None else None
    session = api.load_session(options.session)
    found = _from_pins(session, edges, options) if edges is not None else _estimated(session, options)
    if as_json:
        write_json(
            {
                "schema": PHASES_SCHEMA,
                "session": session.record.session_id,
                "virtual": session.record.virtual,
                **jsonable(found),
                "findings": [finding.model_dump() for finding in found.findings],
            }
        )
    else:
        _show(session, found)
    return ExitStatus.RULE_FAILED if found.findings else ExitStatus.VALID


def _source(session: "Session", trace: Any) -> "EnergySource":
    from energy_runner.analysis.energy.source import energy_source
    from energy_runner.analysis.facts import gather

    facts = gather(session.journal(exchanges=False))
    if facts.monitor is None:
        raise ConfigurationError(f"{session.path}: no power monitor was configured, so its trace has no unit")
    return energy_source(trace, facts.monitor.voltage_set_v)


def _from_pins(
    session: "Session", edges: dict[str, list[tuple[float, bool]]], options: PhasesOptions
) -> "PhaseResult":
    from dataclasses import replace

    from energy_runner.analysis.phases.measure import PinEdge, measure_phases, spans_of_pin

    _check_trace(session)
    with session.trace() as trace:
        source = _source(session, trace)
        spans: dict[str, list[Span]] = {}
        findings = []
        for pin, of_pin in edges.items():
            places = [PinEdge(time_s / source.period_s, rising) for time_s, rising in of_pin]
            spans[pin], odd = spans_of_pin(pin, places, active_high=not options.active_low)
            findings += odd
        found = measure_phases(source, spans)
    return replace(found, findings=(*findings, *found.findings))


def _estimated(session: "Session", options: PhasesOptions) -> "PhaseResult":
    """Return the constant levels inside one window, or in the whole trace where no window has a place."""
    from energy_runner.analysis.phases.measure import estimated_phases, measure_phases

    _check_trace(session)
    placed = [window for window in session.result().windows if window.start_s is not None]
    number = options.window or 1
    if options.window is not None and not 1 <= number <= len(placed):
        raise ConfigurationError(f"{session.path}: has windows 1 to {len(placed)} in its trace, not {number}")
    with session.trace() as trace:
        source = _source(session, trace)
        start, stop = 0.0, float(source.length)
        if placed:
            window = placed[number - 1]
            start, stop = (window.start_s or 0.0) / source.period_s, (window.stop_s or 0.0) / source.period_s
        spans, _ = estimated_phases(source, start, min(stop, float(source.length)))
        named = {f"level {index + 1}": [span] for index, span in enumerate(spans)}
        return measure_phases(source, named, estimated=True)


def _check_trace(session: "Session") -> None:
    if not session.has_trace():
        raise ConfigurationError(f"{session.path}: holds no power trace, so there are no phases to measure in it")


def _read_edges(path: Path) -> dict[str, list[tuple[float, bool]]]:
    """Return the edges of each pin, in the file's order: (seconds since the trace's start, rising).

    Raises `ConfigurationError` with the line that is wrong.
    """
    edges: dict[str, list[tuple[float, bool]]] = {}
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            rows = csv.reader(file)
            head = tuple(cell.strip().lower() for cell in next(rows, []))
            if head != _COLUMNS:
                raise ConfigurationError(f"{path}: the first line must be {','.join(_COLUMNS)}")
            for row in rows:
                if row:
                    pin, time_s, rising = _edge(path, rows.line_num, row)
                    edges.setdefault(pin, []).append((time_s, rising))
                if rows.line_num > _MOST_EDGES:
                    raise ConfigurationError(f"{path}: more than {_MOST_EDGES} lines")
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ConfigurationError(f"{path}: cannot be read as CSV ({error})") from error
    if not edges:
        raise ConfigurationError(f"{path}: holds no edge")
    return edges


def _edge(path: Path, line: int, row: list[str]) -> tuple[str, float, bool]:
    example = (
        "Try: a line such as inference,12.345,1 (pin, seconds since the trace's start, 1 rising or 0 falling)"
    )
    cells = [cell.strip() for cell in row]
    if len(cells) != len(_COLUMNS) or not cells[0] or not cells[0].isprintable():
        raise ConfigurationError(f"{path}, line {line}: {len(cells)} fields and a name are not an edge. {example}")
    try:
        time_s = float(cells[1])
    except ValueError:
        time_s = math.nan
    if not math.isfinite(time_s) or cells[2] not in ("0", "1"):
        raise ConfigurationError(f"{path}, line {line}: {','.join(cells)[:60]!r} is no edge. {example}")
    return cells[0], time_s, cells[2] == "1"


def _show(session: "Session", found: "PhaseResult") -> None:
    from energy_runner.cli.output import write, write_table
    from energy_runner.report.units import NOTHING, fixed, plain

    if session.record.virtual:
        write("SIMULATED: a virtual bench, no measurement\n")
    if found.estimated:
        write("ESTIMATED: no edge announced these phases; they are constant levels found in the trace\n")
    rows = [
        [
            plain(one.name),
            str(one.count),
            fixed(one.energy_j / one.count * 1e6, 3) if one.count else NOTHING,
            fixed(one.duration_s / one.count * 1e3, 4) if one.count else NOTHING,
            fixed(one.mean_power_w * 1e3, 4) if math.isfinite(one.mean_power_w) else NOTHING,
            f"{one.energy_share:.1%}" if math.isfinite(one.energy_share) else NOTHING,
        ]
        for one in found.summaries
    ]
    write_table(["Phase", "Times", "Energy µJ", "Duration ms", "Power mW", "Share"], rows[:_SHOWN])
    if len(rows) > _SHOWN:
        write(f"… and {len(rows) - _SHOWN} more; --json has all\n")
    for finding in found.findings:
        write(f"{finding.id}: {plain(finding.detail)}\n")
