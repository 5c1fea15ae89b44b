# SPDX-License-Identifier: Apache-2.0
"""Show a result in the terminal: windows, verdicts, findings, the score, and where the report is."""

import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from energy_runner.errors import SessionError
from energy_runner.notebook import VIRTUAL
from energy_runner.report import headline
from energy_runner.report.console import console, shown, writes_signs
from energy_runner.report.units import BULLET, CROSS, MIDDLE_DOT, TICK, fixed, number, plain, scaled
from energy_runner.session.folder import Session
from energy_runner.session.record import Record
from energy_runner.session.result import Result, Verdict

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from energy_runner.analysis.host_time import HostTime

MOST_FINDINGS = 8


def print_session(session: Session, *, every: bool = False) -> None:
    """Print a session's result and where its report is; see `summary`."""
    report = session.path / "report.html"
    result, record = session.result(), session.record
    shown_report = report if report.is_file() else None
    host = _host(session, result)
    printed(lambda out: summary(result, out, record=record, report=shown_report, every=every, host=host))


def _host(session: Session, result: Result) -> "HostTime | None":
    from energy_runner.analysis.host_time import host_time

    try:
        return host_time(session, result)
    except SessionError:
        return None  # what is wrong with the bytes is said elsewhere


def print_verdicts(verdicts: Sequence[Verdict], *, every: bool = False) -> None:
    """Print verdicts, failed ones first; those that passed fold into one line unless `every` is set."""
    printed(lambda out: _verdicts(list(verdicts), out, every=every))


def print_headline(session: Session, result: Result) -> None:
    """Print the headline of a result of `session`, as it stands at the end of every summary."""
    printed(lambda out: _head(result, out, session.record))


def summary(
    result: Result,
    out: "Console",
    *,
    record: Record | None = None,
    report: Path | None = None,
    every: bool = False,
    host: "HostTime | None" = None,
) -> None:
    """Print a compact summary of `result` on the console `out`.

    The headline comes last, so that it stays in view on the screen. Unless `every` is set, rules that passed fold
    into one line and only the first of many findings are shown.
    """
    if result.windows:
        out.print(_windows(result, out))
        out.print()
    _verdicts(result.verdicts, out, every=every)
    _findings(result, out, every=every)
    for line in headline.derived(result):
        out.print(shown(plain(line), out))
    if host is not None:
        out.print(shown(f"Host time {host.words}", out))
    _head(result, out, record)
    if report is not None:
        # Never broken into lines: the path must work when it is copied.
        out.print(shown(f"Report  {plain(report)}", out), soft_wrap=True, style="bold")


def _head(result: Result, out: "Console", record: Record | None) -> None:
    from rich import box
    from rich.panel import Panel
    from rich.text import Text

    good = "green" if result.valid else "red"
    text = Text()
    score = headline.score(result)
    if score is None:
        text.append("No score", "bold red")
        reason = headline.no_score(result, record) if record else headline.ENDS.get(result.outcome, "")
        text.append(shown(f"  {plain(reason)}", out))
    else:
        text.append(shown(score[0], out), f"bold {good}")
        text.append(shown(f" {score[1]}", out))
    text.append("\n")
    if result.valid:
        text.append("VALID", "bold green")
        text.append(f"  {headline.why_valid(result)}")
    else:
        text.append("NOT VALID", "bold red")
        text.append(f"  {headline.why_not_valid(result)}")
    if result.mode == "accuracy" and headline.stimuli(result):  # of other modes the verdict is enough
        text.append(shown(f"\n{plain(headline.stimuli(result))}", out), "yellow")
    if result.virtual:
        text.append(shown(f"\n{VIRTUAL}", out), "bold yellow")
    if record is not None and record.supply_off_confirmed is False:
        text.append(f"\n{headline.SUPPLY_ON}", "bold red")
    if record is not None and headline.fed_outside(record):
        text.append(f"\n{headline.FED_OUTSIDE}", "yellow")
    signs = writes_signs(out)
    words = [result.benchmark, *([record.benchmark.task] if record else []), result.mode]
    title = Text(shown(f" {MIDDLE_DOT} ".join(plain(word) for word in words), out))
    out.print(
        Panel(
            text,
            title=title,
            title_align="left",
            box=box.ROUNDED if signs else box.ASCII,
            border_style=good,
            expand=False,
            padding=(0, 2),
        )
    )


