# SPDX-License-Identifier: Apache-2.0
"""The section about the windows: what each measured, how they agree, and how the clocks agree."""

from energy_runner.report.charts.spread import spread_chart
from energy_runner.report.markup import Html, explained, join, pairs, section, table, tag
from energy_runner.report.story import Story
from energy_runner.report.units import column, fixed, number, percent, scaled, value_and_expanded, with_unit
from energy_runner.session.result import WindowResult


def windows(story: Story) -> Html:
    """Return the table of the windows, for the mode of the run."""
    result = story.result
    if not result.windows:
        return Html("")
    return _energy(story) if result.mode == "energy" else _performance(story)


def _performance(story: Story) -> Html:
    measured = story.result.windows
    cells: list[list[object]] = [
        [window.index + 1 for window in measured],
        [window.file for window in measured],
        [window.inferences for window in measured],
        [fixed(window.duration_s, 6) for window in measured],
        [*column([window.throughput_per_s for window in measured], 6)],
    ]
    columns = ["Window", "Stimulus", "Inferences", "Duration (s)", "Inferences per second"]
    rows = list(zip(*cells, strict=True))
    shown = table("Each window, by the device's own clock", columns, rows, numeric=(2, 3, 4))
    return section("windows", "Windows", shown)


def _energy(story: Story) -> Html:
    result = story.result
    columns = [
        "Window",
        explained("Stimulus", "The input file that the device classified repeatedly in this window."),
        "Start (s)",
        "Duration (s)",
        "Inferences",
        "Energy (mJ)",
        "Energy per inference (µJ)",
        "Mean power (mW)",
        explained("Samples lost", "Samples inside the window that the monitor failed to deliver."),
    ]
    over = any(window.samples_over_range for window in result.windows)
    if over:
        columns.append(explained("Over range", "Samples outside what the monitor can measure."))
    cells: list[list[object]] = [
        [window.index + 1 for window in result.windows],
        [window.file for window in result.windows],
        [fixed(window.start_s, 4) for window in result.windows],
        [fixed(window.duration_s, 6) for window in result.windows],
        [window.inferences for window in result.windows],
        [*column([scaled(window.energy_j, 1e3) for window in result.windows])],
        [*column([scaled(window.energy_per_inference_j, 1e6) for window in result.windows])],
        [*column([scaled(window.mean_power_w, 1e3) for window in result.windows], 6)],
        [_missing(window) for window in result.windows],
    ]
    if over:
        cells.append([fixed(window.samples_over_range, 0) for window in result.windows])
    rows = list(zip(*cells, strict=True))
    label = "Each window, in the power monitor's own time"
    shown = table(label, columns, rows, numeric=range(2, 10))
    return section("windows", "Windows", shown, spread_chart(result), _cross(story))


def _missing(window: WindowResult) -> object:
    if window.samples_missing:
        about = "" if window.samples_missing_known else "about "
        return tag("span", f"{about}{window.samples_missing} of {window.samples_expected}", class_="lost")
    return fixed(window.samples_missing, 0)


def _cross(story: Story) -> Html:
    result = story.result
    check, clock, alignment = result.edges_cross_check, result.sample_clock, result.alignment
    between_mw = [value * 1e3 for value in result.between_windows_w if value is not None]
    edges = f"{result.edges.seen} edges seen, {result.edges.expected} expected. " if result.edges else ""
    method = tag("p", f"{edges}Method: {alignment.method}.") if alignment else ""
    items: list[tuple[object, object]] = []
    if alignment is not None and alignment.rate_correction is not None:
        name = explained("Clock correction", "Factor applied to durations measured by the IO manager's clock.")
        items.append((name, f"{alignment.rate_correction:.6f} (u = {percent(alignment.rate_u)})"))
    if check is not None:
        name = explained(
            "Second clock", "Durations of the windows by the IO manager, divided by those by the monitor."
        )
        spread = f"spread {percent(check.spread)}, {check.windows} windows"
        items.append((name, f"{check.ratio:.6f} ({spread})"))
    if clock is not None:
        name = explained(
            "Sample clock",
            "Sample period by the computer's clock over that stated, with its standard uncertainty.",
        )
        items.append((name, " ± ".join(value_and_expanded(clock.ratio, clock.u))))
    if between_mw:
        least, most = number(min(between_mw), 4), with_unit(max(between_mw), "mW", 4)
        items.append(("Power between windows", f"{least} to {most}"))
    return join((method, pairs("Cross-checks", items)))
