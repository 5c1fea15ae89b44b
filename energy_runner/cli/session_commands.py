"""`analyze`, `report` and `sessions list`: readers of sessions."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from energy_runner.cli.output import hush_libraries, write, write_json, write_table
from energy_runner.errors import ExitStatus

if TYPE_CHECKING:
    from energy_runner.api.session_list import SessionRow


def analyze_command(folder: Path, *, as_json: bool, every: bool) -> int:
    """Derive the result from the facts and write it."""
    from energy_runner import api
    from energy_runner.cli.run_command import show

    hush_libraries()
    session = api.load_session(folder)
    api.analyze(session, write=True)
    show(session, as_json=as_json, every=every)
    return api.exit_status(session)


def report_command(folder: Path, *, plots: bool) -> int:
    """Write the report, and plots if wanted."""
    from energy_runner import api

    hush_libraries()
    written = api.write_report(folder, plots=plots)
    write("".join(f"{path}\n" for path in written))
    return ExitStatus.VALID


def list_command(folder: Path, *, as_json: bool) -> int:
    """List the sessions in a folder, the last one at the end."""
    from energy_runner.api.session_list import list_sessions

    rows = list_sessions(folder)
    if as_json:
        write_json([_document(row) for row in rows])
        return ExitStatus.VALID
    if not rows:
        write(f"No session is in {folder}. Try: energy-runner demo, which makes one\n")
        return ExitStatus.VALID
    write_table(("Session", "When (UTC)", "Benchmark", "Outcome", "Result"), [_cells(row) for row in rows])
    return ExitStatus.VALID


def _document(row: "SessionRow") -> dict[str, Any]:
    return asdict(row) | {"folder": str(row.folder)}


def _cells(row: "SessionRow") -> tuple[str, ...]:
    from energy_runner.report.units import plain

    if row.problem is not None:
        return (plain(row.name), "", "", "", f"cannot be read: {plain(row.problem)}")
    when = (row.written_utc if row.virtual else row.started_utc) or ""
    what = f"{row.benchmark}, {row.mode}" + (", virtual" if row.virtual else "")
    judged = "" if row.valid is None else "valid" if row.valid else "not valid"
    outcome = row.outcome if row.outcome != "completed" else judged
    return (
        plain(row.name),
        when[:16].replace("T", " "),
        plain(what),
        plain(outcome or ""),
        row.headline or "none",
    )
