# SPDX-License-Identifier: Apache-2.0
"""Sweeps for the list: figures of their points, the best of the valid ones, the keys of their sessions."""

import json
from contextlib import closing
from dataclasses import replace

import pytest

from energy_runner.sweep.catalogue import Catalogue, Outcome, SweepRow
from energy_runner.sweep.plan.points import Point
from energy_runner.sweep.reading.row_json import row_text
from energy_runner.sweep.rows import PointRow
from energy_runner.viewer.sweeps import from_catalogue

ENERGIES = {1: 3e-4, 2: 1e-4, 3: 2e-4}  # J by number; the second is not valid


@pytest.fixture
def path(tmp_path):
    place = tmp_path / "catalogue.sqlite"
    points = [
        Point(number=k, order=k, repeat=1, values={"voltage_v": 1.5 + k / 2, "model": "kws"}) for k in (1, 2, 3, 4)
    ]
    with closing(Catalogue(place)) as opened:
        for name in ("night-1", "night-2"):
            row = SweepRow(name, "night", "", f"2026-01-0{name[-1]}T00:00:00Z", "host", str(tmp_path), "open")
            opened.add_sweep(row, points, {})
        for number, energy_j in ENERGIES.items():
            lease = opened.claim("night-2", "desk", "host:1")
            figures = PointRow(
                sweep="night-2",
                number=number,
                order=number,
                kind="point",
                repeat=1,
                values={"voltage_v": 1.5 + number / 2},
                state="done",
                bench="desk",
                session=f"s{number}",
                valid=number != 2,
                energy_j=energy_j,
                U_j=energy_j / 50,
                latency_s=0.01 / number,
                metric="top1",
                accuracy=90.0 + number,
            )
            figures = replace(figures, reason="<script>\u202e" if number == 3 else "")
            opened.finish(
                lease, Outcome("completed", "done", valid=number != 2, session=f"s{number}", row=row_text(figures))
            )
    return place


def test_figures_and_the_best_of_the_valid_points(path):
    sweeps, problems = from_catalogue([path], {"s1": "aaaaaaaaaaaa"})
    json.dumps(sweeps, allow_nan=False)
    assert problems == []
    assert [sweep["id"] for sweep in sweeps] == ["night-2", "night-1"], "the latest first"
    latest = sweeps[0]
    assert latest["counts"] == {"waiting": 1, "running": 0, "done": 3, "set-aside": 0}
    assert latest["best"] == {"energy": 3, "latency": 3, "accuracy": 3}
    assert latest["benches"] == ["desk"]
    first = latest["points"][0]
    assert (first["energy_j"], first["U_j"]) == (3e-4, pytest.approx(6e-6))
    assert first["key"] == "aaaaaaaaaaaa"
    assert latest["points"][1]["key"] is None, "its session is not among those that are listed"
    assert latest["points"][3]["state"] == "waiting"
    assert sweeps[1]["best"] == {}


def test_a_damaged_row_leaves_the_others(path):
    with closing(Catalogue(path)) as opened, opened.begin() as connection:
        connection.exec_driver_sql("UPDATE point SET row = '{' WHERE number = 1 AND sweep = 'night-2'")
    sweeps, problems = from_catalogue([path], {})
    assert "cannot be read" in sweeps[0]["points"][0]["remarks"][0]
    assert sweeps[0]["points"][2]["energy_j"] == 2e-4
    assert problems == []


def test_settings_that_are_none_make_the_sweep_a_problem_and_leave_the_others(path):
    with closing(Catalogue(path)) as opened, opened.begin() as connection:
        connection.exec_driver_sql("UPDATE point SET settings = '[[' WHERE sweep = 'night-2'")
    sweeps, problems = from_catalogue([path], {})
    assert [sweep["id"] for sweep in sweeps] == ["night-1"]
    assert len(problems) == 1


def test_hostile_texts_of_a_catalogue_are_escaped(path):
    with closing(Catalogue(path)) as opened, opened.begin() as connection:
        connection.exec_driver_sql("UPDATE sweep SET name = ?", ("<img onerror=x>\u202e" + "A" * 100_000,))
    text = json.dumps(from_catalogue([path], {})[0], ensure_ascii=False)
    assert "\u202e" not in text
    assert len(text) < 20_000
