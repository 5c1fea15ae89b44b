# SPDX-License-Identifier: Apache-2.0
"""The control chart of a bench as one HTML page that opens offline, made as the report is.

It can be zoomed and says what each night is. Where no script runs, and on paper, the still picture stands in its
place. The same facts give the same bytes, with the same versions of matplotlib, plotly and zlib.
"""

from collections.abc import Sequence
from importlib import resources

from energy_runner.notebook import VIRTUAL
from energy_runner.report.figures.inline import embedded
from energy_runner.report.html import packed, plotly_js, policy, script
from energy_runner.report.markup import Html, join, json_script, pairs, section, table, tag
from energy_runner.sweep.trust.chart import beside_of, chart_image, day, drawn_series, notes
from energy_runner.sweep.trust.hints import percent
from energy_runner.sweep.trust.series import SeriesTrust
from energy_runner.sweep.trust.state import BenchTrust
from energy_runner.sweep.trust.traces import figure
from energy_runner.version import version

_CHART_PX, _BESIDE_PX, _FRAME_PX = 440, 110, 90
_BANDS = {"trusted": "good", "out of control": "bad", "not watched": "warn"}


def page_bytes(bench: str, trust: BenchTrust) -> bytes:
    """Return the page, encoded in UTF-8; the bench has at least one series."""
    series = drawn_series(trust)
    virtual = any(point.virtual for one in series for point in one.points)
    library, own = plotly_js(), _asset("energy_runner.sweep.trust", "chart.js")
    height_px = _FRAME_PX + _CHART_PX * len(series) + _BESIDE_PX * len(beside_of(series))
    style = _asset("energy_runner.report", "report.css") + f"#plot-chart {{ height: {height_px}px; }}\n"
    state = tag(
        "div", tag("strong", trust.state.upper()), f": {trust.reason}", class_=f"band {_BANDS[trust.state]}"
    )
    page = join(
        (
            Html('<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'),
            tag("meta", http_equiv="Content-Security-Policy", content=policy([library, own])),
            tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
            tag("meta", name="color-scheme", content="light dark"),
            tag("meta", name="generator", content=f"energy-runner {version()}"),
            tag("title", f"{'SIMULATED ' if virtual else ''}bench {bench}: {trust.state}"),
            Html(f"<style>\n{style}</style>\n</head>\n<body>\n"),
            tag(
                "main",
                tag("header", tag("h1", f"Control chart of bench {bench}"), class_="headline"),
                tag("div", tag("span", tag("strong", VIRTUAL)), class_="band virtual") if virtual else "",
                state,
                _drawn(bench, trust, series),
                _decisions(trust),
                join(_facts(one) for one in series),
            ),
            json_script("plot-data", figure(trust, series, virtual=virtual)),
            packed("plot-library", library),
            script(own),
            Html("\n</body>\n</html>\n"),
        )
    )
    return page.encode("utf-8")


def _drawn(bench: str, trust: BenchTrust, series: Sequence[SeriesTrust]) -> Html:
    words = f"Control chart of bench {bench}"
    still = chart_image(bench, trust, "svg").decode("utf-8")
    inside = tag(
        "figure",
        tag("div", id="plot-chart", class_="plot", role="group", aria_label=words),
        embedded(still, "still", words),
        tag("figcaption", *(tag("p", note) for note in notes(trust, series)[len(trust.decisions) :])),
    )
    return section("chart", "Nights against their baseline", inside)


def _decisions(trust: BenchTrust) -> Html:
    rows = [
        (number, day(one.utc_s), one.who, one.reason, one.baseline)
        for number, one in enumerate(trust.decisions, 1)
    ]
    columns = ("Decision", "Day (UTC)", "By", "Reason", "Baseline")
    if not rows:
        return Html("")
    return section("decisions", "Decisions", table("Who trusted it again, and why", columns, rows, wide=(3,)))


def _facts(one: SeriesTrust) -> Html:
    era = one.eras[-1]
    items: list[tuple[object, object]] = [
        ("State", f"{one.state}: {one.reason}"),
        ("Points, nights", f"{len(one.points)}, {len(one.nights)}"),
        ("Baseline", f"{1e6 * era.mean_j:.6g} µJ per inference, from {era.nights} night{'s' * (era.nights != 1)}"),
    ]
    if era.scatter is not None and era.finds is not None:
        items += [
            ("Scatter of a night", percent(era.scatter)),
            ("Found within 10 nights", f"a shift of {percent(era.finds)} or more, in 95 of 100 cases"),
        ]
    changes = [
        (
            day(alarm.since_utc_s),
            day(alarm.utc_s),
            f"({100 * alarm.shift:+.2f} ± {200 * alarm.u_shift:.2f}) %",
            alarm.nights,
        )
        for alarm in one.alarms
    ]
    columns = ("Since (UTC)", "Found (UTC)", "Shift (k = 2)", "Nights")
    found = table("Changes", columns, changes, numeric=(3,)) if changes else Html("")
    identifier = "series-" + "".join(sign if sign.isascii() and sign.isalnum() else "-" for sign in one.series)
    return section(identifier, one.series or "Reference", pairs("Reference", items), found)


def _asset(package: str, name: str) -> str:
    return resources.files(package).joinpath("assets", name).read_text(encoding="utf-8")
