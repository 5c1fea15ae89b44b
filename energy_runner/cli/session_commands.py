# SPDX-License-Identifier: Apache-2.0
"""`analyze`, `report` and `sessions list`: commands that read sessions."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from energy_runner.cli.differences import tell_differences, tell_others
from energy_runner.cli.outcome import say
from energy_runner.cli.output import write, write_json, write_line
from energy_runner.errors import ExitStatus, SessionError
from energy_runner.report.units import plain
from energy_runner.session.folder import REPORT

if TYPE_CHECKING:
    from energy_runner.api.session_list import SessionRow
    from energy_runner.session.folder import Session
    from energy_runner.session.result import Result


def analyze_command(
    folder: Path,
    rule_set: str = "",
    accuracy_session: Path | None = None,
    performance_session: Path | None = None,
    *,
    as_json: bool,
    every: bool,
) -> int:
    """Derive the result from the facts, judge it by the rules of a set, and write it with its report."""
    from energy_runner import api
    from energy_runner.cli.run_command import show

    session = api.load_session(folder)
    tell_differences(session)
    accuracy, performance = (
        None if one is None else api.load_session(one) for one in (accuracy_session, performance_session)
    )
    tell_others(accuracy, performance)
    before = _result_before(session)
    result = api.analyze(
        session,
        rule_set=rule_set or None,
        accuracy_session=accuracy,
        performance_session=performance,
        write=True,
    )
    if not rule_set:
        _mention_other_set(before, result)
    show(session, as_json=as_json, every=every)
    return api.exit_status(session)


def report_command(folder: Path, rule_set: str = "", *, plots: bool, figures: Path | None = None) -> int:
    """Write the report, and plots or figures if asked for; status 1 if facts or `result.json` were changed."""
    from energy_runner import api

    session = api.load_session(folder)
    differs = [one for one in tell_differences(session) if not one.startswith(f"{REPORT}:")]
    written = api.write_report(session, plots=plots, figures=figures, rule_set=rule_set or None)
    if not rule_set:
        _mention_other_set(_result_before(session), api.analyze(session))
    write("".join(f"{plain(path)}\n" for path in written))
    if figures is not None and not any(path.parent == figures for path in written):
        say("this session holds nothing that a figure shows, such as a trace: no figure was written")
    return ExitStatus.RULE_FAILED if differs else ExitStatus.VALID


def _result_before(session: "Session") -> "Result | None":
    """Return the stored result; None if there is none, or none that this version can read."""
    try:
        return session.result()
    except SessionError:
        return None


def _mention_other_set(before: "Result | None", result: "Result") -> None:
    """Say so if result.json was judged by another rule set than the default one."""
    if before is None or before.rule_set is None or _judge(before) == _judge(result):
        return
    own = " (a file of your own)" if before.rule_set_sha256 else ""
    say(f"judged by {result.rule_set}; result.json was judged by {before.rule_set}{own}. Try: --rule-set")


def _judge(result: "Result") -> tuple[str | None, str | None]:
    return result.rule_set, result.rule_set_sha256


def list_command(folder: Path, *, as_json: bool) -> int:
    """List the sessions in a folder, the latest last."""
    from energy_runner.api.session_list import list_sessions

    rows = list_sessions(folder)
    for row in rows:
        if row.differs is not None:
            say(f"{row.folder}: {plain(row.differs)}")
    if as_json:
        write_json([_document(row) for row in rows])
        return ExitStatus.VALID
    if not rows:
        write_line(f"There is no session in {folder}. Try: energy-runner demo, which makes one")
        return ExitStatus.VALID
    lines = [_cells(row) for row in rows]
    widths = [max(len(cells[column]) for cells in lines) for column in range(3)]
    for row, (*cells, last) in zip(rows, lines, strict=True):
        facts = [cell.ljust(width) for cell, width in zip(cells, widths, strict=True)]
        # The path is on a line of its own, so that it is never wrapped and can be copied.
        write(f"{'  '.join([*facts, last]).rstrip()}\n  {plain(row.folder)}\n")
    return ExitStatus.VALID


def _document(row: "SessionRow") -> dict[str, Any]:
    return asdict(row) | {"folder": str(row.folder)}


def _cells(row: "SessionRow") -> tuple[str, str, str, str]:
    """Return when the run was, how it ended, its figure, and what was measured."""
    if row.problem is not None:
        return ("?", "unreadable", "", plain(row.problem))
    when = (row.written_utc if row.virtual else row.started_utc) or ""
    if row.differs is not None:  # neither figure nor verdict can be believed
        return (plain((row.started_utc or "")[:16].replace("T", " ")), "changed", "", plain(row.differs))
    judged = {None: "no result", True: "valid", False: "not valid"}[row.valid]
    outcome = judged if row.outcome == "completed" else row.outcome or ""
    figure = (row.headline or "").removesuffix(" per inference")
    what = f"{row.benchmark}, {row.mode}" + (", virtual" if row.virtual else "")
    what += f", {row.thinned.partition(' (')[0]}" if row.thinned is not None else ""
    return (plain(when[:16].replace("T", " ")), plain(outcome), plain(figure), plain(what))
