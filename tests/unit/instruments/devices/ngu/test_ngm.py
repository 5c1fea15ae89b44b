# SPDX-License-Identifier: Apache-2.0
"""An NGM is an NGU with other models, other limits and two channels: what differs, against its twin."""

import numpy as np
import pytest

from instruments.devices.ngu import dialect
from instruments.devices.ngu.twin import NGM_METER, VirtualNgm
from instruments.errors import Refused
from instruments.links.stream_scpi import StreamScpiLink
from instruments.roles import OverRange, Samples
from tests.support.monitor import MonitorSettings
from tests.support.n6705_bench import SETTINGS, Bench, busy, check_indexes, energy_j, listening, of
from tests.support.ngu_bench import make, make_ngm

PERIOD_S = 1e-4
WORDS = {"voltage": "3", "limit": "0.5", "protection": "3.3", "on_edge": "1"}
SET_UP = dialect.supply_dialect(dialect.NGM, 2).set_up + dialect.log_set_up(dialect.NGM, 2)


def twin(bench: Bench) -> VirtualNgm:
    assert isinstance(bench.twin, VirtualNgm)
    return bench.twin


def test_the_identity_names_the_channel() -> None:
    bench = make_ngm(42, channel=2)
    identity = bench.monitor.open(bench.within())
    assert (identity.make, identity.model, identity.serial) == ("Rohde&Schwarz", "NGM202", "TWIN42")
    assert dict(identity.detail) == {"channel": "2", "output": "off"}


@pytest.mark.parametrize("channel", [1, 2])
def test_the_energy_of_an_ideal_instrument_is_the_closed_form(channel: int) -> None:
    bench = make_ngm(channel=channel).ready()
    busy(bench.world, 4.0)
    bench.clock.sleep(0.3)
    assert of(Samples, bench.monitor.poll(bench.within())) == []
    start_ns = bench.clock.now_ns()
    bench.world.pin_falls()
    items = [*bench.log(3.0), *bench.monitor.stop(bench.within())]
    assert {type(item) for item in items} == {Samples}
    stop_ns = start_ns + check_indexes(items) * PERIOD_S * 1e9
    truth_j = float(bench.world.history.energy_j(stop_ns) - bench.world.history.energy_j(start_ns))
    assert energy_j(items, PERIOD_S) == pytest.approx(truth_j, rel=1e-6)


@pytest.mark.parametrize("seed", range(4))
def test_an_instrument_with_errors_stays_inside_its_limits(seed: int) -> None:
    bench = make_ngm(seed, ideal=False, channel=2).ready()
    start_ns = bench.clock.now_ns()
    bench.world.pin_falls()
    items = [*bench.log(3.0), *bench.monitor.stop(bench.within())]
    stop_ns = start_ns + check_indexes(items) * PERIOD_S * 1e9
    history = bench.world.history
    truth_j = float(history.energy_j(stop_ns) - history.energy_j(start_ns))
    limits = {term.name: term for term in bench.monitor.specification().terms}
    relative = sum(limits[name].relative for name in ("gain", "voltage_gain", "clock", "clock"))
    limit = relative + limits["offset"].absolute / 0.010 + limits["voltage_offset"].absolute / 3.0
    assert 1e-7 < abs(energy_j(items, PERIOD_S) / truth_j - 1) < limit


def test_the_twin_draws_from_the_table_that_the_budget_reads() -> None:
    table = make_ngm().monitor.specification()
    terms = {term.name: term for term in table.terms}
    assert table.assumed
    full_a, gain, offset_a, noise_a = NGM_METER.ranges[1]
    assert (full_a, gain) == (terms["range_changes"].above, terms["gain"].relative)
    assert (offset_a, noise_a) == (terms["offset"].absolute, terms["noise"].absolute)
    assert NGM_METER.ranges[-1, 2] == pytest.approx(offset_a + terms["range_changes"].absolute)
    assert set(NGM_METER.ranges[:, 1]) == {gain}
    assert NGM_METER.voltage[:2] == (terms["voltage_gain"].relative, terms["voltage_offset"].absolute)
    assert NGM_METER.clock == terms["clock"].relative


