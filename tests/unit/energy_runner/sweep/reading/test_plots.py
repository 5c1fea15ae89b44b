# SPDX-License-Identifier: Apache-2.0
"""Figures of a sweep: what is in them, that nothing is left out silently, and that they say VIRTUAL."""

import json
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from energy_runner.errors import ConfigurationError
from energy_runner.sweep.reading.plots.drift import drift_picture
from energy_runner.sweep.reading.plots.files import rendered, write_pictures
from energy_runner.sweep.reading.plots.front import front_picture
from energy_runner.sweep.reading.plots.heat import map_picture
from energy_runner.sweep.reading.plots.model import Picture
from energy_runner.sweep.reading.plots.over_axis import over_picture
from energy_runner.sweep.reading.plots.page import page_bytes
from energy_runner.sweep.reading.plots.pictures import pictures_of
from energy_runner.sweep.reading.plots.traces import figure, safe_text
from energy_runner.sweep.rows import PointRow
from tests.support.sweep_rows import Monitor, night

AXES = {"voltage_v": [1.8, 3.0], "clock_mhz": [16, 48]}


def _night(**more: object) -> list[PointRow]:
    """Return a night with an invalid point, one that was set aside, and one that waits."""
    rows = night({**AXES, "model": ["kws", "vww"]}, Monitor(), 3, reference_every=5, **more)
    points = [place for place, row in enumerate(rows) if row.kind == "point"]
    lost = {"state": "set-aside", "energy_j": None, "latency_s": None, "valid": None}
    rows[points[0]] = replace(rows[points[0]], valid=False)
    rows[points[1]] = replace(rows[points[1]], **lost, reason="the DUT does not answer")
    rows[points[2]] = replace(rows[points[2]], **lost | {"state": "waiting"})
    return rows


def _looks(picture: Picture | None) -> list[str]:
    assert picture is not None
    return sorted(
        mark.look for panel in picture.panels for one in panel.series if not one.bare for mark in one.marks
    )


def _simple(energies: Sequence[tuple[float, float, float]]) -> list[PointRow]:
    """Return valid points with these energies, U, and latencies."""
    return [
        PointRow(
            "s", n, n, "point", 1, {"x": n}, "done",
            valid=True, energy_j=e, u_j=u / 2, U_j=u, latency_s=t, u_latency_s=1e-6,
        )
        for n, (e, u, t) in enumerate(energies, start=1)
    ]  # fmt: skip


def test_the_front_holds_what_nothing_beats_and_marks_what_may_be_on_it() -> None:
    """The last is as good as the first in energy, within U, but slower beyond doubt."""
    places = [(1.0, 3.0), (2.0, 1.0), (1.005, 3.0), (2.5, 2.0), (3.0, 0.9), (1.005, 3.6)]
    rows = _simple([(energy_j, 0.02, latency_s) for energy_j, latency_s in places])
    picture = front_picture(rows)
    assert picture is not None
    marks = next(one for one in picture.panels[0].series if not one.bare).marks
    assert [mark.look for mark in marks] == ["front", "front", "near", "plain", "front", "plain"]
    assert [mark.name for mark in marks] == ["3", "2", "", "", "1", ""]
    assert "On the front: 1: x 5; 2: x 2; 3: x 1." in picture.notes
    line = next(one for one in picture.panels[0].series if one.steps)
    assert [mark.x for mark in line.marks] == [900.0, 1000.0, 3000.0]
    assert any("Not distinguishable" in note for note in picture.notes)


def test_a_setting_that_is_on_the_front_by_chance_says_so() -> None:
    """At one clock the latencies differ by noise alone, and the higher voltage needs more energy for nothing."""
    picture = front_picture(_simple([(1.0, 0.02, 0.0434511), (1.2, 0.02, 0.0434510), (3.0, 0.02, 0.02)]))
    assert picture is not None
    [named] = [note for note in picture.notes if note.startswith("On the front")]
    assert named == "On the front: 1: x 3; 2: x 2 (another is better, and not worse beyond U); 3: x 1."


