"""Every power monitor's driver passes the one suite, on its twin."""

import pytest

from energy_runner.bench import load_bench_spec, open_bench
from instruments.clock import VirtualClock
from instruments.conformance import checks as conformance
from instruments.conformance.checks import Subject
from instruments.devices.ideal.twin import VirtualIdeal
from instruments.roles import MonitorSettings, Samples
from instruments.world.world import World

BENCHES = ("virtual-lpm01a", "virtual-n6705c", "virtual-ideal")


def make_subject(name: str) -> Subject:
    bench = open_bench(load_bench_spec(name), "energy", seed=11)
    assert bench.twin is not None
    assert bench.monitor is not None
    world = bench.twin.world
    return Subject(
        monitor=bench.monitor,
        clock=bench.clock,
        settings=MonitorSettings(voltage_v=3.0),
        pulse=world.pin_falls,
        silence=None if name == "virtual-ideal" else lambda: world.faults.silent.add("monitor"),
    )


@pytest.mark.parametrize("check", conformance.CHECKS, ids=lambda check: check.__name__)
@pytest.mark.parametrize("name", BENCHES)
def test_driver_conforms(name, check):
    check(lambda: make_subject(name))


class Skips(VirtualIdeal):
    """Forgets the first sample of every block."""

    def poll(self, deadline):
        return [
            Samples(item.first + 1, tuple(v[1:] for v in item.values)) if isinstance(item, Samples) else item
            for item in super().poll(deadline)
        ]


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


class WrongVoltage(VirtualIdeal):
    """Supplies half of what was asked."""

    def measured_voltage_v(self, deadline):
        return 0.5 * super().measured_voltage_v(deadline)


@pytest.mark.parametrize(
    ("mutant", "check"),
    [
        (Skips, "samples_are_consecutive"),
        (SeesDouble, "every_pulse_is_one_edge"),
        (NeverEnds, "samples_are_consecutive"),
        (OneTimebase, "a_second_acquisition_starts_at_zero"),
        (WrongVoltage, "supply_switches_and_reads_back"),
    ],
)
def test_the_suite_finds_a_driver_that_does_not_conform(mutant, check):
    def make() -> Subject:
        world = World(VirtualClock())
        return Subject(mutant(world), world.clock, MonitorSettings(voltage_v=3.0), world.pin_falls)

    found = {name for name, problem in conformance.examine(make) if problem}
    assert check in found


def test_the_suite_passes_the_driver_the_mutants_are_made_of():
    def make() -> Subject:
        world = World(VirtualClock())
        return Subject(VirtualIdeal(world), world.clock, MonitorSettings(voltage_v=3.0), world.pin_falls)

    assert [problem for _, problem in conformance.examine(make) if problem] == []
