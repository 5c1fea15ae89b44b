"""`analyze`, `check` and `report`: readers of sessions."""

import json
import sys
from pathlib import Path

from energy_runner.errors import ExitStatus


def analyze_command(folder: Path, *, as_json: bool) -> int:
    """Derive the result from the facts and write it."""
    from energy_runner import api
    from energy_runner.cli.run_command import show
    from energy_runner.session.folder import write_result

    session = api.load_session(folder)
    write_result(folder, api.analyze(session))
    show(session, as_json=as_json)
    return api.exit_status(session)


def check_command(folder: Path, rules: list[str], accuracy_session: Path | None, *, as_json: bool) -> int:
    """Judge a session by the rules."""
    from energy_runner import api
    from energy_runner.report.terminal import print_verdicts
    from energy_runner.rules import check

    session = api.load_session(folder)
    accuracy = api.load_session(accuracy_session) if accuracy_session else None
    verdicts = check(session, rules or None, accuracy)
    if as_json:
        sys.stdout.write(json.dumps([v.model_dump(mode="json") for v in verdicts], indent=2) + "\n")
    else:
        print_verdicts(verdicts)
    return ExitStatus.VALID if all(v.passed for v in verdicts) else ExitStatus.RULE_FAILED


def report_command(folder: Path, *, plots: bool) -> int:
    """Write the report, and plots if wanted."""
    from energy_runner import api
    from energy_runner.report.html import write_html

    session = api.load_session(folder)
    result = api.analyze(session)
    written = [write_html(session, result)]
    if plots:
        from energy_runner.report.plots import write_plots

        written += write_plots(session, result)
    for path in written:
        sys.stdout.write(f"{path}\n")
    return ExitStatus.VALID
