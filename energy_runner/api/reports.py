# SPDX-License-Identifier: Apache-2.0
"""Reports: one HTML file that opens offline, and figures for papers and slides."""

from pathlib import Path

from energy_runner.api.analysis import analyze
from energy_runner.api.seal import as_judged_before
from energy_runner.api.sessions import AnySession, load_session
from energy_runner.api.unreadable import named
from energy_runner.rules import RuleSet

__all__ = ["write_report"]


def write_report(
    session: AnySession,
    *,
    plots: bool = False,
    figures: str | Path | None = None,
    rule_set: str | Path | RuleSet | None = None,
) -> list[Path]:
    """Write the session's `report.html` and return the paths of all that was written.

    `figures` is a folder, made if needed, for SVG, PDF and PNG of every figure that the session has data for: the
    whole run, each window, one mean inference, layers or phases, the uncertainty budget, the drift, the clocks.
    `plots` writes PNG images of the run and of each window into the session's folder `plots`.

    It shows the result as `result.json` has it, also where that was judged together with an accuracy or
    performance session, or before raw bytes were thinned; another `rule_set` shows what that one says.

    Raises `ConfigurationError` for an unknown rule set, `SessionError` for facts that cannot be read, and
    `BenchFault` if a file cannot be written.
    """
    from energy_runner.report.html import write_html
    from energy_runner.report.story import tell

    session = load_session(session)
    result = as_judged_before(session, analyze(session, rule_set=rule_set))
    with named(session):
        story = tell(session, result)
        written = [write_html(session, result, story=story)]
        if plots or figures is not None:
            from energy_runner.report.figures.write import write_figures, write_plots

            written += write_plots(session, result, story=story) if plots else []
            written += write_figures(session, result, Path(figures), story=story) if figures is not None else []
    return written
