# SPDX-License-Identifier: Apache-2.0
"""Figures and times as the viewer's pages print them: axes of the wall clock, lengths of time, columns, rails."""

import itertools
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from energy_runner import api
from energy_runner.report.units import number, value_and_expanded
from energy_runner.viewer.found import key_of
from energy_runner.viewer.serve import Server
from tests.support.small import small_plan, twin_bench
from tests.support.viewer_browser import BROWSER, NO_BROWSER, browser_page

pytestmark = [
    pytest.mark.deep(together=True),
    pytest.mark.skipif(not BROWSER, reason=NO_BROWSER),
]
BENCH = Path(__file__).parents[1] / "support" / "benches" / "two-rails.toml"
SETTLED = (
    """() => window.viewer && !window.viewer.store.busy.size && window.viewer.plot.shown.get("power")?.length"""
)
CLOCK = """([start, stop]) => import("./assets/axes.js").then((m) => {
  const found = m.timeTicks(start, stop, 8, 0, 1767311999000000000n);
  return [found.base, found.unit, found.ticks.map((tick) => [tick.at, tick.text])];
})"""  # second 0 is 2026-01-01 23:59:59 UTC
WORDS = """([name, ...given]) => import("./assets/words.js").then((m) => m[name](...given))"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Serve two runs of a bench with two rails, whose traces are not equally long."""
    parent = tmp_path_factory.mktemp("figures")
    for seed in (1, 2):
        bench = twin_bench(str(BENCH), seed=seed)
        api.run(
            bench, small_plan(parent / f"stimuli-{seed}"), out=parent / "sessions" / f"s{seed}", rule_set="lab"
        )
    with api.view(parent / "sessions") as serving:
        yield serving


@pytest.fixture
def page(server: Server) -> Iterator[Any]:
    with browser_page() as (opened, complaints):
        opened.goto(f"{server.url}trace.html?s={_key(server, 's1')}")
        opened.wait_for_function(SETTLED)
        yield opened
    assert complaints == []


def _key(server: Server, name: str) -> str:
    return key_of(server.site.paths[0] / name)


def test_a_wall_clock_that_reaches_the_next_second_counts_on(page: Any) -> None:
    """What stands at the axis holds for all of its ticks."""
    base, unit, ticks = page.evaluate(CLOCK, [0.9996, 1.0004])
    assert (base.replace("\u202f", " "), unit) == ("2026-01-01 23:59:59 UTC +", "ms")
    assert [text for _, text in ticks][:3] == ["999.6", "999.7", "999.8"]
    for at_s, text in ticks:
        assert float(text.replace("\u202f", "")) == pytest.approx(at_s * 1e3)


def test_a_wall_clock_names_the_day_that_begins(page: Any) -> None:
    base, _, ticks = page.evaluate(CLOCK, [0.0, 2.0])
    texts = [text for _, text in ticks]
    assert base == "2026-01-01"
    assert texts[0] == "23:59:59.0"
    assert [text for text in texts if text.startswith("01-02 ")] == ["01-02 00:00:00.0"]


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (12.5e-6, "12.5 µs"),
        (10.28234567, "10.282 345 7 s"),
        (7509.123456, "7509.123 456 s (2 h 05 min)"),
        (86400.0, "86 400 s (24 h 00 min)"),
    ],
)
def test_a_length_of_time_keeps_the_digits_of_its_samples(page: Any, seconds: float, said: str) -> None:
    assert page.evaluate(WORDS, ["exactly", seconds, 1e-6]).replace("\u202f", " ") == said


def test_each_rail_is_shown_as_its_own_trace(page: Any, server: Server) -> None:
    """Samples, losses and figures of windows are those of the rail; its trace may be shorter than the first."""
    lengths = {}
    for rail in ("io", "core"):
        page.select_option("#rail", rail)
        page.wait_for_function("(rail) => window.viewer?.view.rail === rail", arg=rail)
        page.wait_for_function(SETTLED)
        page.wait_for_function("() => document.getElementById('windows').innerText.includes('window 1')")
        lengths[rail] = page.evaluate("window.viewer.view.length")
        assert page.inner_text("#state") == ""
        assert f"of the rail {rail} alone" in page.inner_text("#windows")
    assert lengths["io"] != lengths["core"]
    assert "rail=core" in page.url


def test_columns_of_a_comparison_stand_at_their_middle(page: Any, server: Server) -> None:
    page.goto(f"{server.url}compare.html?s={_key(server, 's1')}&s={_key(server, 's2')}")
    page.wait_for_function("() => window.comparison?.charts.length === 2")
    assert "\u202fmJ" not in page.inner_text("#sessions")  # the energy of an inference is in µJ everywhere
    for name, begins in page.evaluate("window.comparison.begins").items():
        at = page.evaluate(f"window.comparison.charts.find((one) => one.options.name === '{name}').series[0].at")
        stop = page.evaluate(f"window.comparison.charts.find((one) => one.options.name === '{name}').range[1]")
        assert at[0] == pytest.approx((begins[0] + begins[1]) / 2)
        assert at[0] < at[-1] < stop


def test_numbers_read_as_in_the_report(page: Any) -> None:
    values, parts = (1.0, 1.23456, 9.9951, 586.71), (1, 0.0996, 4.249)
    powers = itertools.product(values, (1e-3, 1.0, 100.0), parts, (1e-4, 0.1, 1.0))
    pairs = [(value * a, part * b) for value, a, part, b in powers]
    pairs += [
        (0.25, 1.0),
        (0.35, 1.0),
        (2.675, 0.5),
        (-0.04, 1.0),
        (586.65, 1.05),
        (12345678.0, 2500.0),
        (0.125, 0.25),
    ]
    found = page.evaluate(
        "(pairs) => import('./assets/words.js').then((m) => pairs.map(([v, u]) => m.rounded(v, u)))", pairs
    )
    assert [tuple(pair) for pair in found] == [value_and_expanded(*pair) for pair in pairs]
    values = [0.0, 1.0, -2.5, 12345.678, 1e-3, 3.2e-7, 99999.95, 123456789.0, math.pi]
    found = page.evaluate(
        "(values) => import('./assets/words.js').then((m) => values.map((v) => m.number(v)))", values
    )
    assert found == [number(value) for value in values]