def _windows(result: Result, out: "Console") -> "Table":
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(
        box=box.SIMPLE_HEAD if writes_signs(out) else box.ASCII,
        pad_edge=False,
        padding=(0, 1, 0, 0),
        show_edge=not writes_signs(out),  # above and below, the edge of that box is an empty line
    )
    energy = result.mode == "energy"
    names = ["#", "Stimulus", "Inferences", "Duration\ns"]
    measured = ["Energy\nmJ", "µJ per\ninference", "Power\nmW", "Samples\nlost"]
    names += measured if energy else ["Inferences\nper second"]
    for name in names:
        words = name == "Stimulus"
        table.add_column(
            shown(name, out),
            justify="left" if words else "right",
            overflow="fold",
            no_wrap=not words,
            min_width=10 if words else None,
        )
    for window in result.windows:
        cells = [str(window.index + 1), plain(window.file), str(window.inferences), fixed(window.duration_s, 4)]
        if energy:
            cells += [
                fixed(scaled(window.energy_j, 1e3), 3),
                fixed(scaled(window.energy_per_inference_j, 1e6), 3),
                fixed(scaled(window.mean_power_w, 1e3), 3),
                ("" if window.samples_missing_known else "~") + fixed(window.samples_missing, 0),
            ]
        else:
            cells.append(number(window.throughput_per_s, 6))
        style = "red" if window.samples_missing else ""
        table.add_row(*(Text(shown(cell, out)) for cell in cells), style=style)
    return table


def _verdicts(verdicts: list[Verdict], out: "Console", *, every: bool) -> None:
    from rich.table import Table
    from rich.text import Text

    grid = Table.grid(padding=(0, 2))
    grid.add_column(no_wrap=True)
    grid.add_column(overflow="fold")
    grid.add_column(overflow="fold")
    for verdict in headline.failed_first(verdicts):
        if verdict.passed and not every:
            continue
        sign, style = _sign(verdict)
        grid.add_row(
            Text(shown(sign, out), style),
            Text(shown(plain(verdict.id), out), "" if verdict.passed else style),
            Text(shown(plain(headline.found(verdict)), out)),
        )
    if grid.row_count:
        out.print(grid)
    passed = sum(verdict.passed for verdict in verdicts)
    if passed and not every:
        rules = "1 rule" if passed == 1 else f"{passed} rules"
        line = Text(shown(f"{TICK}  ", out), "green")
        line.append(f"{rules} passed (--all shows them)", "default")
        out.print(line)


def _sign(verdict: Verdict) -> tuple[str, str]:
    """Return the sign before a verdict, and its style."""
    if verdict.passed:
        return TICK, "green"
    if verdict.binding:
        return CROSS, "bold red"
    return ("!", "yellow") if verdict.known else ("?", "dim")


def _findings(result: Result, out: "Console", *, every: bool) -> None:
    from rich.text import Text

    most = len(result.findings) if every else MOST_FINDINGS
    for finding in result.findings[:most]:
        where = f" (window {finding.window + 1})" if finding.window is not None else ""
        line = f"{BULLET} {plain(finding.id)}{where}: {plain(finding.detail)}"
        out.print(Text(shown(line, out), "yellow"))
    left = len(result.findings) - most
    if left > 0:
        out.print(f"  and {left} more (--all shows them)")


def printed(write: Callable[["Console"], None]) -> None:
    """Let `write` print on stdout; it is not an error if the reader stops reading (`| head`)."""
    try:
        write(console())
        sys.stdout.flush()
    except BrokenPipeError:
        # Otherwise the interpreter would meet the broken pipe again when it flushes stdout at exit.
        with open(os.devnull, "w", encoding="utf-8") as nowhere:  # noqa: PTH123 - a device
            os.dup2(nowhere.fileno(), sys.stdout.fileno())
