# SPDX-License-Identifier: Apache-2.0
"""One check for each promise of the roles, for every driver, on a twin as on real hardware.

Each check takes fresh subjects from a factory and raises `AssertionError` with a message that says what the driver
did wrong. Run them on your own driver:

    from instruments.conformance import examine, on_twin

    for check, problem in examine(lambda: on_twin(MY_DRIVER_SPEC)):
        print(check, problem or "passed")

A check of roles that the instrument does not play passes without doing anything.
"""

import math
from collections.abc import Callable, Iterator
from itertools import pairwise

from instruments.conformance.hands import ANSWER_S, OPEN_S, POLL_S, Opened, blocks, expect
from instruments.conformance.hands import plays as _plays
from instruments.conformance.helpers import (
    A_WHILE_S,
    HELPER_CALLS,
    a_broken_probe_is_no_temperature,
    a_switch_is_where_it_was_turned,
    a_switch_stays_when_it_is_opened,
    a_thermometer_follows_the_room,
    a_thermometer_tells_how_surely,
    a_welded_switch_is_noticed,
)
from instruments.conformance.starting import it_starts_as_it_was_asked
from instruments.conformance.subject import Make, Subject
from instruments.conformance.summing import a_summary_is_of_its_own_samples
from instruments.errors import InstrumentError, Refused, TimedOut
from instruments.roles import UNITS, Lap, Lost, RoleName, Sampler, Supply

ACQUIRE_S = 2.0
_OFFERS: dict[RoleName, str] = {
    "supply": "supply",
    "sampler": "sampler",
    "edges": "edges",
    "dut": "dut_link",
    "thermometer": "thermometer",
    "switch": "switch",
}


def examine(make: Make) -> Iterator[tuple[str, str]]:
    """Execute every check; yield its name and what is wrong ("" if nothing)."""
    for check in CHECKS:
        try:
            check(make)
            yield check.__name__, ""
        except (AssertionError, InstrumentError) as error:
            yield check.__name__, str(error) or type(error).__name__


def constructing_is_pure(make: Make) -> None:
    """Ask an instrument that was never opened for its roles, and close it twice."""
    subject = make()
    for role, method in _OFFERS.items():
        try:
            getattr(subject.instrument, method)(subject.channel(role))
            offered = True
        except Refused:
            offered = False
        expect(offered == (role in subject.roles), f"the role {role} is {'' if offered else 'not '}offered")
    subject.instrument.close()
    subject.instrument.close()


def open_says_who_is_there(make: Make) -> None:
    """`open()` returns an identity; only the bare serial port of a DUT has no model."""
    subject = make()
    identity = subject.instrument.open(subject.clock.deadline(OPEN_S))
    expect(bool(identity.model) or subject.roles == ("dut",), f"the identity has no model: {identity}")
    subject.instrument.close()
    subject.instrument.close()


def supply_reports_what_is_applied(make: Make) -> None:
    """`configure()` of a supply returns the voltage as the instrument reports it."""
    if not _plays(make, "supply"):
        return
    with Opened(make) as it:
        limits = it.supply.limits
        span = f"voltage range {limits.voltage_min_v}..{limits.voltage_max_v}"
        expect(0.0 <= limits.voltage_min_v < limits.voltage_max_v, span)
        asked_v = it.subject.supply.voltage_v
        applied = it.supply.configure(it.subject.supply, it.clock.deadline(OPEN_S))
        expect(abs(applied.voltage_set_v - asked_v) <= 0.02 * asked_v, f"{asked_v} V asked, {applied} applied")


def supply_switches_and_reads_back(make: Make) -> None:
    """On is on, off is off, and `off()` may be called at any time and twice."""
    if not _plays(make, "supply"):
        return
    with Opened(make) as it:
        it.supply.off(it.clock.deadline(ANSWER_S))
        it.supply.configure(it.subject.supply, it.clock.deadline(OPEN_S))
        it.supply.on(it.clock.deadline(ANSWER_S))
        measured_v = it.supply.measured_voltage_v(it.clock.deadline(ANSWER_S))
        asked_v = it.subject.supply.voltage_v
        if measured_v is not None:
            expect(abs(measured_v - asked_v) < 0.1 * asked_v, f"{asked_v} V asked, {measured_v} V measured")
        it.supply.off(it.clock.deadline(ANSWER_S))
        it.supply.off(it.clock.deadline(ANSWER_S))


