# SPDX-License-Identifier: Apache-2.0
"""The log of the N6705: driver against twin, in virtual time."""

from functools import partial

import numpy as np
import pytest

from instruments.devices.n6705 import dialect
from instruments.errors import ProtocolViolation, Refused
from instruments.links.stream_scpi import StreamScpiLink
from instruments.roles import Samples, SamplingSettings, SupplySettings
from tests.support.monitor import MonitorSettings
from tests.support.n6705_bench import (
    PERIOD_S,
    SETTINGS,
    Bench,
    busy,
    check_indexes,
    energy_j,
    listening,
    make,
    of,
    renamed,
)

WORDS = {"ours": "(@1)", "voltage": "3", "limit": "0.5", "protection": "3.3"} | {
    "period": "0.0002048",
    "trigger": "EXT",
}


# --- a whole log -----------------------------------------------------------------------------------------


def test_the_identity_says_who_and_that_it_is_a_twin() -> None:
    bench = make(seed=42)
    identity = bench.monitor.open(bench.within())
    assert identity.model == "N6705C"
    assert identity.serial == "TWIN42"
    assert identity.virtual
    assert dict(identity.detail) == {"module": "N6781A", "channel": "1", "output": "off"}


def test_the_energy_of_an_ideal_instrument_is_the_closed_form() -> None:
    bench = make().ready()
    busy(bench.world, 12.0)
    bench.clock.sleep(0.3)
    assert of(Samples, bench.monitor.poll(bench.within())) == []  # nothing before the trigger
    start_ns = bench.clock.now_ns()
    bench.world.pin_falls()
    items = [*bench.log(10.0), *bench.monitor.stop(bench.within())]
    assert {type(item) for item in items} == {Samples}
    count = check_indexes(items)
    assert count == int(10.0 / PERIOD_S)
    stop_ns = start_ns + count * PERIOD_S * 1e9
    truth_j = float(bench.world.history.energy_j(stop_ns) - bench.world.history.energy_j(start_ns))
    assert energy_j(items, PERIOD_S) == pytest.approx(truth_j, rel=1e-6)


@pytest.mark.parametrize("seed", range(8))
def test_an_instrument_with_errors_stays_inside_its_limits(seed: int) -> None:
    bench = make(seed, ideal=False).ready()
    busy(bench.world, 6.0)
    start_ns = bench.clock.now_ns()
    bench.world.pin_falls()
    items = [*bench.log(5.0), *bench.monitor.stop(bench.within())]
    count = check_indexes(items)
    history = bench.world.history
    stop_ns = start_ns + count * PERIOD_S * 1e9
    truth_j = float(history.energy_j(stop_ns) - history.energy_j(start_ns))
    mean_a = float(history.charge_c(stop_ns) - history.charge_c(start_ns)) / ((stop_ns - start_ns) * 1e-9)
    limits = {term.name: term for term in bench.monitor.specification().terms}
    limit = (
        limits["gain"].relative
        + limits["offset"].absolute / mean_a
        + limits["voltage_gain"].relative
        + limits["voltage_offset"].absolute / 3.0
        + 2 * limits["clock"].relative
    )
    error = energy_j(items, PERIOD_S) / truth_j - 1
    assert 1e-7 < abs(error) < limit


def test_the_noise_of_a_sample_is_what_the_table_says() -> None:
    bench = make(ideal=False).ready()
    bench.world.pin_falls()
    samples = of(Samples, [*bench.log(2.0), *bench.monitor.stop(bench.within())])
    current = np.concatenate([s.values[0] for s in samples])
    noise = next(term for term in bench.monitor.specification().terms if term.name == "noise")
    assert float(current.std()) == pytest.approx(noise.absolute, rel=0.05)


def test_the_samples_do_not_depend_on_how_often_the_host_reads() -> None:
    logs = []
    for every_s in (0.01, 0.137, 3.0):
        bench = make(5, ideal=False).ready()
        busy(bench.world, 4.0)
        bench.world.pin_falls()
        items = [*bench.log(3.9, every_s), *bench.monitor.stop(bench.within())]
        samples = of(Samples, items)
        logs.append([np.concatenate([s.values[i] for s in samples]) for i in range(2)])
    for other in logs[1:]:
        assert np.array_equal(logs[0], other)


