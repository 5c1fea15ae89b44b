# SPDX-License-Identifier: Apache-2.0
"""The logs that are read in one piece, `dlog` and `array`: driver against twin, and every promise of a sampler."""

import re
from dataclasses import replace

import numpy as np
import pytest

from instruments.conformance import CHECKS, on_twin
from instruments.devices.n6705.driver import N6705, Options
from instruments.devices.n6705.whole_dialect import ARRAY_POINTS, DLOG
from instruments.errors import ProtocolViolation, Refused, TimedOut
from instruments.links.stream_scpi import StreamScpiLink
from instruments.registry import drivers
from instruments.roles import Lost, Note, OverRange, Samples, SamplingSettings
from tests.support.monitor import MonitorSettings
from tests.support.n6705_bench import SETTINGS, Bench, busy, check_indexes, energy_j, listening, make, of

WHOLE = ("dlog", "array")
LONG_S = 20.0
LENGTHS_S = {"samples_are_consecutive": 2.0, "it_starts_as_it_was_asked": 1.0}  # as long as these checks sample


def logged(bench: Bench, seconds: float = 2.0, stop_s: float = LONG_S) -> list[object]:
    bench.world.pin_falls()
    return [*bench.log(seconds), *bench.monitor.stop(bench.within(stop_s))]


# --- what a run needs ------------------------------------------------------------------------------------


@pytest.mark.parametrize(("log", "period_s", "kind"), [("dlog", 40.96e-6, "mean"), ("array", 10.24e-6, "instant")])
def test_it_says_what_it_is(log: str, period_s: float, kind: str) -> None:
    bench = make(log=log)
    bench.monitor.open(bench.within())
    applied = bench.monitor.configure(SETTINGS, bench.within())
    assert applied.period_s == pytest.approx(period_s)
    assert {(one.name, one.kind) for one in applied.signals} == {("current", kind), ("voltage", kind)}
    capabilities = bench.monitor.capabilities
    assert capabilities.at_end
    assert capabilities.starts_on_edge
    assert capabilities.unread_s == np.inf
    assert capabilities.longest_s == pytest.approx(DLOG.longest_s if log == "dlog" else ARRAY_POINTS * period_s)
    assert bench.monitor.specification().assumed


@pytest.mark.parametrize("log", WHOLE)
def test_the_energy_of_an_ideal_instrument_is_the_closed_form(log: str) -> None:
    bench = make(log=log).ready(MonitorSettings(3.0, sample_rate_hz=24414.0625))
    busy(bench.world, 30.0)
    start_ns = bench.clock.now_ns()
    bench.world.pin_falls()
    assert of(Samples, bench.log(2.0)) == []
    items = bench.monitor.stop(bench.within(40.0))
    count = check_indexes(items)
    period_s = 40.96e-6
    assert count == (int(2.0 / period_s) if log == "dlog" else ARRAY_POINTS)
    stop_ns = start_ns + count * period_s * 1e9
    truth_j = float(bench.world.history.energy_j(stop_ns) - bench.world.history.energy_j(start_ns))
    assert energy_j(items, period_s) == pytest.approx(truth_j, rel=1e-6 if log == "dlog" else 2e-3)


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
@pytest.mark.parametrize(
    "options",
    [{"log": "dlog"}, {"log": "array"}, {"aux_edges": True}],
    ids=["dlog", "array", "aux"],
)
def test_each_way_of_logging_conforms(check, options) -> None:
    """The array is examined short enough to be full when it is stopped."""
    spec = drivers()["n6705"]
    if options.get("log") == "array":
        options = options | {"longest_s": LENGTHS_S.get(check.__name__, 0.3)}

    def build(link, clock, _):
        return N6705(link, clock, Options(**options))

    check(lambda: on_twin(replace(spec, driver=build, roles=spec.plays(options))))


# --- traps -----------------------------------------------------------------------------------------------


def test_the_voltages_of_other_channels_are_switched_off() -> None:
    """After *RST they are logged; with them, records would be longer, and the period."""
    bench = make(log="dlog")
    assert all(channel.dlog_voltage for channel in bench.twin._channels)
    bench.monitor.open(bench.within())
    assert bench.monitor.configure(SETTINGS, bench.within()).period_s == pytest.approx(40.96e-6)
    assert [channel.dlog_voltage for channel in bench.twin._channels] == [True, False, False]


def test_a_file_with_other_channels_is_refused() -> None:
    bench = make(log="dlog").ready()
    bench.world.faults.stray_channels = True
    with pytest.raises(ProtocolViolation, match="voltage of channel 2"):
        logged(bench)


def test_a_file_that_would_become_too_large_gets_a_longer_period_which_is_used() -> None:
    bench = make(log="dlog", longest_s=20_000)
    bench.monitor.open(bench.within())
    period_s = bench.monitor.configure(SETTINGS, bench.within()).period_s
    assert period_s == pytest.approx(4 * 20.48e-6)
    assert 20_000 / period_s * 8 <= 2e9


