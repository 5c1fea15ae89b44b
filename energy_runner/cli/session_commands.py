"""`analyze`, `check` and `report`: readers of sessions."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from energy_runner.cli.output import hush_libraries, write, write_json
from energy_runner.errors import ConfigurationError, ExitStatus, SessionError


def analyze_command(folder: Path, *, as_json: bool) -> int:
    """Derive the result from the facts and write it."""
    from energy_runner import api
    from energy_runner.cli.run_command import show
    from energy_runner.session.folder import write_result

    hush_libraries()
    session = api.load_session(folder)
    with _named(folder):
        result = api.analyze(session)
    write_result(folder, result)
    show(session, as_json=as_json)
    return api.exit_status(session)


def check_command(folder: Path, rules: list[str], accuracy_session: Path | None, *, as_json: bool) -> int:
    """Judge a session by the rules."""
    from energy_runner import api
    from energy_runner.report.terminal import print_verdicts
    from energy_runner.rules import check

    hush_libraries()
    session = api.load_session(folder)
    accuracy = api.load_session(accuracy_session) if accuracy_session else None
    with _named(folder):
        verdicts = check(session, rules or None, accuracy)
    silent = sorted(set(rules) - {verdict.id for verdict in verdicts})
    if silent:
        more = ". Try: --accuracy-session" if "accuracy-target" in silent and accuracy is None else ""
        what = f"this session in {session.record.run.mode} mode"
        raise ConfigurationError(f"{folder}: {', '.join(silent)} says nothing about {what}{more}")
    if as_json:
        write_json([verdict.model_dump(mode="json") for verdict in verdicts])
    else:
        print_verdicts(verdicts)
    # As in result.json, a rule that only informs makes no run invalid; one that was asked for by name counts.
    passed = all(verdict.passed for verdict in verdicts if verdict.binding or rules)
    return ExitStatus.VALID if passed else ExitStatus.RULE_FAILED


@contextmanager
def _named(folder: Path) -> Iterator[None]:
    """Name the session in an error of the analysis, whose results know no paths and so its errors neither."""
    try:
        yield
    except SessionError as error:
        if str(folder) in str(error):
            raise
        raise SessionError(f"{folder}: {error}") from error


def report_command(folder: Path, *, plots: bool) -> int:
    """Write the report, and plots if wanted."""
    from energy_runner import api
    from energy_runner.report.html import write_html

    hush_libraries()
    session = api.load_session(folder)
    with _named(folder):
        result = api.analyze(session)
        written = [write_html(session, result)]
        if plots:
            from energy_runner.report.plots import write_plots

            written += write_plots(session, result)
    write("".join(f"{path}\n" for path in written))
    return ExitStatus.VALID
