# SPDX-License-Identifier: Apache-2.0
"""A whole session of the MLCommons runner: what its mode makes of its passes, and which oddities are told."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from energy_runner.published.contents import load
from energy_runner.published.discover import LINK, find_one
from energy_runner.published.model import PublishedSession
from energy_runner.published.read import read

LOG = [
    r"Logging initialized. Writing output to sessions\20250725_190327\log.txt",
    "Device name retrieved: {name}",
    "Device model retrieved: {model}",
    "0725.030000 ulp-mlperf: Loading file a.bin segment 0",
    "0725.030010 ulp-mlperf: Loading file b.bin segment 0",
    r"Session logged in file sessions\20250725_190327\log.txt",
]


def power(*counters: str) -> dict[str, Any]:
    counts = zip(counters, (100, 8000), strict=False)
    return {"samples": [3e-6] * 9000, "timestamps": [*counts], "voltage": 1.8}


def one_pass(mode: str, **more: Any) -> dict[str, Any]:
    recorded = power("02", "03") if more.get("file") else power("00", "01")
    infer = {"iterations": 5, "start_time": 10, "end_time": 30, "elapsed_time": 20, "results": [0.0, 1.0]}
    return {
        "file": "a.bin",
        "class": 1,
        "mode": mode,
        "infer": infer | more.pop("infer", {}),
        "power": recorded,
        **more,
    }


def session(folder: Path, *passes: dict[str, Any], name: str = "board", model: str = "kws01") -> PublishedSession:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "log.txt").write_text("\n".join(LOG).format(name=name, model=model), "utf-8")
    (folder / "results.txt").write_text("Median throughput is 1.0 inf./sec.\n", "utf-8")
    (folder / "results.json").write_text(json.dumps(passes), "utf-8")
    return read(load(find_one(folder)))


def notes(session: PublishedSession) -> list[str]:
    return [note.id for note in session.notes]


@pytest.mark.parametrize(
    ("mode", "recorded", "answered"), [("e", True, False), ("p", False, False), ("a", False, True)]
)
def test_samples_are_read_in_energy_mode_and_answers_in_accuracy_mode(
    tmp_path: Path, mode: str, recorded: bool, answered: bool
) -> None:
    made = session(tmp_path, one_pass(mode), one_pass(mode, file="b.bin"))
    assert (made.recording is not None, made.answers is not None) == (recorded, answered)
    assert made.labels_from == ("results.json" if answered else "")
    assert [one.samples_j is not None for one in made.passes] == [recorded] * 2
    assert made.boot_edges == 0
    assert (made.stamp, made.benchmark, notes(made)) == ("20250725_190327", "kws01", [])


UNANSWERED: dict[str, Any] = {"infer": {"results": []}}
UNTIMED: dict[str, Any] = {"infer": {"start_time": None}}


@pytest.mark.parametrize(
    ("mode", "model", "bent", "told"),
    [
        ("a", "kws01", UNANSWERED, ["answers-missing"]),
        ("p", "kws01", UNANSWERED, []),
        ("e", "kws01", UNANSWERED, []),
        ("a", "kws01", UNTIMED, []),
        ("p", "kws01", UNTIMED, ["laps-missing"]),
        ("e", "kws01", UNTIMED, []),
        ("p", "sww01", UNTIMED, []),
        ("a", "sww01", UNANSWERED, []),
        ("e", "kws01", {"power": power("02")}, ["edge-missing"]),
        ("e", "sww01", {"power": power("02")}, ["edge-missing"]),
        ("p", "kws01", {"power": None}, []),
        ("e", "kws01", {"power": None}, ["trace-absent"]),
    ],
)
def test_a_session_is_checked_as_its_mode_and_its_benchmark_ask(
    tmp_path: Path, mode: str, model: str, bent: dict[str, Any], told: list[str]
) -> None:
    passes = [one_pass(mode), one_pass(mode, file="b.bin", **bent)]
    assert notes(session(tmp_path, *passes, model=model)) == told


@pytest.mark.parametrize(
    ("name", "stated", "simulated"),
    [
        ("board", [False, False], False),
        ("board", [False, True], True),
        ("board", [True, False], True),
        ("a virtual twin of a board", [False, False], True),
    ],
)
def test_a_session_of_a_virtual_bench_stays_one(
    tmp_path: Path, name: str, stated: list[bool], simulated: bool
) -> None:
    passes = [one_pass("p", energy_runner={"simulated": one}) for one in stated]
    assert session(tmp_path, *passes, name=name).simulated is simulated


def outside(folder: Path) -> None:
    (folder.parent / "outside.json").write_text("[]", "utf-8")
    for name in ("trace1-energy.bin", "script.async"):
        (folder / name).symlink_to(folder.parent / "outside.json")


def outside_log(folder: Path) -> None:
    (folder / "log.txt").rename(folder.parent / "log.txt")
    (folder / "log.txt").symlink_to(folder.parent / "log.txt")


@pytest.mark.skipif(os.name == "nt", reason="needs links")
@pytest.mark.parametrize(
    ("bend", "unread", "linked"),
    [(outside, [], ["script.async", "trace1-energy.bin"]), (outside_log, [f"log.txt: {LINK}"], [])],
)
def test_a_link_out_of_the_folder_is_told_once(
    tmp_path: Path, bend: Callable[[Path], None], unread: list[str], linked: list[str]
) -> None:
    folder = tmp_path / "kws/energy"
    session(folder, one_pass("e"), one_pass("e", file="b.bin"))
    bend(folder)
    made = read(load(find_one(folder)))
    details = {one: [note.detail for note in made.notes if note.id == one] for one in notes(made)}
    assert details.get("unreadable", []) == unread
    assert details.get("link-refused", []) == [f"{name}: {LINK}" for name in linked]
