# SPDX-License-Identifier: Apache-2.0
"""`sessions thin`: remove raw bytes, and say of each session what became of it."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from energy_runner.cli.outcome import say
from energy_runner.cli.output import write_json, write_line
from energy_runner.errors import ExitStatus
from energy_runner.report.units import plain

_MB = 1e6


def thin_command(
    folders: Sequence[Path],
    older_than: float,
    keep_every: int | None,
    *,
    dry_run: bool,
    as_json: bool,
) -> int:
    """Thin the sessions in `folders`; status 3 if a disk refused, also if others were thinned."""
    from energy_runner import api

    rows = api.thin_sessions(folders, older_than_days=older_than, keep_every=keep_every, dry_run=dry_run)
    failed = [row for row in rows if row.state == "failed"]
    for row in failed:
        say(plain(row.why))
    if as_json:
        write_json([asdict(row) | {"folder": str(row.folder)} for row in rows])
    else:
        for row in rows:
            room = f"{row.bytes_freed / _MB:.3g} MB" if row.bytes_freed else ""
            write_line(plain(f"{row.folder}: {row.state}{': ' if row.why or room else ''}{row.why or room}"))
        count = sum(row.bytes_freed > 0 for row in rows)
        freed = sum(row.bytes_freed for row in rows) / _MB
        would = "would be " if dry_run else ""
        write_line(f"{count} of {len(rows)} sessions {would}thinned, {freed:.3g} MB {would}freed")
    return ExitStatus.BENCH_FAULT if failed else ExitStatus.VALID
