# SPDX-License-Identifier: Apache-2.0
"""`export trace`: one call of the API; what the file could not carry is said on stderr."""

from pathlib import Path

from energy_runner.cli.clearing_up import clearing_up
from energy_runner.cli.differences import tell_differences
from energy_runner.cli.outcome import say
from energy_runner.cli.output import write_json, write_line
from energy_runner.errors import ExitStatus
from energy_runner.report.units import plain

SCHEMA = "energy-runner/export-trace/1"


def export_trace_command(
    path: Path, out: Path, form: str, rail: str | None, rows: tuple[int | None, int | None], *, as_json: bool
) -> int:
    """Write the trace; `rows` are one row for so many samples, and the most rows that there may be."""
    from energy_runner import api
    from energy_runner.report.progress import ProgressBar

    session = api.load_session(path)
    differs = tell_differences(session)
    every, most_rows = rows
    with clearing_up(), ProgressBar() as bar:
        made = api.export_trace(
            session,
            out,
            format=form,
            rail=rail,
            every=every,
            most_rows=most_rows,
            progress=lambda done: bar.progress(done, 1.0, "write the trace"),
        )
    if made.simulated:
        say("SIMULATED: this session is of a virtual bench and is not a measurement; the file says so")
    for remark in made.remarks:
        if remark not in differs:  # said already
            say(plain(remark))
    if as_json:
        write_json(
            {
                "schema": SCHEMA,
                "out": str(made.path),
                "format": made.format,
                "bytes": made.bytes,
                "samples": made.samples,
                "rows": made.rows,
                "simulated": made.simulated,
                "remarks": list(made.remarks),
                "differences": differs,
            }
        )
    else:
        write_line(str(made.path))
    return ExitStatus.RULE_FAILED if differs else ExitStatus.VALID