def sampler_reports_what_is_applied(make: Make) -> None:
    """`configure()` returns signals with unit, period and kind; the specification names a document."""
    if not _plays(make, "sampler"):
        return
    with Opened(make) as it:
        applied = it.configure()
        expect(bool(applied.signals), "no signal is recorded")
        for signal in applied.signals:
            expect(UNITS.get(signal.name) == signal.unit, f"the signal {signal.name} in {signal.unit}")
            expect(signal.period_s > 0.0, f"period {signal.period_s} s of {signal.name}")
            expect(signal.period_s == applied.period_s, "signals of different periods, which no trace holds")
            expect(signal.kind in ("mean", "instant"), f"samples of the kind {signal.kind}")
        expect(it.sampler.capabilities.unread_s > 0.0, "its stream may never go unread")
        expect(bool(it.sampler.specification().document), "specification() names no document")


def samples_are_consecutive(make: Make) -> None:
    """Blocks follow each other without overlap or gap, all samples are finite, and their number fits the time."""
    if not _plays(make, "sampler"):
        return
    with Opened(make) as it:
        applied = it.start()
        began_ns = it.clock.now_ns()
        items = it.acquire(ACQUIRE_S) + it.stop()
        passed_s = (it.clock.now_ns() - began_ns) / 1e9  # stop() may wait for records that are held back
        it.clock.sleep(3 * POLL_S)
        expect(not it.sampler.poll(it.clock.deadline(ANSWER_S)), "samples come after stop()")
        expect(not any(isinstance(item, Lost) for item in items), "samples were lost on a quiet bench")
        end = 0
        for block in blocks(items):
            expect(block.first == end, f"a block starts at {block.first}, the one before ended at {end}")
            expect(len(block.values) == len(applied.signals), "not one array for each signal")
            expect(all(len(values) == block.count for values in block.values), "signals of different length")
            expect(all(math.isfinite(float(v.sum())) for v in block.values), "a sample is not a finite number")
            end += block.count
        least, most = ACQUIRE_S / applied.period_s, passed_s / applied.period_s
        slack = 0.02 * least + 0.3 / applied.period_s
        expect(least - slack <= end <= most + slack, f"{end} samples in {passed_s} s, {least:.0f} expected")


def every_pulse_is_one_edge_among_the_samples(make: Make) -> None:
    """Each pulse is one edge, in order, inside the recorded samples, if the sampler captures edges itself."""
    if not (_plays(make, "edges") and _plays(make, "sampler")):
        return
    with Opened(make) as it:
        if it.edge_source.timebase != "samples":
            return
        it.start()
        items = []
        for _ in range(3):
            items += it.acquire(0.5)
            it.subject.pulse()
        items += it.acquire(0.5) + it.stop()
        places = [edge.position for edge in it.edges]
        expected = 3 + int(it.sampler.capabilities.starts_on_edge)
        expect(len(places) == expected, f"{len(places)} edges reported for {expected} pulses")
        expect(places == sorted(places), f"edges out of order: {places}")
        end = max((block.first + block.count for block in blocks(items)), default=0)
        expect(places[0] >= 0.0 and places[-1] <= end, f"edges {places} outside 0..{end}")


