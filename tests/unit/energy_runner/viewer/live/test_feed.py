# SPDX-License-Identifier: Apache-2.0
"""The feed of a run in this process: hostile words, missing blocks, slow readers, and no more room at the end."""

import json
import math

import pytest

from energy_runner.bench import load_bench_spec
from energy_runner.director.live import LinkText, Progress, SampleBlock, SignalBlock
from energy_runner.session import events as ev
from energy_runner.viewer.live.feed import LiveFeed
from energy_runner.viewer.live.words import LONGEST
from instruments.clock import VirtualClock

HOSTILE = "\x1b[31m<script>\u202e\ud800\n" * 100
S = 1_000_000_000


def block(first: int, count: int = 100, power_w: float | None = 1.0, period_s: float = 1e-3) -> SampleBlock:
    energy_j = None if power_w is None else power_w * period_s
    missing = count if power_w is None else 0
    signal = SignalBlock(name="energy", unit="J", mean=energy_j, min=energy_j, max=energy_j, missing=missing)
    return SampleBlock(t_ns=1, first=first, count=count, period_s=period_s, signals=[signal])


def told(feed: LiveFeed, *events) -> dict:
    for event in events:
        feed(event)
    (snapshot,) = feed.snapshot()
    json.dumps(snapshot, allow_nan=False).encode("utf-8")
    return snapshot


def said(text: str, direction: str = "rx", box: str = "dut", t_ns: int = 5 * S) -> LinkText:
    return LinkText(t_ns=t_ns, box=box, direction=direction, text=text)


BEGIN = ev.RunStarted(t_ns=2 * S, utc_ns=0, benchmark="kws01", mode="energy")


def test_a_snapshot_has_what_the_page_shows() -> None:
    clock = VirtualClock()
    feed = LiveFeed("r", "title", clock=clock)
    told(feed, BEGIN, ev.Phase(t_ns=3 * S, name="load", detail="a.bin"))
    feed(Progress(t_ns=4 * S, done_s=2.0, total_s=10.0, text="load a.bin"))
    clock.sleep(1.0)
    found = told(
        feed,
        Progress(t_ns=5 * S, done_s=4.0, total_s=10.0, text="load a.bin"),
        ev.AcquisitionStarted(t_ns=3 * S),
        block(0),
        block(100),
        ev.RunStopped(t_ns=9 * S, outcome="interrupted", reason="why", supply_off_confirmed=True),
    )
    expected = {
        "id": "r",
        "title": "title",
        "session_key": None,
        "benchmark": "kws01",
        "mode": "energy",
        "phase": "load",
        "detail": "a.bin",
        "done_s": 4.0,
        "total_s": 10.0,
        "left_s": None,
        "outcome": "interrupted",
        "reason": "why",
        "run_zero_s": -1.0,
        "supply": "off",
        "signals": [{"name": "power", "unit": "W"}],
        "dropped": 0,
    }
    assert {key: found[key] for key in expected} == expected
    assert found["blocks"] == {
        "first_s": 0.0,
        "step_s": 0.1,
        "signals": {"power": {which: [1.0, 1.0] for which in ("mean", "min", "max")}},
    }
    states = [event for event in feed.since(0)[1] if event["kind"] == "state"]
    assert any(event.get("left_s") is None for event in states)


def test_the_time_left_is_in_the_events() -> None:
    clock = VirtualClock()
    feed = LiveFeed(clock=clock)
    feed(Progress(t_ns=0, done_s=0.0, total_s=10.0, text=""))
    clock.sleep(1.0)
    assert told(feed, Progress(t_ns=1, done_s=4.0, total_s=10.0, text=""))["left_s"] == 1.5


def test_lines_are_whole_printable_and_cut_whatever_the_portions() -> None:
    feed = LiveFeed()
    told(feed, BEGIN, said("m-inf"), said("er-start\r\nm-"), said("infer 3%db", "tx"), said("lap\r\n"))
    found = told(feed, said(f"{HOSTILE}\n"), said("x" * 100_000), said("y\n", t_ns=6 * S))["lines"]
    assert [(line["way"], line["text"]) for line in found[:3]] == [
        ("from", "m-infer-start"),
        ("to", "infer 3"),
        ("from", "m-lap"),
    ]
    assert found[-1]["at_s"] == 4.0
    for line in found:
        assert line["text"].isprintable()
        assert len(line["text"]) <= LONGEST
    assert len(found) < 210


def test_hostile_events_give_printable_short_words() -> None:
    feed = LiveFeed("r", HOSTILE)
    big = "x" * 1_000_000
    found = told(
        feed,
        ev.RunStarted(t_ns=0, utc_ns=0, benchmark=HOSTILE, mode=big),
        ev.Phase(t_ns=0, name=HOSTILE, detail=big, done_s=math.nan, total_s=math.inf),
        ev.DeviceIdentified(t_ns=0, box=HOSTILE, identity={"make": [HOSTILE], "model": {"a": big}}),
        ev.Remark(t_ns=0, box=big, text=HOSTILE, suspicious=True),
        ev.Problem(t_ns=0, error=HOSTILE, asked=big, came=HOSTILE),
        ev.TearDownStep(t_ns=0, name=big, error=HOSTILE),
        ev.TearDownStep(t_ns=0, name="switch the supply off", error=HOSTILE),
        ev.TemperatureMeasured(t_ns=0, temperature_c=math.nan, u_k=None, thermometer=HOSTILE),
        ev.VoltageMeasured(t_ns=0, voltage_v=math.inf, rail="x"),
        *(ev.UnknownEvent(t_ns=0, kind=kind, line=1, fields={}) for kind in ("all", "box", "passed", "supply")),
        ev.RunStopped(t_ns=0, outcome="failed", reason=big, supply_off_confirmed=None),
    )
    texts: list[str] = []

    def collect(value) -> None:
        if isinstance(value, str):
            texts.append(value)
        for each in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
            collect(each)

    collect(found)
    collect(feed.since(0)[1])
    assert all(text.isprintable() and len(text) <= LONGEST for text in texts)
    assert any("<script>" in text for text in texts)  # shown as text, by a page that sets no HTML


