# SPDX-License-Identifier: Apache-2.0
"""`rules …` and `check`: show the rules, and judge a session by them."""

import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from textwrap import wrap
from typing import TYPE_CHECKING, Annotated, TypedDict

import typer

from energy_runner.cli.against import base_of, documents, tell
from energy_runner.cli.differences import tell_differences, tell_others
from energy_runner.cli.outcome import say
from energy_runner.errors import ExitStatus, SessionError

if TYPE_CHECKING:
    from energy_runner.session.folder import Session

# The same as `energy_runner.rules.DEFAULT`, whose import would slow down the help.
DEFAULT_RULE_SET = "mlperf-tiny-1.4"
SCHEMA = "energy-runner/rule-set/1"
_DEFINITIONS = Path(__file__).parent.parent / "rules" / "definitions"


def complete_rule_set(incomplete: str) -> list[str]:
    """Return the rule sets whose names begin with `incomplete`."""
    return sorted(path.stem for path in _DEFINITIONS.glob("*.toml") if path.stem.startswith(incomplete))


def complete_rule(incomplete: str) -> list[str]:
    """Return the rules of all rule sets whose ids begin with `incomplete`."""
    found: dict[str, None] = {}
    for path in sorted(_DEFINITIONS.glob("*.toml"), reverse=True):
        with path.open("rb") as file:
            found |= dict.fromkeys(tomllib.load(file)["rules"])
    return [rule for rule in found if rule.startswith(incomplete)]


rules = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Show the rule sets, and what each of their rules demands.\n\n"
    "Example:\n\n"
    "\b\n"
    "  energy-runner rules show mlperf-tiny-1.4",
)

