# SPDX-License-Identifier: Apache-2.0
"""The trace of a run tells other programs who sampled."""

from pathlib import Path

import numpy as np
import pyjls
import pytest

from energy_runner.director.recorder import Recorder
from energy_runner.session.events import DeviceIdentified
from energy_runner.session.trace_source import TraceSource
from instruments.clock import VirtualClock
from instruments.roles import AppliedSampling, Samples, Signal

ANALYZER = {"make": "Keysight", "model": "N6705C", "serial": "MY 1/2", "firmware": "E.02.14", "virtual": False}
PROFILER = {"make": "Nordic", "model": "PPK2", "serial": "C4:5E", "firmware": "1.2", "virtual": True}


def applied(*names: str) -> AppliedSampling:
    return AppliedSampling(tuple(Signal(name, "A", 1e-3) for name in names))


def told(path: Path) -> list[tuple[str, str, str, str, str, str]]:
    """Return (signal, source, vendor, model, serial, firmware) of each signal, as pyjls reads them."""
    with pyjls.Reader(str(path)) as file:
        rows = []
        for signal in list(file.signals.values())[1:]:
            one = file.sources[signal.source_id]
            rows.append((signal.name, one.name, one.vendor, one.model, one.serial_number, one.version))
        return rows


@pytest.fixture
def recorder(tmp_path: Path):
    recorder = Recorder(tmp_path, VirtualClock())
    yield recorder
    recorder.lenient = True
    recorder.close()


def test_the_instrument_that_answered_is_the_source(tmp_path, recorder):
    recorder.emit(DeviceIdentified(t_ns=1, box="analyzer", identity=ANALYZER))
    recorder.open_trace(applied("current", "voltage"), streaming={"analyzer"})
    recorder.close_trace()
    who = ("Keysight N6705C", "Keysight", "N6705C", "MY_1_2", "E.02.14")
    assert told(tmp_path / "trace.jls") == [("current", *who), ("voltage", *who)]


def test_each_rail_has_its_own_source(tmp_path, recorder):
    for box, identity in (("one", ANALYZER), ("two", PROFILER)):
        recorder.emit(DeviceIdentified(t_ns=1, box=box, identity=identity))
    rails = {"core": applied("current", "voltage"), "io": applied("current"), "usb": applied("current")}
    recorder.open_rails(rails, {"core": "one", "io": "two", "usb": "one"})
    for rail, one in rails.items():
        recorder.stream([Samples(0, tuple(np.ones(4, dtype=np.float32) for _ in one.signals))], rail)
    recorder.close_trace()
    assert [row[:2] for row in told(tmp_path / "trace.jls")] == [
        ("core.current", "Keysight N6705C"),
        ("core.voltage", "Keysight N6705C"),
        ("io.current", "SIMULATED Nordic PPK2"),
        ("usb.current", "Keysight N6705C"),
    ]
    with pyjls.Reader(str(tmp_path / "trace.jls")) as file:
        assert len(file.sources) == 3  # one is the format's own


def test_who_did_not_answer_is_a_power_monitor(tmp_path, recorder):
    recorder.open_trace(applied("current"), streaming={"other"})
    recorder.close_trace()
    assert told(tmp_path / "trace.jls") == [("current", "power monitor", "", "", "", "")]


@pytest.mark.parametrize("text", ["a\0b", "\x1b[31mred", "x" * 10_000, "\ud800", "../../etc", "電力"])
def test_any_answer_makes_a_source_that_can_be_written(tmp_path, recorder, text):
    identity = dict.fromkeys(("make", "model", "serial", "firmware"), text) | {"virtual": True}
    recorder.emit(DeviceIdentified(t_ns=1, box="monitor", identity=identity))
    recorder.open_trace(applied("current"), streaming={"monitor"})
    recorder.close_trace()
    [(_, name, vendor, model, serial, firmware)] = told(tmp_path / "trace.jls")
    assert name.startswith("SIMULATED ")
    assert model.startswith("SIMULATED_")
    assert all(len(one) <= 120 and one.isprintable() for one in (name, vendor, model, serial, firmware))
    assert not set("/\\. ") & set(model + serial)


def test_answers_may_be_of_any_kind():
    source = TraceSource.of({"make": None, "serial": 17})
    assert (source.name, source.model, source.serial_number) == ("power monitor", "monitor", "17")
    assert TraceSource.of({"virtual": True}).name == "SIMULATED power monitor"