def test_boxes_say_what_they_last_said_and_what_went_wrong_stays() -> None:
    feed = LiveFeed(bench=load_bench_spec("virtual-lpm01a"))
    found = told(
        feed,
        ev.DeviceIdentified(t_ns=1, box="monitor", identity={"make": "ST", "model": "LPM01A", "serial": 5}),
        ev.Remark(t_ns=2, box="monitor", text="too warm", suspicious=True),
        ev.Remark(t_ns=2, box="director", text="no box of its own"),
        ev.TearDownStep(t_ns=3, name="close io-manager", error="no answer"),
        ev.Remark(t_ns=4, box="io-manager", text="here again", suspicious=True),
        ev.TearDownStep(t_ns=5, name="close trace.jls"),
    )["boxes"]
    assert [(box["name"], box["state"], box["text"]) for box in found] == [
        ("monitor", "warn", "too warm"),
        ("io-manager", "bad", "here again"),
    ]
    assert found[0]["role"] == "feeds the DUT, samples, captures edges"


def test_only_lines_of_the_dut_s_link_are_kept() -> None:
    feed = LiveFeed(bench=load_bench_spec("virtual-lpm01a"))
    found = told(feed, said("volt 3000m\n", "tx", "monitor"), said("m-ready\r\n", box="io-manager"))["lines"]
    assert [(line["box"], line["text"]) for line in found] == [("io-manager", "m-ready")]


def test_what_a_queue_dropped_is_counted_and_what_the_sampler_lost_is_not() -> None:
    feed = LiveFeed()
    lost = ev.SamplesLost(t_ns=1, after=199, before=400, missing=200, detail="")
    found = told(feed, block(0), block(100), lost, block(400), block(500))
    assert found["dropped"] == 0
    found = told(feed, block(800))
    assert found["dropped"] == 2
    assert found["blocks"]["signals"]["power"]["mean"] == [1.0, 1.0, None, None, 1.0, 1.0, None, None, 1.0]
    assert any(event.get("dropped") == 2 for event in feed.since(0)[1])


def test_what_another_rail_lost_explains_no_gap() -> None:
    feed = LiveFeed()
    for rail in ("core", "io"):
        feed(
            ev.MonitorConfigured(
                t_ns=0,
                voltage_set_v=3.0,
                period_s=1e-3,
                signals=[],
                captures_edges=False,
                starts_on_edge=False,
                accuracy={},
                rail=rail,
            )
        )
    for rail in ("io", "core"):
        feed(ev.SamplesLost(t_ns=1, after=99, before=200, missing=100, detail="", rail=rail))
    assert told(feed, block(0), block(300))["dropped"] == 1


def test_a_second_acquisition_begins_a_new_picture() -> None:
    feed = LiveFeed()
    told(feed, block(0), block(100), block(200))
    found = told(feed, block(0, power_w=2.0))
    assert found["blocks"]["signals"]["power"]["mean"] == [2.0]


def test_readers_that_stall_cost_nothing_and_get_a_snapshot() -> None:
    feed = LiveFeed(kept=64)
    number, _ = feed.since(0)
    for first in range(0, 1_000_000, 100):
        feed(block(first))
    assert len(feed._outbox._events) == 64
    after, (only,) = feed.since(number)
    assert (only["kind"], only["n"]) == ("snapshot", after)
    assert len(only["feed"]["blocks"]["signals"]["power"]["mean"]) == 6000
    assert feed.since(after) == (after, [])


def test_snapshot_and_events_after_it_make_the_state() -> None:
    feed = LiveFeed()
    (snapshot,) = feed.snapshot()
    told(feed, BEGIN, ev.SupplySwitched(t_ns=2 * S, on=True), block(0), said("x\n"))
    number, events = feed.since(snapshot["n"])
    for event in events:
        if event["kind"] == "state":
            snapshot |= {key: value for key, value in event.items() if key not in {"kind", "feed", "n"}}
    (now,) = feed.snapshot()
    assert number == now["n"]
    assert {**snapshot, "lines": 0, "blocks": 0, "older": 0, "n": 0} == {
        **now,
        "lines": 0,
        "blocks": 0,
        "older": 0,
        "n": 0,
    }


@pytest.mark.parametrize("stopped", [True, False])
def test_the_end_is_told_once_with_the_session_s_key(stopped) -> None:
    feed = LiveFeed()
    told(feed, ev.SupplySwitched(t_ns=1, on=True), block(0, count=50))
    if stopped:
        feed(ev.RunStopped(t_ns=2, outcome="completed", reason="", supply_off_confirmed=True))
    feed.ended("0123456789ab", "" if stopped else "its result could not be written")
    feed.ended()
    _, events = feed.since(0)
    ended = [event for event in events if event["kind"] == "ended"]
    assert [(event["session_key"], event["outcome"]) for event in ended] == [
        ("0123456789ab", "completed" if stopped else None)
    ]
    (now,) = feed.snapshot()
    assert now["supply"] == ("off" if stopped else "unknown")
    assert now["problems"] == ([] if stopped else ["its result could not be written"])
    assert now["blocks"]["signals"]["power"]["mean"] == [1.0]  # the cell that was open, too
