"""`analyze`, `check` and `report`: readers of sessions."""

from pathlib import Path

from energy_runner.cli.output import hush_libraries, named, write
from energy_runner.errors import ExitStatus


def analyze_command(folder: Path, *, as_json: bool) -> int:
    """Derive the result from the facts and write it."""
    from energy_runner import api
    from energy_runner.cli.run_command import show
    from energy_runner.session.folder import write_result

    hush_libraries()
    session = api.load_session(folder)
    with named(folder):
        result = api.analyze(session)
    write_result(folder, result)
    show(session, as_json=as_json)
    return api.exit_status(session)


def report_command(folder: Path, *, plots: bool) -> int:
    """Write the report, and plots if wanted."""
    from energy_runner import api
    from energy_runner.report.html import write_html

    hush_libraries()
    session = api.load_session(folder)
    with named(folder):
        result = api.analyze(session)
        written = [write_html(session, result)]
        if plots:
            from energy_runner.report.charts.static import write_plots

            written += write_plots(session, result)
    write("".join(f"{path}\n" for path in written))
    return ExitStatus.VALID
