# SPDX-License-Identifier: Apache-2.0
"""Every driver of the registry passes every check on its own twin; a driver that breaks a promise fails it."""

from dataclasses import replace
from functools import partial

import pytest

from instruments.clock import VirtualClock
from instruments.conformance import CHECKS, Subject, examine, on_twin
from instruments.devices.ideal.twin import IdealSupply, IdealSwitch, IdealThermometer, VirtualIdeal
from instruments.registry import drivers
from instruments.roles import AppliedSampling, Samples, SamplingSettings, Summary, Temperature
from instruments.world.world import World


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
@pytest.mark.parametrize("name", sorted(drivers()))
def test_a_driver_conforms(name: str, check: object) -> None:
    assert callable(check)
    check(lambda: on_twin(drivers()[name]))


def test_every_driver_has_a_twin_to_be_examined_on() -> None:
    assert [spec.name for spec in drivers().values() if spec.twin is None] == []


class Skips(VirtualIdeal):
    """Forgets the first sample of every block."""

    def poll(self, deadline):
        return [Samples(item.first + 1, tuple(v[1:] for v in item.values)) for item in super().poll(deadline)]


class SeesDouble(VirtualIdeal):
    """Reports every edge twice."""

    def _edge(self, at_ns):
        super()._edge(at_ns)
        super()._edge(at_ns)


class NeverEnds(VirtualIdeal):
    """Goes on streaming after stop()."""

    def stop(self, deadline):
        return self.poll(deadline)


class OneTimebase(VirtualIdeal):
    """Counts on where the last acquisition ended."""

    def start(self, deadline):
        done = self._done
        super().start(deadline)
        self._done = done


class HalfSupply(IdealSupply):
    """Measures half of what it feeds."""

    def measured_voltage_v(self, deadline):
        return 0.5 * super().measured_voltage_v(deadline)


class WrongVoltage(VirtualIdeal):
    """Measures half of what it feeds."""

    def __init__(self, world):
        super().__init__(world)
        self._supply = HalfSupply(world)


class OneRoleLess(VirtualIdeal):
    """Cannot play a role that its driver spec promises."""

    def edges(self, channel=""):
        raise self._cannot("edge source")


class Welded(IdealSwitch):
    """Stays on."""

    def turn(self, on, deadline):
        pass


class WeldedSwitch(VirtualIdeal):
    """Has a switch that stays on."""

    def __init__(self, world):
        super().__init__(world)
        self._switch = Welded()


class ForgetsItsState(VirtualIdeal):
    """Has a switch that is turned on by opening it."""

    def open(self, deadline):
        self._switch.turn(True, deadline)
        return super().open(deadline)


class Remembers(IdealThermometer):
    """Shows the first temperature for ever."""

    first = None

    def read(self, deadline):
        self.first = self.first or super().read(deadline)
        return self.first


class ShowsAnOldTemperature(VirtualIdeal):
    """Has such a thermometer."""

    def __init__(self, world):
        super().__init__(world)
        self._remembers = Remembers(world)

    def thermometer(self, channel=""):
        return self._remembers


class TooSure(VirtualIdeal):
    """Has a thermometer with an impossible uncertainty."""

    def thermometer(self, channel=""):
        return type("", (), {"read": lambda self, deadline: Temperature(23.0, -1.0)})()


class WrongUnit(VirtualIdeal):
    """Gives its energy in watt."""

    def configure(self, settings, deadline):
        applied = super().configure(settings, deadline)
        return AppliedSampling(tuple(replace(signal, unit="W") for signal in applied.signals))


class Sums(VirtualIdeal):
    """Sums up something else than what it acquired."""

    wrong: tuple[tuple[str, object], ...] = ()

    def stop(self, deadline):
        *items, summary = super().stop(deadline) or [None]
        return [*items, replace(summary, **dict(self.wrong))] if summary else []


class CountsOneMore(Sums):
    def stop(self, deadline):
        *items, summary = super().stop(deadline) or [None]
        return [*items, replace(summary, samples=summary.samples + 1)] if summary else []


class SumsToNothing(Sums):
    wrong = (("energy_j", 0.0),)


class OtherSignal(Sums):
    wrong = (("signal", "voltage"),)


class TenTimesTheLargest(Sums):
    def stop(self, deadline):
        *items, summary = super().stop(deadline) or [None]
        return [*items, replace(summary, largest=10 * summary.largest)] if summary else []


class SumsUpTooMuch(VirtualIdeal):
    """Goes on summing when the next acquisition begins."""

    def start(self, deadline):
        sums = self._sums
        super().start(deadline)
        self._sums = replace(sums, signal="energy")


class SumsUpNothing(VirtualIdeal):
    """Promises a summary and gives none."""

    def stop(self, deadline):
        return [item for item in super().stop(deadline) if not isinstance(item, Summary)]


class SumsUpFirst(VirtualIdeal):
    """Gives its summary before the acquisition has ended."""

    def poll(self, deadline):
        return [*super().poll(deadline), self._sums]


