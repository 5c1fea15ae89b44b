# SPDX-License-Identifier: Apache-2.0
"""What each layer shows of a session whose facts are known."""

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import numpy as np
import pytest

from energy_runner.analysis.analyze import analyze
from energy_runner.errors import ConfigurationError
from energy_runner.rules.registry import all_rules
from energy_runner.session import events as ev
from energy_runner.session.folder import write_result
from energy_runner.session.result import Finding, Verdict
from energy_runner.viewer.layers import layers
from energy_runner.viewer.layers.table import TABLE
from energy_runner.viewer.layers.verdicts import OF_WINDOWS
from tests.support.report_sessions import PERIOD_S, energy_session
from tests.support.synthetic import host_ns, make_run

NAMES = ["first", "second_part", "third"]


def analysed(session, **changes):
    result = analyze(session).model_copy(update=changes)
    write_result(session.path, result)
    return layers(session)


@pytest.fixture(scope="module")
def own(tmp_path_factory):
    """A session with losses, analysed."""
    session = energy_session(tmp_path_factory.mktemp("families"), lost=40)
    passed = Verdict(id="five-windows", passed=True, measured=5, limit=5, clause="Five windows.")
    failed = Verdict(
        id="no-lost-samples", passed=False, measured=40, limit=0, clause="None is lost.", note="Forty."
    )
    informs = Verdict(id="benchmark", passed=False, binding=False, measured="x", limit="y", clause="Known.")
    return analysed(session, verdicts=[passed, failed, informs])


def test_every_layer_has_a_row_and_items_that_json_can_hold(own):
    table = own.table()
    assert [row["name"] for row in table] == [
        "windows",
        "inferences",
        "network-layers",
        "phases",
        "edges",
        "losses",
        "over-range",
        "uart",
        "commands",
        "verdicts",
        "voltage",
        "temperature",
        "journal",
        "remarks",
    ]
    for row in table:
        got = own.items(row["name"])
        json.dumps([row, got], allow_nan=False)
        assert got["name"] == row["name"]
        assert row["total"] in {None, got["total"]}
        assert got["total"] or own.family(row["name"]).why_not
        for item in got["items"]:
            assert item.get("class", "") in {"", "good", "bad", "warn"}


def test_a_window_says_its_energy_and_the_uncertainty_of_an_inference(own):
    items = own.items("windows")["items"]
    assert [(round(item["start_s"], 6), round(item["stop_s"], 6)) for item in items] == [
        (1.0 + 2.6 * k, 3.0 + 2.6 * k) for k in range(5)
    ]
    assert items[0]["text"].startswith("window 1: 67.31")
    assert "µJ per inference ± " in items[0]["text"]
    assert items[0]["text"].endswith("40 inferences in 2.0000 s, stimulus input_000.bin")
    assert "±" in items[0]["label"]
    assert [item["class"] for item in items] == ["", "", "bad", "", ""]
    assert "energy withheld" in items[2]["text"]


def test_losses_lie_where_the_samples_are_missing(own):
    (item,) = own.items("losses")["items"]
    assert (item["start_s"], item["stop_s"]) == (pytest.approx(7.0), pytest.approx(7.04))
    assert item["class"] == "bad"
    assert "40 samples lost" in item["text"]
    assert own.items("over-range")["total"] == 0


def test_edges_have_their_exact_place_and_say_what_they_are(own):
    items = own.items("edges")["items"]
    assert [item["at_s"] for item in items[:2]] == [1.0, 3.0]
    assert items[0]["u_s"] == pytest.approx(0.5 * PERIOD_S)
    assert [item["label"] for item in items[:3]] == ["start of window 1", "stop of window 1", "start of window 2"]


def test_a_surplus_edge_is_conspicuous(tmp_path):
    run = make_run(windows=2)
    run.insert(ev.EdgeCaptured(t_ns=host_ns(9.0), position=9000.0, half_width=0.5, counter=None))
    items = layers(run.write(tmp_path / "s")).items("edges")["items"]
    odd = [item for item in items if item["class"] == "warn"]
    assert 9.0 in [item["at_s"] for item in odd], (
        "and those of the window in which it is, which are in doubt with it"
    )
    assert all("matched with no command" in item["text"] for item in odd)
    assert "start of window 2" in [item["label"] for item in items]


