# SPDX-License-Identifier: Apache-2.0
"""`export`: make files for other tools from sessions."""

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from energy_runner.cli.clearing_up import clearing_up
from energy_runner.cli.differences import tell_differences
from energy_runner.cli.outcome import say
from energy_runner.cli.output import write, write_bytes, write_json, write_line
from energy_runner.errors import ConfigurationError, ExitStatus, SessionError
from energy_runner.report.units import plain

if TYPE_CHECKING:
    from energy_runner.submission.export import Export

SCHEMA = "energy-runner/export-mlperf/1"


def export_mlperf_command(
    sessions: Sequence[Path],
    out: Path | None,
    *,
    org: str = "",
    system: str = "",
    division: str = "closed",
    category: str | None = None,
    open_: bool = False,
    despite: Sequence[str] = (),
    simulated: bool = False,
    system_file: Path | None = None,
    new_system: Path | None = None,
    rule_set: str = "",
    as_json: bool = False,
) -> int:
    """Write a submission tree, or with `new_system` an empty form of a system description."""
    if new_system is not None:
        return _new_system(new_system, wanted_more=bool(sessions) or out is not None, as_json=as_json)
    from energy_runner import api

    if out is None:
        raise ConfigurationError("--out is needed: the folder of the submission. Try: --out submission")
    if system_file is None:
        raise ConfigurationError(
            "--system-file is needed: the description of the board. "
            "Try: energy-runner export mlperf --new-system my-board.toml, and fill it in"
        )
    _tell(sessions)
    ruled = {"rule_set": rule_set} if rule_set else {}
    export = api.export_mlperf(
        sessions,
        out,
        org=org,
        system=system,
        system_file=system_file,
        division="open" if open_ else division,
        category=category,
        despite=despite,
        simulated=simulated,
        **ruled,
    )
    _show(export, as_json=as_json)
    return ExitStatus.VALID


def export_table_command(sessions: Sequence[Path], what: str, form: str, out: Path | None) -> int:
    """Write a table of sessions to a file, or as CSV to stdout."""
    from energy_runner import api
    from energy_runner.session.table import FORMATS

    if form and form not in FORMATS:
        raise ConfigurationError(f"--format {form!r} is not one of {', '.join(FORMATS)}")
    if out is None and form not in {"", "csv"}:
        raise ConfigurationError(f"--format {form} needs a file. Try: --out {what}.{form}")
    opened = [api.load_session(path) for path in sessions]
    differs = [one for one in opened if tell_differences(one)]
    made = api.table(opened, what)
    if made.attributes["title"].startswith("SIMULATED"):
        say("SIMULATED: some of these sessions are of virtual benches and are not measurements")
    for remark in made.remarks:
        say(remark)
    if out is None:
        write_bytes(made.csv().encode("utf-8"))
    else:
        with clearing_up():
            made.save(out, form or None)
        write_line(str(out))
    return ExitStatus.RULE_FAILED if differs else ExitStatus.VALID


def _tell(sessions: Sequence[Path]) -> None:
    """Say what differs in each session that can be opened; the export itself refuses the others."""
    from energy_runner import api

    for path in sessions:
        with suppress(SessionError):
            tell_differences(api.load_session(path))


def _new_system(path: Path, *, wanted_more: bool, as_json: bool) -> int:
    from energy_runner import api

    if wanted_more:
        raise ConfigurationError("--new-system only writes an empty form. Try it without SESSION and --out")
    api.write_system_form(path)
    if as_json:
        write_json({"schema": SCHEMA, "new_system": str(path)})
    else:
        write_line(str(path))
    return ExitStatus.VALID


def _show(export: "Export", *, as_json: bool) -> None:
    for deviation in export.deviations:
        say(f"exported despite {deviation}")
    for remark in export.remarks:
        say(remark)
    if as_json:
        write_json(
            {
                "schema": SCHEMA,
                "out": str(export.out),
                "simulated": export.simulated,
                "figures": [
                    {"run": figure.run, "text": figure.text, "value": figure.value, "unit": figure.unit}
                    for figure in export.figures
                ],
                "despite": list(export.deviations),
                "remarks": list(export.remarks),
                "files": list(export.files),
            }
        )
        return
    marked = "SIMULATED " if export.simulated else ""
    lines = [plain(f"{marked}{figure.run}: {figure.text} {figure.unit}") for figure in export.figures]
    lines.append(
        f"{len(export.files)} files in {plain(export.out)}; next: fill in the checklist draft, add the code,"
    )
    lines.append("and run the official checker on it (docs/how-to/submit-to-mlperf.md)")
    write("\n".join(lines) + "\n")
