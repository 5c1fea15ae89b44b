# SPDX-License-Identifier: Apache-2.0
"""The section about single inferences inside the windows, the idle level, and the energy above it."""

from energy_runner.analysis.inferences.segment import WindowInferences
from energy_runner.report.charts.inferences import drift_chart, histogram_chart
from energy_runner.report.markup import Html, explained, section, table, tag
from energy_runner.report.story import Story
from energy_runner.report.units import column, number, scaled, shares, shares_with_u, value_and_expanded, with_unit
from energy_runner.wording import coverage_factor

_HINTS = (
    "energy-runner segment SESSION",
    "energy-runner use SESSION --per-hour 60 --capacity-mah 225 --battery-v 3.0",
)


def inferences(story: Story) -> Html:
    """Return the distribution of single inferences in each window; it accompanies the score."""
    if story.inferences is None:
        return Html("")
    summary = story.inferences
    found = summary.segmentation
    resolved = [window for window in found.windows if window.resolved]
    remarks = [
        tag("li", f"Window {window.index + 1}: {text}")
        for window in found.windows
        for text in ([window.reason] if not window.resolved else window.disagreements)
    ]
    words = (
        "The power repeats with every inference, and the beginning of each is found from that repetition. These "
        "figures do not replace the score, which is the energy between the edges over the number of inferences."
    )
    return section(
        "inferences",
        "Single inferences",
        tag("p", words, class_="quiet"),
        _table(resolved) if resolved else "",
        histogram_chart(summary),
        drift_chart(summary),
        tag("ul", *remarks, class_="plain") if remarks else "",
        _idle(story),
        _others(story),
        _net(story),
        tag("p", "More: ", tag("code", _HINTS[0]), "; energy per day and battery life: ", tag("code", _HINTS[1])),
    )


def _table(resolved: list[WindowInferences]) -> Html:
    known = [window for window in resolved if window.energy is not None]
    spread = [window.energy for window in known if window.energy is not None]
    drift_unit, drift = shares_with_u([(energy.drift, energy.drift_u) for energy in spread])
    warm_up_unit, warm_up = shares([energy.warm_up.early for energy in spread])
    cells: list[list[object]] = [
        [window.index + 1 for window in known],
        [window.inferences for window in known],
        [*column([scaled(window.period_s, 1e3) for window in known])],
        [*column([1e6 * energy.median for energy in spread])],
        [*column([1e6 * energy.p5 for energy in spread])],
        [*column([1e6 * energy.p95 for energy in spread])],
        [len(energy.outliers) for energy in spread],
        [*drift],
        [*warm_up],
        [*column([scaled(window.above_idle_j, 1e6) for window in known])],
    ]
    columns = [
        "Window",
        explained("Found", "Inferences that were found in the window."),
        explained("Period (ms)", "From the beginning of one inference to the beginning of the next."),
        "Median (µJ)",
        explained("p5 (µJ)", "One inference in twenty takes less energy."),
        explained("p95 (µJ)", "One inference in twenty takes more energy."),
        explained("Outliers", "Inferences further from the median than chance explains."),
        explained(f"Drift ({drift_unit})", "Change over the whole window, with its standard uncertainty."),
        explained(
            f"Warm-up ({warm_up_unit})", "How the first inferences differ from the second half of the window."
        ),
        explained(
            "Above idle (µJ)", "Energy per inference less the idle power over the same time. Not the score."
        ),
    ]
    rows = list(zip(*cells, strict=True))
    return table("Energy of single inferences in each window", columns, rows, numeric=range(1, 10))


def _idle(story: Story) -> Html:
    if story.inferences is None:
        return Html("")
    found = story.inferences.segmentation
    if found.idle is None:
        return tag("p", f"Idle level: no stable level {found.idle_searched}.")
    idle = found.idle
    power_mw, u_mw = value_and_expanded(idle.power_w * 1e3, idle.u_w * 1e3)
    level = f"{power_mw} ± {u_mw} mW"
    return tag(
        "p",
        f"Idle level: {level} (scatter only), longest for {with_unit(idle.duration_s * 1e3, 'ms', 3)} at "
        f"{number(idle.start_s, 5)} s; searched {found.idle_searched}.",
    )


def _others(story: Story) -> Html:
    """Return the levels outside the windows at which the DUT is not idle."""
    levels = story.result.levels
    named = [("sending", levels.transmit), ("receiving", levels.receive)] if levels is not None else []
    words = [
        f"{' ± '.join(value_and_expanded(level.power_w * 1e3, level.u_w * 1e3))} mW while {name}"
        for name, level in named
        if level is not None
    ]
    return tag("p", f"Power outside the windows: {', '.join(words)} (scatter only).") if words else Html("")


def _net(story: Story) -> Html:
    """Return the energy above idle of the whole run, which unlike that of single windows has an uncertainty."""
    net = story.result.net_energy_per_inference_j
    if net is None:
        return Html("")
    figure = " ± ".join(value_and_expanded(net.value_j * 1e6, net.U_j * 1e6))
    lacks = "" if net.complete else "; the uncertainty is as incomplete as that of the score"
    idle = with_unit(net.idle_w * 1e3, "mW", 4)
    return tag(
        "p",
        f"Energy above an idle power of {idle}: {figure} µJ per inference (k = {coverage_factor(net.k)}){lacks}.",
    )