def test_verdicts_lie_over_what_they_are_about(own):
    items = own.items("verdicts")["items"]
    by_label = {item["label"]: item for item in items}
    assert by_label["no-lost-samples"]["class"] == "bad"
    assert by_label["five-windows"]["class"] == "good"
    assert by_label["benchmark"]["class"] == "warn"
    assert by_label["five-windows"]["start_s"] == pytest.approx(1.0)
    assert by_label["five-windows"]["stop_s"] == pytest.approx(13.4)
    assert by_label["benchmark"]["start_s"] == 0.0
    about = [item for item in items if item["start_s"] == pytest.approx(6.2) and item["class"] == "warn"]
    assert about, "the finding about window 3 lies over it"


def test_the_rules_about_windows_are_rules():
    assert set(OF_WINDOWS) <= set(all_rules())


def test_single_inferences_are_found_with_their_energy(own):
    got = own.items("inferences", 1.0, 3.0)
    assert got["total"] == 40
    assert all(item["stop_s"] - item["start_s"] == pytest.approx(0.05, abs=0.002) for item in got["items"])
    assert got["items"][3]["text"].startswith("inference 4 of window 1: ")
    assert "µJ" in got["items"][3]["text"]
    assert own.items("inferences", most=50)["thinned"]


def test_the_levels_of_each_inference_fill_it(own):
    one = own.items("inferences", 1.11, 1.12)["items"][0]
    middle = 0.5 * (one["start_s"] + one["stop_s"])
    inside = [
        item
        for item in own.items("phases", one["start_s"] + 1e-9, one["stop_s"] - 1e-9)["items"]
        if item["label"].startswith("level")
    ]
    assert len(inside) == 2
    assert inside[0]["start_s"] == pytest.approx(one["start_s"])
    assert inside[-1]["stop_s"] == pytest.approx(one["stop_s"])
    assert inside[0]["stop_s"] < middle


def test_layers_of_the_network_are_stretched_over_their_window(tmp_path):
    run = make_run(windows=1, inferences=3)
    start, stop = run.truth[0].start_s, run.truth[0].stop_s
    offsets = [round(1e9 * (k + share)) for k in range(3) for share in (0.0, 0.25, 0.75)]
    run.insert(
        ev.PhasesMarked(
            t_ns=host_ns(stop, 0.2),
            window=0,
            names=NAMES,
            operations=[10, 20, 30],
            offsets_ns=offsets,
            stop_ns=3 * 10**9,
        )
    )
    shown = layers(run.write(tmp_path / "s"))
    items = shown.items("network-layers")["items"]
    assert [item["label"] for item in items] == ["first", "second part", "third"] * 3
    each = (stop - start) / 3
    assert items[4]["start_s"] == pytest.approx(start + each * 1.25, abs=0.002)
    assert items[-1]["stop_s"] == pytest.approx(stop, abs=0.001)
    assert all(a["stop_s"] == b["start_s"] for a, b in pairwise(items))
    assert "20 operations" in items[1]["text"]
    assert shown.items("inferences")["total"] == 3, "the marks say where inferences begin, too few for the trace"


@pytest.mark.parametrize(
    "changes",
    [
        {"offsets_ns": [0, 5, 3, 7, 8, 9]},
        {"offsets_ns": [0, 1]},
        {"stop_ns": 0},
        {"window": 7},
        {"names": []},
        {"offsets_ns": [0, 1, 2**70, 4, 5, 6]},
    ],
)
def test_marks_that_cannot_be_are_said_and_not_shown(tmp_path, changes):
    run = make_run(windows=1)
    marks = ev.PhasesMarked(
        t_ns=host_ns(14.0), window=0, names=NAMES, operations=[1] * 3, offsets_ns=[0, 1, 2, 3, 4, 5], stop_ns=6
    )
    run.insert(marks.model_copy(update=changes))
    shown = layers(run.write(tmp_path / "s"))
    assert shown.items("network-layers")["total"] == 0
    assert "window" in shown.family("network-layers").why_not