class SumsUpAlways(VirtualIdeal):
    """Gives a summary although nothing was acquired."""

    def stop(self, deadline):
        return super().stop(deadline) or [Summary()]


class Waits(VirtualIdeal):
    """Starts at an edge, and says so."""

    waiting = False
    obeys = True

    def configure(self, settings, deadline):
        waits = settings.on_edge or not self.obeys
        self.capabilities = replace(VirtualIdeal.capabilities, starts_on_edge=waits)
        return super().configure(settings, deadline)

    def start(self, deadline):
        self._edges.clear()
        self.waiting = self.capabilities.starts_on_edge
        if not self.waiting:
            super().start(deadline)

    def _edge(self, at_ns):
        if self.waiting:
            self.waiting = False
            VirtualIdeal.start(self, self._world.clock.deadline(0.0))
        super()._edge(at_ns)


class WaitsAlways(Waits):
    """Starts at an edge whatever it is asked."""

    obeys = False


class WaitsInSecret(Waits):
    """Waits for an edge although it was asked to start at once, and says that it does not wait."""

    def start(self, deadline):
        super().start(deadline)
        if not self.waiting:
            self._start_ns, self.waiting = None, True


class SaysItWaits(VirtualIdeal):
    """Says that it waits for an edge, and begins at once."""

    def configure(self, settings, deadline):
        self.capabilities = replace(VirtualIdeal.capabilities, starts_on_edge=settings.on_edge)
        return super().configure(settings, deadline)


class NeverForgets(Waits):
    """Keeps the first setting of `on_edge` that it was given."""

    first = None

    def configure(self, settings, deadline):
        self.first = settings.on_edge if self.first is None else self.first
        return super().configure(SamplingSettings(settings.sample_rate_hz, on_edge=self.first), deadline)


IDEAL = drivers()["ideal"]


class SumsUpCharge(VirtualIdeal):
    """Records current and power, so that charge and energy are sums of samples in ampere and watt."""

    recorded = ("current", "power")


class HoldsBack(VirtualIdeal):
    """Waits in stop() until the samples of that moment can be read, and is right to do so."""

    def stop(self, deadline):
        self._world.clock.sleep(0.6)
        return super().stop(deadline)


MISCOUNTS = (
    CountsOneMore,
    SumsToNothing,
    OtherSignal,
    TenTimesTheLargest,
    SumsUpTooMuch,
    SumsUpNothing,
    SumsUpFirst,
    SumsUpAlways,
)


def subject(twin: type[VirtualIdeal]) -> Subject:
    world = World(VirtualClock())
    world.on_power(lambda powered: world.draw(0.005 if powered else 0.0))
    warm = partial(_warm, world)
    return Subject(
        twin(world),
        world.clock,
        IDEAL.roles,
        pulse=world.pin_falls,
        warm=warm,
        weld=_nothing,
        break_probe=_nothing,
    )


def replace_all(make, **fields):
    """Return `make` with these fields in what it makes."""
    return lambda *given: replace(make(*given), **fields)


def _nothing() -> None:
    """Weld nothing, break nothing: neither the ideal switch nor the ideal probe can be."""


def _warm(world: World, by_k: float) -> None:
    world.temperature_c += by_k


@pytest.mark.parametrize(
    ("mutant", "check"),
    [
        (Skips, "samples_are_consecutive"),
        (SeesDouble, "every_pulse_is_one_edge_among_the_samples"),
        (NeverEnds, "samples_are_consecutive"),
        (OneTimebase, "a_second_acquisition_starts_at_zero"),
        (WrongVoltage, "supply_switches_and_reads_back"),
        (OneRoleLess, "constructing_is_pure"),
        (WeldedSwitch, "a_switch_is_where_it_was_turned"),
        (ForgetsItsState, "a_switch_stays_when_it_is_opened"),
        (VirtualIdeal, "a_welded_switch_is_noticed"),
        (VirtualIdeal, "a_broken_probe_is_no_temperature"),
        (ShowsAnOldTemperature, "a_thermometer_follows_the_room"),
        (TooSure, "a_thermometer_tells_how_surely"),
        (WrongUnit, "sampler_reports_what_is_applied"),
        *((one, "a_summary_is_of_its_own_samples") for one in MISCOUNTS),
        *((one, "it_starts_as_it_was_asked") for one in (WaitsAlways, WaitsInSecret, SaysItWaits, NeverForgets)),
    ],
)
def test_the_suite_finds_a_driver_that_does_not_conform(mutant: type[VirtualIdeal], check: str) -> None:
    assert check in {name for name, problem in examine(lambda: subject(mutant)) if problem}


@pytest.mark.parametrize("twin", [VirtualIdeal, HoldsBack, SumsUpCharge, Waits])
def test_the_suite_passes_the_driver_the_mutants_are_made_of(twin: type[VirtualIdeal]) -> None:
    sound = replace_all(subject, weld=None, break_probe=None)
    assert [problem for _, problem in examine(lambda: sound(twin)) if problem] == []