@pytest.mark.parametrize(("make_other", "model"), [(make, b"NGM202"), (make_ngm, b"NGU201")])
def test_the_other_family_is_refused_and_named(make_other, model: bytes) -> None:
    bench = make_other()
    own = twin(bench).model.encode() if make_other is make_ngm else b"NGU201"
    bench.world.faults.corrupt["monitor>host"] = lambda data: data.replace(own, model)
    with pytest.raises(Refused, match=model.decode()):
        bench.monitor.open(bench.within())


def test_an_ngm201_has_no_second_channel_and_nothing_is_switched() -> None:
    bench = make_ngm(channel=2)
    sent: list[bytes] = []
    bench.world.faults.corrupt["host>monitor"] = listening(sent)
    bench.world.faults.corrupt["monitor>host"] = lambda data: data.replace(b"NGM202", b"NGM201")
    with pytest.raises(Refused, match="NGM201 has one"):
        bench.monitor.open(bench.within())
    assert not [line for line in sent if b"INST" in line or b"OUTP" in line]


def test_every_command_for_a_channel_selects_it_on_its_own_line() -> None:
    """Another program may select the other channel at any moment."""
    bench = make_ngm(channel=2)
    intruder = StreamScpiLink(bench.link)
    bench.monitor.open(bench.within())
    bench.monitor.configure(SETTINGS, bench.within())
    intruder.write_line("INST OUT1", bench.within())
    bench.monitor.power_on(bench.within())
    assert [output.on for output in twin(bench).outputs] == [False, True]
    intruder.write_line("INST OUT1", bench.within())
    assert bench.monitor.measured_voltage_v(bench.within()) == pytest.approx(3.0, abs=5e-3)
    bench.monitor.power_off(bench.within())
    assert not bench.world.powered


def test_the_other_channel_goes_on_feeding() -> None:
    bench = make_ngm(channel=2).ready()
    other = twin(bench).outputs[0]
    other.voltage_v = 5.0
    other.switch(True)
    bench.world.faults.refuse.add("OUTP 0")  # so that the second way to switch off is taken
    bench.monitor.power_off(bench.within())
    assert not bench.world.powered
    assert other.on


def test_a_log_of_the_channel_that_feeds_nothing_shows_no_current() -> None:
    bench = make_ngm(channel=2).ready()
    link, other = StreamScpiLink(bench.link), twin(bench).outputs[0]
    for line in ("INST OUT1", "FLOG:TARG SCPI", "FLOG:SRAT S001K", "FLOG 1"):
        link.write_line(line, bench.within())
    bench.clock.sleep(1.0)
    records = np.frombuffer(other.data()[6:], dtype="<f4").reshape(-1, 2)
    assert len(records) > 100
    assert np.abs(records).max() < 1e-6


@pytest.mark.parametrize("command", [line.format_map(WORDS) for _, lines in SET_UP for line in lines])
def test_each_refused_set_up_command_is_refused_by_the_driver(command: str) -> None:
    bench = make_ngm(channel=2)
    bench.monitor.open(bench.within())
    bench.world.faults.refuse.add(command.rpartition(";:")[2])
    with pytest.raises(Refused, match=r"(set up the|undo) .*-222"):
        bench.monitor.configure(SETTINGS, bench.within())


@pytest.mark.parametrize(
    ("asked_hz", "applied_hz"), [(None, 10e3), (100.0, 100.0), (15_625.0, 50e3), (500e3, 500e3)]
)
def test_the_rates_are_decades(asked_hz: float | None, applied_hz: float) -> None:
    bench = make_ngm(channel=2)
    bench.monitor.open(bench.within())
    applied = bench.monitor.configure(MonitorSettings(3.0, asked_hz), bench.within())
    assert applied.period_s == pytest.approx(1 / applied_hz)


def test_the_status_of_its_own_channel_is_asked() -> None:
    bench = make_ngm(channel=2).ready(MonitorSettings(3.0, current_limit_a=0.05))
    bench.world.pin_falls()
    bench.world.draw(0.06)
    assert any("CC" in item.detail for item in of(OverRange, bench.log(2.5)))
    assert twin(bench).outputs[0].condition() == 0


def test_an_overrun_is_noticed() -> None:
    bench = make_ngm(channel=2).ready()
    bench.world.pin_falls()
    items = bench.log(2.0)
    bench.clock.sleep(10.0)
    items += [*bench.log(1.0), *bench.monitor.stop(bench.within())]
    assert any("skipped" in item.detail for item in of(OverRange, items))
    assert check_indexes(items) * PERIOD_S == pytest.approx(13.0, abs=1.1)
