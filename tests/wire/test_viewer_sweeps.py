# SPDX-License-Identifier: Apache-2.0
"""Sweeps in the viewer: their figures as `sweep plot` draws them, over HTTP, with and without a catalogue."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from energy_runner import api
from energy_runner.session.folder import Session, write_record
from energy_runner.session.record import SweepFacts
from energy_runner.sweep.reading.from_session import row_of
from energy_runner.sweep.reading.plots.files import rendered
from energy_runner.sweep.reading.plots.pictures import pictures_of
from energy_runner.viewer.serve import Server
from tests.support.small import small_plan, twin_bench
from tests.support.viewer_browser import fetched

SWEEP = "night-20260102-0a0b0c0d"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with two points of a sweep, whose catalogue is not there."""
    parent = tmp_path_factory.mktemp("sweeps")
    for number in (1, 2):
        bench = twin_bench("virtual-lpm01a", seed=number)
        made = api.run(
            bench, small_plan(parent / f"stimuli-{number}"), out=parent / "night" / f"p{number}", rule_set="lab"
        )
        facts = SweepFacts(
            sweep=SWEEP,
            plan="",
            epoch=1,
            worker="host:1-00",
            point=number,
            order=number,
            kind="point",
            repeat=1,
            attempt=1,
            values={"voltage_v": 1.8 + number / 5},
            bench="virtual-lpm01a",
            started_utc=f"2026-01-02T03:0{number}:00Z",
        )
        write_record(made.path, made.record.model_copy(update={"sweep": facts}))
    return parent / "night"


@pytest.fixture(scope="module")
def server(folder: Path) -> Iterator[Server]:
    with api.view(folder) as serving:
        yield serving


def test_figures_are_those_of_sweep_plot(server: Server, folder: Path) -> None:
    address = f"{server.url}api/sweep/{SWEEP}/figures"
    status, _, body = fetched(address)
    assert status == 200
    found = json.loads(body)
    rows = [row_of(Session.open(folder / f"p{number}")) for number in (1, 2)]
    pictures = pictures_of(rows).pictures
    assert [one["name"] for one in found["figures"]] == [one.name for one in pictures]
    assert "energy-latency" in [one["name"] for one in found["figures"]]
    for picture in pictures:
        status, headers, body = fetched(f"{address}/{picture.name}")
        assert (status, headers["content-type"]) == (200, "image/svg+xml")
        assert headers["content-security-policy"].startswith("sandbox; default-src 'none'")
        assert body == rendered(picture, ("svg",))["svg"]


def test_the_page_runs_no_script_but_ours(server: Server) -> None:
    status, headers, body = fetched(f"{server.url}api/sweep/{SWEEP}/page")
    assert status == 200
    assert b"Energy against latency" in body
    policy = headers["content-security-policy"]
    assert policy.startswith("sandbox allow-scripts allow-downloads; default-src 'none'; script-src 'sha256-")
    assert "allow-same-origin" not in policy


@pytest.mark.parametrize("path", ["nothing/figures", "nothing/page", f"{SWEEP}/figures/nothing", "..%2f/page"])
def test_what_is_not_there_is_said(server: Server, path: str) -> None:
    assert fetched(f"{server.url}api/sweep/{path}")[0] == 404