RuleSetArgument = Annotated[
    str,
    typer.Argument(
        help="Rule set, or a file with your own.",
        metavar="SET|FILE",
        autocompletion=complete_rule_set,
        show_default=True,
    ),
]
AuditRuleSetOption = Annotated[
    str,
    typer.Option(
        "--rule-set",
        help="Rule set to judge by (see `rules list`), or a file with your own; default: that of the round and "
        "the division, by the folders.",
        metavar="SET|FILE",
        autocompletion=complete_rule_set,
        show_default=False,
    ),
]
RuleSetOption = Annotated[
    str,
    typer.Option(
        "--rule-set",
        help="Rule set to judge by (see `rules list`), or a file with your own; default: mlperf-tiny-1.4, and "
        "lab for demo benchmarks.",
        metavar="SET|FILE",
        autocompletion=complete_rule_set,
        show_default=False,
    ),
]
RulesOption = Annotated[
    list[str] | None,
    typer.Option(
        "--rules",
        "-r",
        help="Check only this rule; may be given several times.",
        metavar="ID",
        autocompletion=complete_rule,
    ),
]
AccuracyOption = Annotated[
    Path | None,
    typer.Option("--accuracy-session", help="Accuracy session of the same firmware, to compare.", metavar="DIR"),
]
PerformanceOption = Annotated[
    Path | None,
    typer.Option(
        "--performance-session", help="Performance session of the same firmware, to compare.", metavar="DIR"
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON document on stdout.")]


@rules.command("list")
def list_rule_sets(as_json: JsonOption = False) -> None:
    """List the rule sets.

    \b
    Example:
      energy-runner rules list
    """
    from energy_runner import api
    from energy_runner.cli.output import write, write_json, write_table

    for name, why in api.broken_rules().items():
        say(f"rule {name!r} of another package: {why}")
    sets = api.list_rule_sets()
    if as_json:
        write_json([{"id": one.id, "title": one.title, "default": one.id == DEFAULT_RULE_SET} for one in sets])
        return
    default = {DEFAULT_RULE_SET: " (default)"}
    rows = [[one.id + default.get(one.id, ""), one.title, str(len(one.rules))] for one in sets]
    write_table(["Rule set", "Purpose", "Rules"], rows)
    from energy_runner.rules.rounds import round_sets

    write("For audits, those of earlier rounds and of the open division:\n")
    write("".join(f"{line}\n" for line in wrap(", ".join(round_sets()), 78, break_on_hyphens=False)))


@rules.command()
def show(rule_set: RuleSetArgument = DEFAULT_RULE_SET, as_json: JsonOption = False) -> None:
    """Show what each rule of a set demands, and by which clause.

    A failed rule makes a run invalid always, if known (not where the session
    lacks the facts to judge by), or never: then it only informs.

    \b
    Example:
      energy-runner rules show lab
    """
    from energy_runner import api
    from energy_runner.cli.output import write, write_json, write_line, write_table

    asked, demands = api.rule_set_demands(rule_set)
    if as_json:
        document = asked.model_dump(mode="json")
        document["rules"] = [
            {
                "id": one.id,
                "modes": list(one.modes),
                "demand": one.demand,
                "unit": one.unit,
                "package": one.package,
                **one.row.model_dump(mode="json"),
            }
            for one in demands
        ]
        write_json({"schema": SCHEMA, **document})
        return
    based = f" (based on {asked.based_on})" if asked.based_on else ""
    write_line(f"{asked.id}: {asked.title}{based}")
    write("\n")
    cells = [[one.id, one.row.binding, one.demand, one.row.clause] for one in demands]
    write_table(["Rule", "Binds", "Demands", "By"], cells)
    if asked.audit:
        write("\nFurther limits by which `audit` judges published sessions:\n\n")
        write_table(
            ["Limit", "", "By"], [[name, f"{row.limit:g}", row.clause] for name, row in asked.audit.items()]
        )


@dataclass(frozen=True)
class CheckOptions:
    """The options of `check`; `rules` names single rules, empty for all of the set."""

    folder: Path
    rules: list[str] = field(default_factory=list)
    rule_set: str = ""
    accuracy_session: Path | None = None
    performance_session: Path | None = None
    fail_on: list[str] = field(default_factory=list)
    baseline: Path | None = None
    as_json: bool = False
    every: bool = False


class _Given(TypedDict):
    rule_set: str | None
    accuracy_session: "Session | None"
    performance_session: "Session | None"


def check_command(options: CheckOptions) -> int:
    """Judge a session by the rules of a set; status 1 if a binding rule fails or a file was changed."""
    from energy_runner import api
    from energy_runner.cli.output import write_json
    from energy_runner.report.terminal import print_headline, print_verdicts

    session = api.load_session(options.folder)
    against = None
    if options.fail_on or options.baseline is not None:
        record = session.record
        against = base_of(options.baseline, options.fail_on, record.benchmark.id, record.run.mode, record.virtual)
    accuracy, performance = (
        None if folder is None else api.load_session(folder)
        for folder in (options.accuracy_session, options.performance_session)
    )
    given: _Given = {
        "rule_set": options.rule_set or None,
        "accuracy_session": accuracy,
        "performance_session": performance,
    }
    try:
        fresh = None if options.rules else api.analyze(session, **given)
    except SessionError:
        tell_differences(session)
        raise
    differs = [*tell_differences(session, fresh=fresh), *tell_others(accuracy, performance)]
    verdicts = api.check(session, options.rules, **given) if fresh is None else list(fresh.verdicts)
    compared = api.compare_with_baseline(session, against, options.fail_on) if against is not None else []
    if options.as_json:
        write_json([verdict.model_dump(mode="json") for verdict in verdicts] + documents(compared))
    else:
        print_verdicts(verdicts, every=options.every or bool(options.rules))
        if fresh is not None:  # a few rules say nothing about the validity of the result
            print_headline(session, fresh.with_verdicts(verdicts))
        tell(compared)
    # As in result.json, a rule that only informs does not make a run invalid, even if it was named.
    passed = not differs and all(verdict.passed for verdict in verdicts if verdict.binding)
    passed = passed and not any(one.fails for one in compared)
    return ExitStatus.VALID if passed else ExitStatus.RULE_FAILED