def test_the_samples_after_an_overflow_are_what_they_would_have_been() -> None:
    ends = []
    for every_s in (0.5, 25.0):
        bench = make(5, ideal=False).ready()
        bench.world.pin_falls()
        samples = of(Samples, bench.log(25.0, every_s))
        ends.append(np.concatenate([s.values[0] for s in samples])[-10_000:])
    assert np.array_equal(ends[0], ends[1])


def test_two_logs_follow_each_other() -> None:
    bench = make().ready()
    for _ in range(2):
        bench.world.pin_falls()
        items = [*bench.log(1.0), *bench.monitor.stop(bench.within())]
        assert check_indexes(items) == int(1.0 / PERIOD_S)
        bench.clock.sleep(1.0)
        assert bench.monitor.stop(bench.within()) == []
        assert bench.monitor.poll(bench.within()) == []
        bench.monitor.start(bench.within())


def test_only_the_first_edge_after_arming_starts_the_log() -> None:
    bench = make().ready()
    bench.world.pin_falls()
    bench.clock.sleep(1.0)
    bench.world.pin_falls()
    items = [*bench.log(1.0), *bench.monitor.stop(bench.within())]
    assert check_indexes(items) == int(2.0 / PERIOD_S)


# --- set-up ----------------------------------------------------------------------------------------------


def test_the_period_is_the_one_the_instrument_reports() -> None:
    bench = make()
    bench.monitor.open(bench.within())
    assert bench.monitor.configure(SETTINGS, bench.within()).period_s == PERIOD_S
    rounded = bench.monitor.configure(MonitorSettings(3.0, sample_rate_hz=1000), bench.within())
    assert rounded.period_s == pytest.approx(49 * 20.48e-6)
    fastest = bench.monitor.configure(MonitorSettings(3.0, sample_rate_hz=50_000), bench.within())
    assert fastest.period_s == PERIOD_S


def test_the_noise_in_the_specification_follows_the_period() -> None:
    bench = make()
    bench.monitor.open(bench.within())
    found = []
    for rate_hz in (1 / PERIOD_S, 1 / PERIOD_S / 4):
        bench.monitor.configure(MonitorSettings(3.0, rate_hz), bench.within())
        found.append(next(t for t in bench.monitor.specification().terms if t.name == "noise").absolute)
    assert found[1] == pytest.approx(found[0] / 2)
    assert any("not confirmed" in text.lower() for text in bench.monitor.specification().assumptions)


BLOCKS = dialect.SUPPLY + dialect.LOG
COMMANDS = [line.format_map(WORDS) for _, lines in BLOCKS for line in lines]


@pytest.mark.parametrize("command", COMMANDS)
def test_each_refused_set_up_command_is_refused_by_the_driver(command: str) -> None:
    bench = make()
    bench.monitor.open(bench.within())
    bench.world.faults.refuse.add(command)
    with pytest.raises(Refused, match=r"(set up the|undo) .*-222"):
        bench.monitor.configure(SETTINGS, bench.within())


@pytest.mark.parametrize("command", ["OUTP ON", "INIT:ELOG"])
def test_refused_actions_are_refused_by_the_driver(command: str) -> None:
    bench = make()
    bench.world.faults.refuse.add(command)
    with pytest.raises(Refused, match="-222"):
        bench.ready()
    assert bench.monitor.stop(bench.within()) == []


@pytest.mark.parametrize("settings", [SupplySettings(-0.1), SupplySettings(20.5), SupplySettings(3, 3.1)])
def test_an_impossible_supply_is_refused_before_anything_is_sent(settings: SupplySettings) -> None:
    bench = make()
    bench.monitor.open(bench.within())
    sent: list[bytes] = []
    bench.world.faults.corrupt["host>monitor"] = listening(sent)
    with pytest.raises(Refused):
        bench.monitor.instrument.supply().configure(settings, bench.within())
    assert sent == []


@pytest.mark.parametrize("rate_hz", [0.0, -1.0, 2e5])
def test_an_impossible_rate_is_refused_before_anything_is_sent(rate_hz: float) -> None:
    bench = make()
    bench.monitor.open(bench.within())
    sent: list[bytes] = []
    bench.world.faults.corrupt["host>monitor"] = listening(sent)
    with pytest.raises(Refused):
        bench.monitor.instrument.sampler().configure(SamplingSettings(rate_hz), bench.within())
    assert sent == []