def every_pulse_is_one_lap(make: Make) -> None:
    """Each pulse is one lap, in order and as far apart as they were, if the edge source has a clock of its own."""
    if not _plays(make, "edges"):
        return
    with Opened(make) as it:
        if it.edge_source.timebase != "microseconds":
            return
        it.edge_source.arm(it.clock.deadline(ANSWER_S))
        laps: list[Lap] = []
        pulses_ns: list[int] = []
        for _ in range(3):
            pulses_ns.append(it.clock.now_ns())
            it.subject.pulse()
            it.clock.sleep(0.5)
            laps += [lap for lap in it.edge_source.take(it.clock.deadline(ANSWER_S)) if isinstance(lap, Lap)]
        expect(len(laps) == 3, f"{len(laps)} laps reported for 3 pulses")
        steps_us = [b.lap_us - a.lap_us for a, b in pairwise(laps)]
        true_us = [(b - a) // 1000 for a, b in pairwise(pulses_ns)]
        near = all(abs(step - true) < 10_000 for step, true in zip(steps_us, true_us, strict=True))
        expect(near, f"laps {steps_us} us apart, not {true_us}")
        it.edge_source.disarm(it.clock.deadline(ANSWER_S))
        it.subject.pulse()
        it.clock.sleep(0.5)
        expect(not it.edge_source.take(it.clock.deadline(ANSWER_S)), "a lap came after disarm()")


def stop_may_be_said_any_time(make: Make) -> None:
    """`stop()` without an acquisition, or a second time, returns no samples."""
    if not _plays(make, "sampler"):
        return
    with Opened(make) as it:
        it.configure()
        expect(not blocks(it.stop()), "samples without an acquisition")
        it.start()
        it.acquire(0.3)
        it.stop()
        expect(not blocks(it.stop()), "samples after the second stop()")


def a_second_acquisition_starts_at_zero(make: Make) -> None:
    """Each acquisition has its own timebase."""
    if not _plays(make, "sampler"):
        return
    with Opened(make) as it:
        for _ in range(2):
            it.start()
            found = blocks(it.acquire(0.5) + it.stop())
            expect(bool(found) and found[0].first == 0, "an acquisition does not start at sample 0")


def off_works_while_acquiring(make: Make) -> None:
    """`off()` works in the middle of an acquisition, and the stream has no gap."""
    if not (_plays(make, "sampler") and _plays(make, "supply")):
        return
    with Opened(make) as it:
        it.start()
        items = it.acquire(0.5)
        it.supply.off(it.clock.deadline(ANSWER_S))
        end = 0
        for block in blocks(items + it.stop()):
            expect(block.first == end, f"samples {end}..{block.first} are missing around the power-off")
            end += block.count


def silence_ends_by_the_deadline(make: Make) -> None:
    """Get `TimedOut` from an instrument that has stopped answering, at most half a second after the deadline."""
    if make().silence is None or make().roles == ("dut",):
        return  # the bare serial port of a DUT waits for no answer
    limit_s = 3.0
    for name, call in _calls(make().roles).items():
        subject = make()
        if name != "open":
            subject.instrument.open(subject.clock.deadline(OPEN_S))
        if name in ("on", "off", "start"):
            _configure(subject)
        if subject.silence is not None:
            subject.silence()
        if name == "read":  # a thermometer may give what it heard a moment ago
            subject.clock.sleep(A_WHILE_S)
        before_ns = subject.clock.now_ns()
        try:
            call(subject, limit_s)
            raise AssertionError(f"{name}() of a silent instrument succeeded")
        except TimedOut:
            took_s = (subject.clock.now_ns() - before_ns) / 1e9
            expect(took_s <= limit_s + 0.5, f"{name}() took {took_s:.1f} s with a deadline of {limit_s} s")
        finally:
            subject.instrument.close()


CHECKS: tuple[Callable[[Make], None], ...] = (
    constructing_is_pure,
    open_says_who_is_there,
    supply_reports_what_is_applied,
    supply_switches_and_reads_back,
    sampler_reports_what_is_applied,
    samples_are_consecutive,
    every_pulse_is_one_edge_among_the_samples,
    every_pulse_is_one_lap,
    stop_may_be_said_any_time,
    a_second_acquisition_starts_at_zero,
    it_starts_as_it_was_asked,
    a_summary_is_of_its_own_samples,
    off_works_while_acquiring,
    a_thermometer_tells_how_surely,
    a_thermometer_follows_the_room,
    a_broken_probe_is_no_temperature,
    a_switch_is_where_it_was_turned,
    a_switch_stays_when_it_is_opened,
    a_welded_switch_is_noticed,
    silence_ends_by_the_deadline,
)


def _calls(roles: tuple[RoleName, ...]) -> dict[str, Callable[[Subject, float], object]]:
    """Return the calls made to a silent instrument, by name."""
    calls: dict[str, Callable[[Subject, float], object]] = {
        "open": lambda s, limit: s.instrument.open(s.clock.deadline(limit)),
    }
    if "supply" in roles:
        calls |= {
            "configure": lambda s, limit: _supply(s).configure(s.supply, s.clock.deadline(limit)),
            "on": lambda s, limit: _supply(s).on(s.clock.deadline(limit)),
            "off": lambda s, limit: _supply(s).off(s.clock.deadline(limit)),
        }
    if "sampler" in roles:
        calls |= {"start": lambda s, limit: _sampler(s).start(s.clock.deadline(limit))}
    if "edges" in roles and "sampler" not in roles:
        calls |= {"arm": lambda s, limit: s.instrument.edges(s.channel("edges")).arm(s.clock.deadline(limit))}
    for role, calls_of_role in HELPER_CALLS.items():
        if role in roles:
            calls |= calls_of_role
    return calls


def _configure(subject: Subject) -> None:
    if "supply" in subject.roles:
        _supply(subject).configure(subject.supply, subject.clock.deadline(OPEN_S))
    if "sampler" in subject.roles:
        _sampler(subject).configure(subject.sampling, subject.clock.deadline(OPEN_S))


def _supply(subject: Subject) -> Supply:
    return subject.instrument.supply(subject.channel("supply"))


def _sampler(subject: Subject) -> Sampler:
    return subject.instrument.sampler(subject.channel("sampler"))
