"""`analyze`, `check` and `report`: readers of sessions."""

from pathlib import Path
from typing import TYPE_CHECKING

from energy_runner.cli.outcome import say
from energy_runner.cli.output import hush_libraries, named, write
from energy_runner.errors import ExitStatus, SessionError

if TYPE_CHECKING:
    from energy_runner.session.folder import Session
    from energy_runner.session.result import Result


def analyze_command(folder: Path, rule_set: str = "", *, as_json: bool) -> int:
    """Derive the result from the facts, judge it by the rules of a set, and write it."""
    from energy_runner import api
    from energy_runner.cli.run_command import show
    from energy_runner.session.folder import write_result

    hush_libraries()
    session = api.load_session(folder)
    with named(folder):
        result = api.analyze(session, rule_set=rule_set or None)
    if not rule_set:
        _tell_other_set(session, result)
    write_result(folder, result)
    show(session, as_json=as_json)
    return api.exit_status(session)


def report_command(folder: Path, rule_set: str = "", *, plots: bool) -> int:
    """Write the report, and plots if wanted."""
    from energy_runner import api
    from energy_runner.report.html import write_html

    hush_libraries()
    session = api.load_session(folder)
    with named(folder):
        result = api.analyze(session, rule_set=rule_set or None)
        written = [write_html(session, result)]
        if plots:
            from energy_runner.report.charts.static import write_plots

            written += write_plots(session, result)
    if not rule_set:
        _tell_other_set(session, result)
    write("".join(f"{path}\n" for path in written))
    return ExitStatus.VALID


def _tell_other_set(session: "Session", result: "Result") -> None:
    """Say so if result.json was judged by another rule set than the one that is taken where none is asked for."""
    try:
        before = session.result()
    except SessionError:
        return  # the session was not analysed before, or by a version whose results are not read
    if before.rule_set is None or _judge(before) == _judge(result):
        return
    own = " (a file of your own)" if before.rule_set_sha256 else ""
    say(f"judged by {result.rule_set}; result.json was judged by {before.rule_set}{own}. Try: --rule-set")


def _judge(result: "Result") -> tuple[str | None, str | None]:
    return result.rule_set, result.rule_set_sha256
