# SPDX-License-Identifier: Apache-2.0
"""`analyze`, `check` and `report`: a session that was recorded, with their options and help texts."""

from pathlib import Path
from typing import Annotated

import typer

from energy_runner.cli.complete import complete_session
from energy_runner.cli.rules_commands import (
    AccuracyOption,
    CheckOptions,
    PerformanceOption,
    RuleSetOption,
    RulesOption,
    check_command,
)
from energy_runner.cli.shared_options import AllOption, BaselineOption, FailOnOption, JsonOption, SessionArgument

judging = typer.Typer(rich_markup_mode=None)


@judging.command()
def analyze(
    session: SessionArgument,
    rule_set: RuleSetOption = "",
    accuracy_session: AccuracyOption = None,
    performance_session: PerformanceOption = None,
    every: AllOption = False,
    as_json: JsonOption = False,
) -> None:
    """Derive result and report again from a session's facts.

    The same facts give the same bytes, on any day and any machine. Says what
    differs from what was sealed when the run ended; changed facts give no score.

    \b
    Examples:
      energy-runner analyze sessions/20261123T093000Z-kws01-energy
      energy-runner analyze SESSION --rule-set my-lab.toml
    """
    from energy_runner.cli.session_commands import analyze_command

    raise typer.Exit(
        analyze_command(session, rule_set, accuracy_session, performance_session, as_json=as_json, every=every)
    )


@judging.command()
def check(
    session: SessionArgument,
    rules: RulesOption = None,
    rule_set: RuleSetOption = "",
    accuracy_session: AccuracyOption = None,
    performance_session: PerformanceOption = None,
    fail_on: FailOnOption = None,
    baseline: BaselineOption = None,
    every: AllOption = False,
    as_json: JsonOption = False,
) -> None:
    """Check a session against the rules, and against a baseline.

    Status 1 if a binding rule fails, or a figure is worse than the baseline by
    more than a limit; a rule that only informs does not make a run invalid.

    \b
    Examples:
      energy-runner check SESSION
      energy-runner check SESSION --rules spread --rules window-length
      energy-runner check ENERGY-SESSION --accuracy-session ACCURACY-SESSION
      energy-runner check SESSION --fail-on "throughput -1%" --baseline BASE-SESSION
    """
    raise typer.Exit(
        check_command(
            CheckOptions(
                folder=session,
                rules=rules or [],
                rule_set=rule_set,
                accuracy_session=accuracy_session,
                performance_session=performance_session,
                fail_on=fail_on or [],
                baseline=baseline,
                as_json=as_json,
                every=every,
            )
        )
    )


@judging.command()
def compare(
    a: Annotated[
        Path,
        typer.Argument(
            help="A session, a result.json, or a file from --write-baseline.",
            metavar="A",
            autocompletion=complete_session,
        ),
    ],
    b: Annotated[Path, typer.Argument(help="Another one.", metavar="B", autocompletion=complete_session)],
    figure: Annotated[
        Path | None,
        typer.Option("--figure", help="Draw both and their difference, too: .svg, .pdf or .png.", metavar="FILE"),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Compare two results: which is better, if any.

    Each difference has its own uncertainty: what the same monitor does wrong in
    both cancels. One of them is called better only where the difference is larger
    than its uncertainty.

    \b
    Examples:
      energy-runner compare sessions/before sessions/after
      energy-runner compare main.json SESSION --json
      energy-runner compare sessions/before sessions/after --figure change.svg
    """
    from energy_runner.cli.compare_command import compare_command

    raise typer.Exit(compare_command(a, b, figure=figure, as_json=as_json))


@judging.command()
def report(
    session: SessionArgument,
    plots: Annotated[
        bool, typer.Option("--plots", help="Write plots/*.png too: the run and each window.")
    ] = False,
    figures: Annotated[
        Path | None,
        typer.Option("--figures", metavar="DIR", help="Write every figure into DIR too, as SVG, PDF and PNG."),
    ] = None,
    rule_set: RuleSetOption = "",
) -> None:
    """Write report.html again: one file that opens offline.

    Status 1 if the session's facts or its result.json were changed.

    \b
    Example:
      energy-runner report SESSION --figures figures/
    """
    from energy_runner.cli.session_commands import report_command

    raise typer.Exit(report_command(session, rule_set, plots=plots, figures=figures))