def test_configure_switches_the_output_off() -> None:
    bench = make().ready()
    assert bench.world.powered
    bench.monitor.configure(SETTINGS, bench.within())
    assert not bench.world.powered


def test_another_make_is_refused_and_named() -> None:
    bench = make()
    bench.world.faults.corrupt["monitor>host"] = lambda data: (
        b"FLUKE,8845A,123,1.0\n" if data.startswith(b"KEYSIGHT") else data
    )
    with pytest.raises(Refused, match="FLUKE 8845A"):
        bench.monitor.open(bench.within())
    assert not bench.twin.port.is_open


def test_a_channel_without_a_source_measure_unit_is_refused() -> None:
    for channel, match in ((2, "N6731B"), (8, "has 3")):
        bench = make(channel=channel)
        with pytest.raises(Refused, match=match):
            bench.monitor.open(bench.within())


def test_an_n6700_gets_its_trigger_pin_set_up() -> None:
    sent: list[bytes] = []
    for model in (b"N6705B", b"N6702C"):
        bench = make()
        bench.world.faults.corrupt["monitor>host"] = partial(renamed, model)
        bench.world.faults.corrupt["host>monitor"] = listening(sent)
        bench.ready()
        assert (b"DIG:PIN1:FUNC TINP\n" in sent) is (model == b"N6702C")


# --- the trap of channels that nobody wants ---------------------------------------------------------------


def ask(bench: Bench, *commands: str) -> str:
    port = StreamScpiLink(bench.link)
    for command in commands:
        port.write_line(command, bench.within())
    return port.read_line(bench.within())


def test_a_log_over_two_channels_is_longer_and_slower() -> None:
    """After *RST the voltage of every channel is logged: whoever initiates several gets several."""
    bench = make()
    bench.link.open(bench.within())
    naive = ("*RST", "SENS:ELOG:FUNC:CURR ON,(@1)", "FORM REAL", "SENS:ELOG:PER 204.8e-6,(@1)")
    assert float(ask(bench, *naive, "SENS:ELOG:PER? (@1)")) == pytest.approx(PERIOD_S)
    ask(bench, "VOLT 3,(@1)", "OUTP ON,(@1)", "INIT:ELOG (@1:3)", "TRIG:ELOG (@1:3)", "*OPC?")
    bench.clock.sleep(100 * 2 * PERIOD_S)
    port = StreamScpiLink(bench.link)
    port.write_line("FETC:ELOG? 1000,(@1)", bench.within())
    assert port.read_exactly(6, bench.within()) == b"#41600"  # 100 records of four values, not of two


def test_no_command_touches_another_channel_or_the_whole_mainframe() -> None:
    sent: list[bytes] = []
    bench = make(channel=1)
    bench.world.faults.corrupt["host>monitor"] = listening(sent)
    bench.ready()
    bench.world.pin_falls()
    bench.log(2.0)
    bench.monitor.stop(bench.within())
    bench.monitor.power_off(bench.within())
    bench.monitor.close()
    commands = b"".join(sent).decode().splitlines()
    assert len(commands) > 30
    lists = {command.partition("(@")[2] for command in commands if "(@" in command}
    assert lists == {"1)"}
    assert not [command for command in commands if command.startswith(("*RST", "*CLS", "OUTP:PROT:COUP"))]


def test_what_another_channel_is_doing_goes_on() -> None:
    bench = make()
    bench.link.open(bench.within())
    ask(bench, "VOLT 5,(@2)", "OUTP ON,(@2)", "*OPC?")
    bench.link.close()
    bench.ready()
    bench.monitor.power_off(bench.within())
    bench.monitor.close()
    bench.link.open(bench.within())
    assert (float(ask(bench, "OUTP? (@2)")), float(ask(bench, "VOLT? (@2)"))) == (1.0, 5.0)


def test_values_of_another_channel_among_ours_are_noticed() -> None:
    bench = make()
    bench.world.faults.stray_channels = True
    bench.ready()
    bench.world.pin_falls()
    with pytest.raises(ProtocolViolation, match="no other channel"):
        bench.log(5.0)