def test_the_file_is_deleted_when_it_was_read() -> None:
    bench = make(log="dlog").ready()
    logged(bench)
    assert bench.twin._whole._files == {}


def test_a_log_that_is_as_long_as_it_can_become_says_so() -> None:
    bench = make(log="dlog", longest_s=1).ready()
    items = logged(bench)
    (note,) = of(Note, items)
    assert note.about == "ended"
    assert note.after == check_indexes(items) == int(1 / 40.96e-6)


def test_an_array_that_is_not_full_is_lost_and_that_is_said() -> None:
    bench = make(log="array").ready()
    (lost,) = of(Lost, logged(bench, 2.0, stop_s=1.0))
    assert lost.missing > 1.9 / 10.24e-6
    assert "only when it is full" in lost.detail


def test_records_missing_from_a_log_that_began_at_once_are_counted() -> None:
    bench = make(log="dlog")
    bench.monitor.open(bench.within())
    device = bench.monitor.instrument
    bench.monitor.configure(SETTINGS, bench.within())
    device.configure(SamplingSettings(on_edge=False), bench.within())
    bench.monitor.power_on(bench.within())
    bench.world.faults.drop_buffer_at_ns = bench.clock.now_ns() + 500_000_000
    device.start(bench.within())
    items = [*bench.log(3.0), *device.stop(bench.within())]
    (lost,) = of(Lost, items)
    assert lost.missing * 40.96e-6 == pytest.approx(1.0, abs=0.15)
    assert lost.after == 0


def test_what_is_questionable_while_it_logs_holds_for_all_of_it() -> None:
    bench = make(log="dlog").ready()
    bench.world.faults.over_range_above_a = 0.02
    bench.world.pin_falls()
    bench.log(1.0)
    bench.world.draw(0.05)
    bench.log(1.5)
    items = bench.monitor.stop(bench.within(LONG_S))
    count = sum(item.count for item in of(Samples, items))
    assert any((item.at, item.count) == (0, count) and "OC" in item.detail for item in of(OverRange, items))


def test_an_error_while_it_logs_is_told() -> None:
    bench = make(log="dlog").ready()
    bench.clock.call_after(500_000_000, lambda: bench.twin._core.push_at(bench.clock, bench.clock.now_ns() + 1))
    (note,) = of(Note, logged(bench))
    assert (note.about, note.suspicious) == ("error", True)


@pytest.mark.parametrize("log", WHOLE)
def test_what_is_refused_stops_the_set_up(log: str) -> None:
    bench = make(log=log)
    bench.monitor.open(bench.within())
    bench.world.faults.refuse = {"SENS:DLOG:PER", "SENS:SWE:TINT "}
    with pytest.raises(Refused, match=r"set up the (period|time interval)"):
        bench.monitor.configure(SETTINGS, bench.within())


def test_one_log_that_runs_already_on_the_mainframe_refuses_another() -> None:
    bench = make(log="dlog").ready()
    bench.monitor.stop(bench.within(LONG_S))
    bench.twin._whole._writing = '"internal:\\other.dlog"'
    with pytest.raises(Refused, match="a data log is running"):
        bench.monitor.start(bench.within())


def test_a_log_that_may_be_armed_is_ended_although_nothing_confirmed_it() -> None:
    bench = make(log="dlog")
    bench.monitor.open(bench.within())
    bench.monitor.configure(SETTINGS, bench.within())
    bench.monitor.power_on(bench.within())

    def hang(data: bytes) -> bytes:
        if data.startswith(b"INIT:DLOG"):
            bench.world.faults.silent.add("monitor")
        return data

    bench.world.faults.corrupt["host>monitor"] = hang
    with pytest.raises(TimedOut):
        bench.monitor.start(bench.within(1.0))
    bench.world.faults.silent.clear()
    assert bench.twin._whole._writing
    bench.monitor.stop(bench.within(LONG_S))
    assert not bench.twin._whole._writing


@pytest.mark.parametrize("log", WHOLE)
def test_nothing_goes_to_another_channel_or_to_all(log: str) -> None:
    """But for the switches of the one data log, which would log the voltage of all."""
    bench = make(log=log)
    sent: list[bytes] = []
    bench.world.faults.corrupt["host>monitor"] = listening(sent)
    bench.ready()
    logged(bench)
    bench.monitor.power_off(bench.within())
    lines = b"".join(sent).decode().splitlines()
    lists = [line for line in lines if "(@" in line and not line.startswith("SENS:DLOG:FUNC")]
    assert {re.search(r"\(@(.*?)\)", line)[1] for line in lists} == {"1"}
    assert not {"*RST", "*CLS"} & set(lines)
    assert isinstance(bench.monitor.instrument._link, StreamScpiLink)
