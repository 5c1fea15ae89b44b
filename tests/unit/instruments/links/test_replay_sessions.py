# SPDX-License-Identifier: Apache-2.0
"""Drivers on recorded devices: a session is replayed, and the driver brings the stream that it brought then."""

import base64
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyjls

from instruments.clock import VirtualClock
from instruments.devices.lpm01a.dialect import PUT_BACK
from instruments.devices.lpm01a.driver import Lpm01a
from instruments.devices.lpm01a.twin import VirtualLpm01a
from instruments.links.base import Link
from instruments.links.replay import Recorded, ReplayLink
from instruments.links.tap import TappedLink
from instruments.roles import Edge, Lost, Note, Samples, StreamItem, TimeMark
from instruments.world.cable import CableLink
from instruments.world.world import World
from tests.support.monitor import Monitor, MonitorSettings

SESSION = Path(__file__).parents[4] / "fixtures/sessions/0.1.0/energy-virtual-lpm01a"
LIMIT_S = 30.0
POLL_S = 0.1


def measure(
    link: Link, clock: VirtualClock, rate_hz: float, duration_s: float, world: World | None = None
) -> list[StreamItem]:
    """Take a driver through a run as the director does, and return everything that its stream brought."""
    monitor = Monitor(Lpm01a(link, clock), edges=True)
    monitor.open(clock.deadline(LIMIT_S))
    monitor.configure(MonitorSettings(3.0, rate_hz), clock.deadline(LIMIT_S))
    monitor.power_on(clock.deadline(LIMIT_S))
    monitor.measured_voltage_v(clock.deadline(LIMIT_S))
    monitor.start(clock.deadline(LIMIT_S))
    items: list[StreamItem] = []
    end = clock.deadline(duration_s)
    while not end.expired():
        clock.sleep(POLL_S)
        if world is not None:
            world.draw(0.001 + clock.now_ns() % 7 / 1000)
        items += monitor.poll(clock.deadline(LIMIT_S))
    items += monitor.stop(clock.deadline(LIMIT_S))
    monitor.measured_voltage_v(clock.deadline(LIMIT_S))
    monitor.power_off(clock.deadline(LIMIT_S))
    monitor.close()
    return items


def samples(items: list[StreamItem]) -> np.ndarray:
    return np.concatenate([item.values[0] for item in items if isinstance(item, Samples)])


def others(items: list[StreamItem]) -> list[StreamItem]:
    return [item for item in items if not isinstance(item, Samples)]


def test_a_twin_and_its_recording_bring_the_same_items() -> None:
    clock = VirtualClock()
    world = World(clock, 3)
    recording: list[Recorded] = []
    cable = CableLink("monitor", clock, VirtualLpm01a(world).port)
    tapped = TappedLink(cable, lambda direction, data: recording.append(Recorded(clock.now_ns(), direction, data)))
    items = measure(tapped, clock, 5000.0, 3.0, world)

    again = VirtualClock()
    replay = ReplayLink("monitor", again, recording)
    replayed = measure(replay, again, 5000.0, 3.0)
    assert replay.left == 0
    assert again.now_ns() == clock.now_ns()
    assert len(samples(items)) > 14_900
    np.testing.assert_array_equal(samples(replayed), samples(items))
    assert others(replayed) == others(items)


def recorded(session: Path, device: str) -> list[Recorded]:
    events = [json.loads(line) for line in (session / "journal.jsonl").read_text("utf-8").splitlines()]
    return [
        Recorded(
            event["t_ns"],
            event["direction"],
            base64.b64decode(event["base64"]) if event["text"] is None else event["text"].encode(),
        )
        for event in events
        if event["kind"] == "exchange" and event["box"] == device
    ]


def supply_first(recording: list[Recorded]) -> list[Recorded]:
    """Return a recording of 0.1.0, which set the voltage last, in the order of today: the supply comes first."""
    sent = [at for at, one in enumerate(recording) if one.direction == "tx"]
    volt = next(at for at in sent if recording[at].data.startswith(b"volt 3"))
    off = next(at for at in sent if recording[at].data.startswith(b"pwr off"))
    after_off, after_volt = (next(at for at in sent if at > before) for before in (off, volt))
    moved = recording[volt:after_volt]
    times = [one.t_ns for one in recording]
    ordered = recording[:after_off] + moved + recording[after_off:volt] + recording[after_volt:]
    return [replace(one, t_ns=t_ns) for one, t_ns in zip(ordered, times, strict=True)]


def put_back_too(recording: list[Recorded]) -> list[Recorded]:
    """Return a recording of 0.1.0 with the settings that are put back today, and were not set then."""
    acqtime = next(at for at, one in enumerate(recording) if one.data.startswith(b"acqtime"))
    t_ns = recording[acqtime].t_ns
    added = []
    for command in PUT_BACK:
        added.append(Recorded(t_ns, "tx", f"{command}\n".encode()))
        added.append(Recorded(t_ns, "rx", f"\0PowerShield > ack {command}\r\n\0".encode()))
    return recording[:acqtime] + added + recording[acqtime:]


def test_a_session_of_0_1_0_is_replayed_from_its_journal() -> None:
    clock = VirtualClock()
    replay = ReplayLink("monitor", clock, put_back_too(supply_first(recorded(SESSION, "monitor"))))
    items = measure(replay, clock, 100.0, 80.0)
    assert replay.left == 0
    assert not [item for item in items if isinstance(item, Lost) or (isinstance(item, Note) and item.suspicious)]

    events = [json.loads(line) for line in (SESSION / "journal.jsonl").read_text("utf-8").splitlines()]
    edges = [(e["position"], e["half_width"], e["counter"]) for e in events if e["kind"] == "edge-captured"]
    assert [(item.position, item.half_width, item.counter) for item in items if isinstance(item, Edge)] == edges
    marks = [(e["at"], e["device_time_s"]) for e in events if e["kind"] == "monitor-time"]
    assert [(item.at, item.device_time_s) for item in items if isinstance(item, TimeMark)] == marks
    with pyjls.Reader(str(SESSION / "trace.jls")) as trace:
        np.testing.assert_array_equal(samples(items), trace.fsr(1, 0, len(samples(items))))
        assert len(samples(items)) == trace.signals[1].length == 8000
