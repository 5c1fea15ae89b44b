# SPDX-License-Identifier: Apache-2.0
"""The drawn chart: every format, the same bytes, nothing hostile in the page, and simulated benches say so."""

import dataclasses
import json
import random
import re
from pathlib import Path

import pytest

from energy_runner.errors import ConfigurationError
from energy_runner.sweep.trust.chart import chart_image, drawn_series, notes
from energy_runner.sweep.trust.points import Decision
from energy_runner.sweep.trust.state import BenchTrust, bench_state
from energy_runner.sweep.trust.traces import figure
from energy_runner.sweep.trust.write import write_chart
from tests.support.reference_nights import BEGIN_S, DAY_S, reference_points

EVIL = '</script><script>alert("1")</script>'


@pytest.fixture(scope="module")
def trust() -> BenchTrust:
    points = reference_points(random.Random(3), 45, a_night=2, off=lambda n: 0.008 if 30 <= n < 38 else 0.0)
    points = [
        dataclasses.replace(one, temperature_c=22.0, voltage_v=3.0, series=EVIL, virtual=True) for one in points
    ]
    return bench_state(points, [Decision("desk", BEGIN_S + 37.7 * DAY_S, EVIL, EVIL)])


def test_a_picture_is_the_same_again_and_tells_everything(trust: BenchTrust, tmp_path: Path) -> None:
    for kind, begin in {"png": b"\x89PNG", "svg": b"<?xml"}.items():
        path = write_chart("desk", trust, tmp_path / "new" / f"chart.{kind}")
        assert path.read_bytes().startswith(begin)
    image = chart_image("desk", trust, "svg")
    assert image == (tmp_path / "new" / "chart.svg").read_bytes()
    text = image.decode()
    for words in (
        "bench desk: trusted",
        "found",
        "off the baseline (%)",
        "test / limit",
        "temperature",
        "VIRTUAL",
    ):
        assert words in text
    assert "at work for" not in text  # nothing is known of it


def test_the_page_holds_no_text_as_markup(trust: BenchTrust, tmp_path: Path) -> None:
    page = write_chart(EVIL, trust, tmp_path / "chart.html").read_text("utf-8")
    assert EVIL not in page
    assert page.count("<script") == 3
    assert "SIMULATED" in page
    block = re.search(r'id="plot-data">(.*?)</script>', page, re.DOTALL)
    assert block is not None
    assert "<script" not in json.dumps(json.loads(block[1])["layout"])


def test_the_figure_holds_every_night_and_every_test(trust: BenchTrust) -> None:
    series = trust.series[0]
    drawn = figure(trust, trust.series, virtual=False)
    marks = [trace for trace in drawn["traces"] if trace["yaxis"] == "y"]
    assert sum(len(trace["x"]) for trace in marks) == len(series.nights) == 45
    tests = next(trace for trace in drawn["traces"] if trace["type"] == "bar")
    assert len(tests["y"]) == sum(night.statistic is not None for night in series.nights)


@pytest.mark.parametrize("name", ["chart", "chart.jpg", "chart.csv"])
def test_another_ending_is_refused(trust: BenchTrust, tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigurationError, match=r"Try: a name with \.html, \.svg, \.pdf, \.png"):
        write_chart("desk", trust, tmp_path / name)


def test_few_points_are_drawn_too_and_many_references_in_part() -> None:
    points = reference_points(random.Random(1), 2)
    assert b"too few: 2 nights" in chart_image("desk", bench_state(points), "svg")
    many = bench_state([dataclasses.replace(one, series=f"r{n}") for n in range(6) for one in points])
    assert "2 more references are not drawn" in notes(many, drawn_series(many))
