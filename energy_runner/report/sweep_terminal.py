# SPDX-License-Identifier: Apache-2.0
"""Sweeps for a terminal: a plan before the night, how it stands, how it ended."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from energy_runner.report.console import console as stdout_console
from energy_runner.report.sweep_progress import point_name, time_left, what_runs
from energy_runner.wording import printable, shown

_MOST = 20  # settings, or points that are set aside, that are listed


def print_plan(found: Any, *, every: bool) -> None:
    """Print what a plan would do."""
    from rich.table import Table

    console = stdout_console()
    repeats = found.points // max(1, len(found.settings))
    console.print(
        f"{found.name}: {len(found.settings)} different settings, {repeats} times each: {found.points} points",
        markup=False,
    )
    if found.references:
        console.print(f"  and about {found.references} measurements of the reference point", markup=False)
    where = f"on {len(found.benches)} bench{'es' if len(found.benches) > 1 else ''}"
    console.print(f"  about {_duration(found.total_s)} {where}, {_duration(found.each_s)} a point", markup=False)
    if found.virtual:
        console.print("  a virtual bench needs only a small part of that time", markup=False)
    console.print(f"  about {found.disk_b / 1e9:.2g} GB of disk", markup=False)
    for remark in found.unread:
        console.print(f"  nothing reads {remark}", markup=False, style="bold")
    names = list(found.settings[0]) if found.settings else []
    if not names:
        return
    table = Table(box=None, pad_edge=False)
    for name in names:
        table.add_column(printable(name), justify="right")
    shown_settings = found.settings if every else found.settings[:_MOST]
    for values in shown_settings:
        table.add_row(*(shown(values[name]) for name in names))
    console.print(table)
    if len(found.settings) > len(shown_settings):
        console.print(f"and {len(found.settings) - len(shown_settings)} more; --all lists them", markup=False)


def print_status(status: Any) -> None:
    """Print how a sweep stands."""
    console = stdout_console()
    for line in status_lines(status):
        console.print(line, markup=False, highlight=False)


def follow_status(look: Callable[[], Any], wait: Callable[[], object]) -> None:
    """Print how a sweep stands, again and again until nothing waits or runs; `wait` lets time pass between."""
    from rich.console import Group
    from rich.live import Live
    from rich.text import Text

    with Live(console=stdout_console(), auto_refresh=False) as live:
        while True:
            status = look()
            live.update(Group(*(Text(line) for line in status_lines(status))), refresh=True)
            if not status.counts["waiting"] and not status.running:
                return
            wait()


def status_lines(status: Any) -> list[str]:
    """Return how a sweep stands, line by line."""
    counts = status.counts
    lines = [f"{status.sweep}  ({status.state})"]
    invalid = f", {status.invalid} of them not valid" if status.invalid else ""
    lines.append(
        f"  {counts['done']} of {status.total} points done{invalid}; {counts['running']} running, "
        f"{counts['waiting']} waiting, {counts['set-aside']} set aside"
    )
    if status.references:
        times = "once" if status.references == 1 else f"{status.references} times"
        lines.append(f"  the reference point was measured {times}")
    if status.late:
        lines.append(f"  {status.late} results came in late, under an old lease; they are kept and not counted")
    if status.running or counts["waiting"]:
        served = any(bench.worker for bench in status.benches)
        lines.append(f"  {what_runs(status)}{time_left(status.left_s, '; ') if served else ''}")
    for bench in status.benches:
        doing = point_name(status, bench.point) if bench.point else "idle"
        where = f"{doing}, {bench.worker}" if bench.worker else "not served"
        failed = f", {bench.failed} attempts failed" if bench.failed else ""
        mark = f"; {bench.mark}" if bench.mark else ""
        lines.append(printable(f"  bench {bench.name}: {where}; {bench.done} measured{failed}{mark}"))
    aside = _by_reason(status)
    lines += [printable(f"  set aside: {points}: {reason}") for points, reason in aside[:_MOST]]
    if len(aside) > _MOST:
        lines.append(f"  and {len(aside) - _MOST} more reasons")
    return lines + _advice(status)


def _by_reason(status: Any) -> list[tuple[str, str]]:
    """Return which points were set aside for each reason: one mistake in a plan sets many aside."""
    found: dict[str, list[int]] = {}
    for number, reason in status.aside.items():
        found.setdefault(reason, []).append(number)
    return [(_points(status, numbers), reason) for reason, numbers in found.items()]


def _points(status: Any, numbers: Sequence[int]) -> str:
    """Return points in words: `points 3, 4 and 12 more, the reference point twice`."""
    plan = [number for number in numbers if number not in status.reference_points]
    references = len(numbers) - len(plan)
    more = f" and {len(plan) - _MOST} more" if len(plan) > _MOST else ""
    words = [f"point{'s' if len(plan) > 1 else ''} {', '.join(map(str, plan[:_MOST]))}{more}"] if plan else []
    words += [f"the reference point{f' ({references} times)' if references > 1 else ''}"] if references else []
    return " and ".join(words)


def _advice(status: Any) -> list[str]:
    """Return what to try where a sweep does not go on by itself."""
    quarantined = [bench.name for bench in status.benches if bench.mark.startswith("quarantined")]
    if quarantined:
        again = " (with --again it also tries the points that were set aside)" if status.aside else ""
        return [
            printable(
                f"  look at {', '.join(quarantined)}; then `energy-runner sweep resume` uses it again{again}"
            )
        ]
    if status.benches and status.counts["waiting"] and not any(bench.worker for bench in status.benches):
        return ["  nothing measures now; `energy-runner sweep resume` goes on where it stopped"]
    if status.counts["set-aside"]:
        return ["  `energy-runner sweep resume --again` tries the points that were set aside once more"]
    return []


def print_night(status: Any, ends: Mapping[str, Any]) -> None:
    """Print how a night ended."""
    print_status(status)
    console = stdout_console()
    for bench, ended in ends.items():
        if ended.end == "finished":
            continue  # what was measured is said above
        reason = f": {ended.reason}" if ended.reason else ""
        console.print(printable(f"  {bench} ended: {ended.end}{reason}"), markup=False, highlight=False)


def print_sweeps(sweeps: Sequence[Any]) -> None:
    """Print the sweeps of a catalogue."""
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for name in ("Sweep", "Begun", "On", "State"):
        table.add_column(name)
    for one in sweeps:
        table.add_row(*(printable(text) for text in (one.id, one.created_utc, one.host, one.state)))
    stdout_console().print(table)


def _duration(duration_s: float) -> str:
    return time_left(duration_s).removeprefix("about ").removesuffix(" left")