def test_an_invalid_point_is_shown_and_beats_nobody() -> None:
    rows = _simple([(1.0, 0.02, 3.0), (0.5, 0.02, 1.0)])
    picture = front_picture([rows[0], replace(rows[1], valid=False)])
    assert _looks(picture) == ["front", "invalid"]


def test_each_value_of_an_axis_may_have_a_front_of_its_own() -> None:
    rows = night({**AXES, "model": ["kws", "vww"]}, Monitor(), 1)
    assert _looks(front_picture(rows)).count("front") == 1
    assert _looks(front_picture(rows, "model")).count("front") == 2
    with pytest.raises(ConfigurationError, match="no axis is called 'colour'"):
        front_picture(rows, "colour")


def test_no_point_is_left_out_silently() -> None:
    rows = _night(repeats=1)
    found = pictures_of(rows)
    names = [picture.name for picture in found.pictures]
    assert names[:4] == ["energy-latency", "drift", "energy-over-voltage_v", "energy-over-clock_mhz"]
    assert len([name for name in names if name.startswith("map-")]) == 3
    for picture in found.pictures:
        if picture.name != "drift":
            assert "1 set aside (point " in " ".join(picture.notes)
            assert "1 waiting (point " in " ".join(picture.notes)
            assert "invalid" in picture.seen()
        if picture.name.startswith(("energy-over", "map-")):
            assert "missing" in picture.seen()


def test_a_lost_reference_point_is_marked_in_the_drift() -> None:
    rows = night(AXES, Monitor(), 1, reference_every=3, drift=0.01)
    places = [place for place, row in enumerate(rows) if row.kind == "reference"]
    rows[places[1]] = replace(rows[places[1]], state="set-aside", energy_j=None)
    rows[places[2]] = replace(rows[places[2]], valid=False)
    picture = drift_picture(rows)
    assert _looks(picture).count("missing") == 1
    assert _looks(picture).count("invalid") == 1
    assert picture is not None
    assert picture.x_label == "time since the first point of the night (h)"
    assert len(picture.panels) == 2  # with the temperature
    ys = [mark.y or 0 for mark in picture.panels[0].series[0].marks]
    assert ys[-1] - ys[0] == pytest.approx(0.65, abs=0.5)  # 1 % an hour, in percent


def test_without_times_the_drift_is_over_the_order() -> None:
    rows = [
        replace(row, started_utc=None, temperature_c=None) for row in night(AXES, Monitor(), 1, reference_every=3)
    ]
    picture = drift_picture(rows)
    assert picture is not None
    assert picture.x_label == "place in the night"
    assert len(picture.panels) == 1
    assert drift_picture([row for row in rows if row.kind == "point"]) is None


def test_energy_over_an_axis_has_a_series_for_each_combination_of_the_others() -> None:
    picture = over_picture(night({**AXES, "model": ["kws", "vww"]}, Monitor(), 1), "voltage_v")
    assert picture is not None
    names = {one.name for one in picture.panels[0].series}
    assert names == {f"clock {clock} MHz, model {model}" for clock in (16, 48) for model in ("kws", "vww")}
    assert {len(one.marks) for one in picture.panels[0].series} == {2}
    with pytest.raises(ConfigurationError, match="not all numbers"):
        over_picture(_night(), "model")


def test_a_map_has_a_cell_for_each_pair_and_a_map_for_each_other_value() -> None:
    picture = map_picture(_night(repeats=1), "clock_mhz", "voltage_v")
    assert picture is not None
    assert sorted(one.title for one in picture.maps) == ["model kws", "model vww"]
    assert picture.maps[0].x_ticks == ("16", "48")
    assert picture.maps[0].y_ticks == ("1.8", "3")
    shown = [cell.shown for one in picture.maps for row in one.cells for cell in row]
    assert len(shown) == 8
    assert {"set aside", "not yet"} <= set(shown)
    assert any(text.endswith("not valid") for text in shown)


def test_all_cells_of_a_map_are_in_sight_also_where_a_row_has_no_energy() -> None:
    picture = map_picture(_night(repeats=1), "clock_mhz", "voltage_v")
    assert picture is not None
    layout = figure(picture)["layout"]
    assert [layout[axis]["range"] for axis in ("xaxis", "yaxis", "xaxis2", "yaxis2")] == [[-0.5, 1.5]] * 4
    assert (layout["yaxis"]["showticklabels"], layout["yaxis2"]["showticklabels"]) == (True, False)


