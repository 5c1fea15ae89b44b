# SPDX-License-Identifier: Apache-2.0
"""`import`, `audit` and `export`: read sessions of other runners, write submissions and tables."""

from pathlib import Path
from typing import Annotated

import typer

from energy_runner.cli.complete import complete_state, complete_table, complete_trace_format
from energy_runner.cli.import_app import imports
from energy_runner.cli.rules_commands import AuditRuleSetOption, RuleSetOption, complete_rule

JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON document on stdout.")]
StimuliOption = Annotated[
    Path | None,
    typer.Option("--stimuli", "-s", help="Folder with label files, for accuracy sessions.", metavar="DIR"),
]

publish = typer.Typer(rich_markup_mode=None)
export = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Write files for other tools.\n\n"
    "Example:\n\n"
    "\b\n"
    "  energy-runner export mlperf SESSION... --out submission --org Acme \\\n"
    "      --system board_a --system-file my-board.toml",
)
publish.add_typer(imports, name="import")
publish.add_typer(export, name="export")


@publish.command()
def audit(
    paths: Annotated[list[Path], typer.Argument(help="Folders to search for published sessions.", metavar="PATH")],
    only: Annotated[
        list[str] | None,
        typer.Option(
            "--only",
            help="Show only sessions of this state: holds, does-not-reproduce, breaks-a-rule, doubtful or "
            "cannot-be-judged; may be given several times.",
            metavar="STATE",
            autocompletion=complete_state,
        ),
    ] = None,
    submitter: Annotated[
        list[str] | None,
        typer.Option(
            "--submitter", help="Only sessions of this submitter; may be given several times.", metavar="NAME"
        ),
    ] = None,
    since: Annotated[
        Path | None,
        typer.Option(
            "--since", help="Say what changed since an earlier --json.", metavar="FILE", show_default=False
        ),
    ] = None,
    html: Annotated[
        Path | None,
        typer.Option("--html", help="Write one page with everything.", metavar="FILE", show_default=False),
    ] = None,
    csv: Annotated[
        Path | None, typer.Option("--csv", help="Write the table as CSV.", metavar="FILE", show_default=False)
    ] = None,
    markdown: Annotated[
        Path | None,
        typer.Option("--markdown", help="Write the table as Markdown.", metavar="FILE", show_default=False),
    ] = None,
    every: Annotated[
        bool,
        typer.Option(
            "--all", "-a", help="Show every finding, also what follows from another and what only informs."
        ),
    ] = False,
    stimuli: StimuliOption = None,
    rule_set: AuditRuleSetOption = "",
    as_json: JsonOption = False,
) -> None:
    """Audit published sessions: what holds, and what does not.

    One line per session: the published figure, ours with its uncertainty, and
    one word. Below it what was found, and where it was seen. Status 1 if
    anything is wrong, 0 if all sessions hold or cannot be judged.

    \b
    Examples:
      energy-runner audit tiny_results_v1.2/
      energy-runner audit tiny_results_v1.2/ --html audit.html
      energy-runner audit results/ --only does-not-reproduce --submitter Acme
      energy-runner audit results/ --json > before.json
      energy-runner audit results/ --since before.json
    """
    from energy_runner.cli.audit_command import AuditOutput, audit_command

    output = AuditOutput(only or (), submitter or (), since, every, html, csv, markdown, as_json)
    raise typer.Exit(audit_command(paths, stimuli, rule_set, output))


@export.command("table")
def export_table(
    sessions: Annotated[list[Path], typer.Argument(help="Folders of sessions.", metavar="SESSION")],
    what: Annotated[
        str,
        typer.Option(
            "--what",
            help="windows, inferences (single ones in them), layers (of the network), verdicts or laps.",
            metavar="WHAT",
            autocompletion=complete_table,
        ),
    ] = "windows",
    form: Annotated[
        str,
        typer.Option(
            "--format",
            "-f",
            help="csv or parquet (needs the extra 'tables'); default: by the suffix of FILE, else csv.",
            metavar="FORMAT",
            show_default=False,
        ),
    ] = "",
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", help="New file; default: CSV on stdout.", metavar="FILE", show_default=False),
    ] = None,
) -> None:
    """Write a table of windows, inferences, layers, verdicts or laps.

    One row per window, inference, layer, verdict or lap of all sessions. The
    names of columns end with the unit; in Parquet it is in the fields' metadata
    too.

    \b
    Examples:
      energy-runner export table SESSION > windows.csv
      energy-runner export table sessions/* --what inferences --out inferences.parquet
    """
    from energy_runner.cli.export_commands import export_table_command

    raise typer.Exit(export_table_command(sessions, what, form, out))


