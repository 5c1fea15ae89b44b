# SPDX-License-Identifier: Apache-2.0
"""The formats in which a trace can be written, and how a file comes to be: whole, new, or not at all."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from energy_runner.errors import Argument, SessionError
from energy_runner.session.new_file import new_file
from energy_runner.traces.writers.model import ExportError, Options, Outgoing, Progress, Written, clean

Write = Callable[[Outgoing, Path, Options, Progress], Written]


@dataclass(frozen=True)
class Format:
    """A format: its name and suffix, what opens it, and what writes it.

    `samples` says that it holds each sample, so that a session without a trace cannot be written so; `rows` that
    it can hold fewer rows than samples.
    """

    name: str
    suffix: str
    title: str
    write: Write
    samples: bool = True
    rows: bool = False


def _csv(out: Outgoing, path: Path, options: Options, progress: Progress) -> Written:
    from energy_runner.traces.writers.csv_file import write

    return write(out, path, options, progress)


def _parquet(out: Outgoing, path: Path, options: Options, progress: Progress) -> Written:
    from energy_runner.traces.writers.parquet_file import write

    return write(out, path, options, progress)


def _jls(out: Outgoing, path: Path, options: Options, progress: Progress) -> Written:
    from energy_runner.traces.writers.jls_file import write

    return write(out, path, options, progress)


def _sigrok(out: Outgoing, path: Path, options: Options, progress: Progress) -> Written:
    from energy_runner.traces.writers.sigrok_file import write

    return write(out, path, options, progress)


def _vcd(out: Outgoing, path: Path, options: Options, progress: Progress) -> Written:
    from energy_runner.traces.writers.vcd_file import write

    return write(out, path, options, progress)


def _perfetto(out: Outgoing, path: Path, options: Options, progress: Progress) -> Written:
    from energy_runner.traces.writers.perfetto_file import write

    return write(out, path, options, progress)


FORMATS: dict[str, Format] = {
    one.name: one
    for one in (
        Format("csv", ".csv", "CSV, for spreadsheets and everything else", _csv, rows=True),
        Format("parquet", ".parquet", "Parquet, for pandas, Polars and DuckDB", _parquet),
        Format("jls", ".jls", "Joulescope JLS, for the Joulescope UI", _jls),
        Format("sr", ".sr", "sigrok session, for PulseView", _sigrok),
        Format("vcd", ".vcd", "value change dump, for GTKWave and PulseView", _vcd),
        Format("perfetto", ".pftrace", "Perfetto trace, for ui.perfetto.dev", _perfetto, samples=False),
    )
}
_SUFFIXES = {one.suffix: one.name for one in FORMATS.values()} | {".perfetto-trace": "perfetto"}


def format_of(path: Path, name: str = "") -> Format:
    """Return the format called `name`, by default the one that the file's suffix means.

    Raises `ExportError` where there is none.
    """
    chosen = name or _SUFFIXES.get(path.suffix.lower(), "")
    if chosen in FORMATS:
        return FORMATS[chosen]
    known = ", ".join(FORMATS)
    if name:
        raise ExportError(f"a trace cannot be written as {clean(name, 40)!r}. Try: one of {known}")
    raise ExportError(
        f"{path.name}: the name does not tell a format. Try: ", Argument("format", "csv"), f" ({known})"
    )


def check(out: Outgoing, form: Format, options: Options) -> None:
    """Raise `ExportError` for what this format cannot do; nothing is written."""
    if options.every is not None and options.most_rows is not None:
        raise ExportError("both every and most_rows were given, and each says how many rows there are. Try: one")
    for name, value, what in (("every", options.every, "samples"), ("most_rows", options.most_rows, "rows")):
        if value is None:
            continue
        if value < 1:
            raise ExportError(Argument(name), f" was {value}, which is no number of {what}. Try: 1 or more")
        if not form.rows:
            raise ExportError(Argument(name), f" is for csv; {form.name} has no such rows. Try: without it")
    if form.samples and (not out.length or not out.signals):
        raise SessionError(f"{clean(out.session)}: holds no sample that could be written as {form.name}")


def write_trace(out: Outgoing, path: Path, form: Format, options: Options, progress: Progress) -> Written:
    """Write a session's trace to a new file, whole or not at all.

    Raises `ExportError` for what cannot be done, `BenchFault` if the disk refuses, `SessionError` where the
    session's own samples cannot be read.
    """
    with new_file(path, ExportError) as temporary:
        check(out, form, options)
        written = form.write(out, temporary, options, progress)
    meant = _SUFFIXES.get(path.suffix.lower(), form.name)
    if meant != form.name:
        written.remarks.append(f"{clean(path.name)} is {form.name}, as was asked, though its name says {meant}")
    progress(1.0)
    return written