def test_voltage_and_temperature_are_curves_by_rail_and_thermometer(tmp_path):
    run = make_run(windows=1)
    for k in range(5):
        run.insert(ev.VoltageMeasured(t_ns=host_ns(k), voltage_v=1.8 + k / 100))
        run.insert(ev.TemperatureMeasured(t_ns=host_ns(k), temperature_c=20 + k, u_k=0.1, thermometer="probe"))
    shown = layers(run.write(tmp_path / "s"))
    (voltage,) = shown.items("voltage")["items"]
    (warmth,) = shown.items("temperature", 1.5, 2.5)["items"]
    assert (voltage["label"], voltage["value"]) == ("supply", pytest.approx([1.8, 1.81, 1.82, 1.83, 1.84]))
    assert warmth["label"] == "probe"
    assert warmth["value"] == [21, 22, 23], "one value beyond each end, so that the line reaches it"
    assert np.allclose(voltage["at_s"], range(5), atol=voltage["u_s"])


def test_the_phases_of_the_run_follow_each_other(tmp_path):
    run = make_run(windows=2)
    items = layers(run.write(tmp_path / "s")).items("journal")["items"]
    assert [item["label"] for item in items] == ["load"] * 3
    assert all(a["stop_s"] == b["start_s"] for a, b in pairwise(items))


def test_a_performance_run_places_windows_by_the_lines_of_the_dut(tmp_path):
    run = make_run(mode="performance")
    shown = analysed(run.write(tmp_path / "s"))
    items = shown.items("windows")["items"]
    assert len(items) == 5
    assert "per second" in items[0]["label"]
    assert all(item["stop_s"] > item["start_s"] for item in items)


def test_a_result_with_a_corrected_clock_is_shown_in_the_time_of_the_trace(tmp_path):
    run = make_run(windows=2)

    def slow(_, event):
        at_s = event.end * 1e-3 * 1.003
        return event.model_copy(update={"t_ns": host_ns(at_s, 0.002)})

    run.change(ev.SamplesArrived, slow)
    shown = analysed(run.write(tmp_path / "s"))
    factor = shown.seen.clock.factor
    assert factor == pytest.approx(1.003, abs=2e-4)
    window, edge = shown.items("windows")["items"][1], shown.items("edges")["items"][-1]
    assert window["stop_s"] == pytest.approx(edge["at_s"], rel=1e-9), "not where the stated period would put it"


@pytest.mark.parametrize(
    ("name", "changes", "words"),
    [
        ("nothing", {}, "Try: windows"),
        ("<script>\u202e" * 100, {}, "Try: windows"),
        ("windows", {"start_s": 2.0, "stop_s": 1.0}, "Try: start_s before stop_s"),
        ("windows", {"start_s": float("nan")}, "Try: start_s before stop_s"),
        ("windows", {"most": 0}, "Try: most=1"),
    ],
)
def test_what_cannot_be_asked_for(own, name, changes, words):
    with pytest.raises(ConfigurationError, match=words) as error:
        own.items(name, **changes)
    assert len(str(error.value)) < 600
    assert "\u202e" not in str(error.value)


def test_the_table_is_the_registry():
    assert len({row.name for row in TABLE}) == len(TABLE)
    assert all(row.unit if row.kind == "curve" else not row.unit for row in TABLE)


def test_findings_of_a_window_that_is_not_there_are_left_out(tmp_path):
    session = energy_session(tmp_path)
    odd = Finding(id="odd", detail="no such window", window=99)
    shown = analysed(session, findings=[odd], verdicts=[])
    assert shown.items("verdicts")["items"] == []
    assert shown.family("verdicts").why_not == "no rule was checked"


def test_a_long_search_for_inferences_keeps_no_other_layer_waiting(tmp_path, monkeypatch):
    shown = layers(energy_session(tmp_path))
    begun, go_on = threading.Event(), threading.Event()
    find = shown.trains

    def slow():
        begun.set()
        assert go_on.wait(20)
        return find()

    monkeypatch.setattr(shown, "trains", slow)
    searching = threading.Thread(target=shown.items, args=("inferences",))
    searching.start()
    try:
        assert begun.wait(20)
        assert shown.items("windows")["total"] == 5
        assert {row["name"]: row["total"] for row in shown.table()}["inferences"] is None
    finally:
        go_on.set()
        searching.join()
    assert {row["name"]: row["total"] for row in shown.table()}["inferences"] == 200


def test_several_threads_get_the_same_layers(tmp_path):
    shown = layers(energy_session(tmp_path))
    with ThreadPoolExecutor(8) as pool:
        names = [row.name for row in TABLE] * 3
        found = list(pool.map(lambda name: shown.items(name)["total"], names))
    assert found[: len(TABLE)] * 3 == found