def test_maps_that_nobody_can_read_are_refused() -> None:
    rows = night({"a": [1, 2], "b": [1, 2], "c": list(range(12))}, Monitor(), 1, repeats=1)
    with pytest.raises(ConfigurationError, match=r"12 maps .* --where c=VALUE"):
        map_picture(rows, "a", "b")
    assert any("pairs of axes" in why for why in pictures_of(rows).absent)
    with pytest.raises(ConfigurationError, match="two axes"):
        map_picture(rows, "a", "a")


def test_the_words_for_nothing_are_plain() -> None:
    with pytest.raises(ConfigurationError, match="no points"):
        pictures_of([])
    waiting = [replace(row, state="waiting", energy_j=None) for row in night(AXES, Monitor(), 1, repeats=1)]
    with pytest.raises(ConfigurationError, match="nothing to draw: 4 waiting"):
        pictures_of(waiting)


def test_a_single_point_has_figures() -> None:
    found = pictures_of(night({"voltage_v": [3.0]}, Monitor(), 1, repeats=1))
    assert [picture.name for picture in found.pictures] == ["energy-latency"]
    assert rendered(found.pictures[0], ["svg"])["svg"]


def test_names_of_files_are_plain_and_differ() -> None:
    rows = night({"a/b": [1, 2], "a:b": [3, 4]}, Monitor(), 1, repeats=1)
    names = [picture.name for picture in pictures_of(rows).pictures]
    assert names[1:3] == ["energy-over-a-b", "energy-over-a-b-2"]
    assert all(re.fullmatch(r"[\w.-]+", name) for name in names)


@pytest.mark.deep
def test_every_figure_of_virtual_points_says_so(tmp_path: Path) -> None:
    rows = [replace(row, virtual=True) for row in _night(repeats=1)]
    found = pictures_of(rows, over=["voltage_v"], maps=[("clock_mhz", "voltage_v")])
    assert len(found.pictures) == 4
    for picture in found.pictures:
        svg = rendered(picture, ["svg"])["svg"].decode()
        assert svg.count("VIRTUAL") >= 2  # across the figure, and below it
        assert any(note["text"] == "VIRTUAL" for note in figure(picture)["layout"]["annotations"])


@pytest.mark.deep
def test_files_have_the_same_bytes_each_time(tmp_path: Path) -> None:
    found = pictures_of(_night(repeats=1), over=["voltage_v"], maps=[])
    for name in ("one", "two"):
        written = write_pictures(found.pictures, tmp_path / name, ["svg"])
    assert [path.name for path in written] == ["energy-latency.svg", "drift.svg", "energy-over-voltage_v.svg"]
    for path in written:
        assert path.read_bytes() == (tmp_path / "one" / path.name).read_bytes()
    with pytest.raises(ConfigurationError, match="known: svg, pdf, png"):
        write_pictures(found.pictures, tmp_path, ["gif"])


@pytest.mark.deep
def test_the_page_holds_every_figure_and_no_markup_of_names() -> None:
    evil = "<b onclick=x>&"
    rows = [replace(row, values={**row.values, evil: evil}, sweep=evil) for row in _night(repeats=1)]
    rows[1] = replace(rows[1], state="set-aside", energy_j=None, reason=evil)
    found = pictures_of(rows, over=["voltage_v"], maps=[("clock_mhz", "voltage_v")])
    page = page_bytes(rows, found).decode()
    assert evil not in page
    assert page.count('class="plot"') == len(found.pictures)
    assert "Points without an energy" in page
    data = json.loads(re.search(r'id="plot-data">(.*?)</script>', page)[1])  # type: ignore[index]
    assert [one["name"] for one in data] == [picture.name for picture in found.pictures]
    assert "&lt;b onclick=x&gt;&amp;" in json.dumps(data)
    assert page_bytes(rows, found).decode() == page


def test_a_name_cannot_be_a_colour_or_markup_of_the_page() -> None:
    assert safe_text("@loss\n<i>") == "@loss<br>&lt;i&gt;"