@export.command("trace")
def export_trace(
    session: Annotated[Path, typer.Argument(help="Folder of a session.", metavar="SESSION")],
    out: Annotated[Path, typer.Option("--out", "-o", help="New file.", metavar="FILE")],
    form: Annotated[
        str,
        typer.Option(
            "--format",
            "-f",
            help="csv, parquet (extra 'tables'), jls, sr, vcd or perfetto; default: by the suffix of FILE.",
            metavar="FORMAT",
            show_default=False,
            autocompletion=complete_trace_format,
        ),
    ] = "",
    rail: Annotated[
        str | None,
        typer.Option(
            "--rail", help="Which of several rails; default: the first.", metavar="NAME", show_default=False
        ),
    ] = None,
    every: Annotated[
        int | None,
        typer.Option("--every", help="csv: one row for N samples, their mean.", metavar="N", show_default=False),
    ] = None,
    most_rows: Annotated[
        int | None,
        typer.Option(
            "--most-rows",
            help="csv: as many samples a row as give at most N rows; a spreadsheet opens 1048576.",
            metavar="N",
            show_default=False,
        ),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Write the trace of a session for another tool.

    csv for spreadsheets, parquet for dataframes, jls for the Joulescope UI, sr
    for PulseView, vcd for GTKWave, perfetto for ui.perfetto.dev. Samples are
    as recorded, missing ones stay missing; what a format cannot carry is said.

    \b
    Examples:
      energy-runner export trace SESSION --out trace.jls
      energy-runner export trace SESSION --most-rows 1000000 --out trace.csv
    """
    from energy_runner.cli.trace_export_command import export_trace_command

    raise typer.Exit(export_trace_command(session, out, form, rail, (every, most_rows), as_json=as_json))


@export.command()
def mlperf(
    sessions: Annotated[
        list[Path] | None,
        typer.Argument(help="Folders of the sessions of one system.", metavar="SESSION", show_default=False),
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Folder of the submission.", metavar="DIR")
    ] = None,
    org: Annotated[str, typer.Option(help="Submitting organisation, as a folder name.", metavar="NAME")] = "",
    system: Annotated[str, typer.Option(help="System, as a folder name.", metavar="NAME")] = "",
    system_file: Annotated[Path | None, typer.Option(help="Filled-in system description.", metavar="FILE")] = None,
    new_system: Annotated[
        Path | None, typer.Option(help="Only write an empty system description to FILE.", metavar="FILE")
    ] = None,
    division: Annotated[str, typer.Option(help="closed or open.", metavar="DIVISION")] = "closed",
    open_: Annotated[
        bool, typer.Option("--open", help="Open division; failed rules are stated in every file.")
    ] = False,
    despite: Annotated[
        list[str] | None,
        typer.Option(
            help="Export although this rule failed, and say so; may be given several times.",
            metavar="RULE",
            autocompletion=complete_rule,
        ),
    ] = None,
    category: Annotated[
        str | None, typer.Option(help="available, preview or rdi, if the form does not say.", metavar="STATUS")
    ] = None,
    simulated: Annotated[
        bool, typer.Option("--simulated", help="Rehearse with virtual sessions; every file says SIMULATED.")
    ] = False,
    rule_set: RuleSetOption = "",
    as_json: JsonOption = False,
) -> None:
    """Write a submission that the MLPerf Tiny checker accepts.

    Needs sessions in accuracy and performance mode for each benchmark; energy
    is optional. Sessions in which a binding rule failed are refused (status 1)
    unless --despite or --open allows it; every file of the export then says so.
    Nothing is overwritten.

    \b
    Examples:
      energy-runner export mlperf --new-system my-board.toml
      energy-runner export mlperf sessions/kws01-* -o submission --org Acme \\
          --system board_a --system-file my-board.toml
      energy-runner export mlperf SESSION... -o rehearsal --org Acme --system twin \\
          --system-file my-board.toml --simulated
    """
    from energy_runner.cli.export_commands import export_mlperf_command

    raise typer.Exit(
        export_mlperf_command(
            sessions or [],
            out,
            org=org,
            system=system,
            division=division,
            category=category,
            open_=open_,
            despite=despite or [],
            simulated=simulated,
            system_file=system_file,
            new_system=new_system,
            rule_set=rule_set,
            as_json=as_json,
        )
    )
