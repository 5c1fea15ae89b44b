# SPDX-License-Identifier: Apache-2.0
"""Reports: one file that opens offline, and still images."""

from pathlib import Path

from energy_runner.api.analysis import analyze
from energy_runner.api.sessions import AnySession, load_session
from energy_runner.api.unreadable import named
from energy_runner.rules import RuleSet

__all__ = ["write_report"]


def write_report(
    session: AnySession, *, plots: bool = False, rule_set: str | Path | RuleSet | None = None
) -> list[Path]:
    """Write the session's `report.html`, with `plots` also images into its folder `plots`; return their paths.

    Raises `ConfigurationError` for plots without matplotlib, `SessionError` for facts that cannot be read.
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
