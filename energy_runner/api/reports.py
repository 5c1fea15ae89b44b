# SPDX-License-Identifier: Apache-2.0
"""Reports: one HTML file that opens offline, and images of the plots."""

from pathlib import Path

from energy_runner.api.analysis import analyze
from energy_runner.api.sessions import AnySession, load_session
from energy_runner.api.unreadable import named
from energy_runner.rules import RuleSet

__all__ = ["write_report"]


def write_report(
    session: AnySession, *, plots: bool = False, rule_set: str | Path | RuleSet | None = None
) -> list[Path]:
    """Write the session's `report.html`, and with `plots` images into its folder `plots`; return the paths.

    Raises `ConfigurationError` for plots without matplotlib and for an unknown rule set, `SessionError` for facts
    that cannot be read, and `BenchFault` if a file cannot be written.
    """
    from energy_runner.report.html import write_html

    session = load_session(session)
    result = analyze(session, rule_set=rule_set)
    with named(session):
        written = [write_html(session, result)]
        if plots:
            from energy_runner.report.charts.static import write_plots

            written += write_plots(session, result)
    return written
