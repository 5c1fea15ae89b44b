"""One suite that every power monitor's driver passes, on a twin as on real hardware.

Each check gets fresh subjects from a factory and raises `AssertionError` with a sentence that says what the
director may rely on and what came instead. Run it on your own driver:

    for name, problem in examine(make_subject):
        print(name, problem or "passed")
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from instruments.clock import Clock
from instruments.errors import InstrumentError, TimedOut
from instruments.roles import Edge, Lost, MonitorSettings, PowerMonitor, Samples, StreamItem

OPEN_S = 20.0
ANSWER_S = 10.0
POLL_S = 0.1
ACQUIRE_S = 2.0
# A DUT boots, and may pulse its timestamp pin, within this time after power-up.
BOOT_S = 2.0
KNOWN_SIGNALS = {"energy": "J", "current": "A", "voltage": "V"}


@dataclass(frozen=True)
class Subject:
    """A driver to examine, with hands on the bench around it.

    `monitor` is a new driver that was never opened. `pulse()` makes the timestamp pin fall once. `silence()`
    makes the instrument stop answering; None where that cannot be done (real hardware).
    """

    monitor: PowerMonitor
    clock: Clock
    settings: MonitorSettings
    pulse: Callable[[], None]
    silence: Callable[[], None] | None = None


Make = Callable[[], Subject]


def examine(make: Make) -> Iterator[tuple[str, str]]:
    """Run every check; yield its name and what is wrong ("" if nothing)."""
    for check in CHECKS:
        try:
            check(make)
            yield check.__name__, ""
        except (AssertionError, InstrumentError) as error:
            yield check.__name__, str(error) or type(error).__name__


def constructing_is_pure(make: Make) -> None:
    """Ask a driver that was never opened what it can do, and close it."""
    subject = make()
    can = subject.monitor.capabilities
    span = f"voltage range {can.voltage_min_v}..{can.voltage_max_v}"
    _expect(0.0 <= can.voltage_min_v < can.voltage_max_v, span)
    subject.monitor.close()
    subject.monitor.close()


def open_says_who_is_there(make: Make) -> None:
    """`open()` returns an identity with at least a model."""
    subject = make()
    identity = subject.monitor.open(subject.clock.deadline(OPEN_S))
    _expect(bool(identity.model), f"the identity has no model: {identity}")
    subject.monitor.close()
    subject.monitor.close()


def configure_reports_what_is_applied(make: Make) -> None:
    """`configure()` returns voltage, period and signals as the instrument reports them."""
    with _opened(make) as (subject, _):
        applied = subject.monitor.configure(subject.settings, subject.clock.deadline(OPEN_S))
        asked_v = subject.settings.voltage_v
        _expect(abs(applied.voltage_set_v - asked_v) <= 0.02 * asked_v, f"{asked_v} V asked, {applied} applied")
        _expect(applied.period_s > 0.0, f"period {applied.period_s} s")
        units = {signal.name: signal.unit for signal in applied.signals}
        _expect(bool(units) and units.items() <= KNOWN_SIGNALS.items(), f"signals {units}")
        _expect(bool(subject.monitor.accuracy().document), "accuracy() names no document")


def supply_switches_and_reads_back(make: Make) -> None:
    """On is on, off is off, and off may be said at any time and twice."""
    with _opened(make) as (subject, _):
        monitor, clock = subject.monitor, subject.clock
        monitor.power_off(clock.deadline(ANSWER_S))
        monitor.configure(subject.settings, clock.deadline(OPEN_S))
        monitor.power_on(clock.deadline(ANSWER_S))
        measured_v = monitor.measured_voltage_v(clock.deadline(ANSWER_S))
        asked_v = subject.settings.voltage_v
        if measured_v is not None:
            _expect(abs(measured_v - asked_v) < 0.1 * asked_v, f"{asked_v} V asked, {measured_v} V measured")
        monitor.power_off(clock.deadline(ANSWER_S))
        monitor.power_off(clock.deadline(ANSWER_S))


def samples_are_consecutive(make: Make) -> None:
    """Blocks follow each other without overlap or gap, finite, and as many as time has passed."""
    with _opened(make) as (subject, start):
        period_s = start()
        items = _acquire(subject, ACQUIRE_S)
        items += subject.monitor.stop(subject.clock.deadline(ANSWER_S))
        subject.clock.sleep(3 * POLL_S)
        _expect(not subject.monitor.poll(subject.clock.deadline(ANSWER_S)), "samples come after stop()")
        blocks = [item for item in items if isinstance(item, Samples)]
        _expect(not any(isinstance(item, Lost) for item in items), "samples were lost on a quiet bench")
        end = 0
        for block in blocks:
            _expect(block.first == end, f"a block starts at {block.first}, the one before ended at {end}")
            _expect(all(len(values) == block.count for values in block.values), "signals of different length")
            _expect(all(math.isfinite(float(v.sum())) for v in block.values), "a sample is no number")
            end += block.count
        expected = ACQUIRE_S / period_s
        slack = 0.02 * expected + 0.3 / period_s
        _expect(abs(end - expected) <= slack, f"{end} samples in {ACQUIRE_S} s, {expected:.0f} expected")


def every_pulse_is_one_edge(make: Make) -> None:
    """See each edge exactly once, in order, inside the recorded samples, where the monitor captures them."""
    with _opened(make) as (subject, start):
        if not subject.monitor.capabilities.captures_edges:
            return
        start()
        items: list[StreamItem] = []
        for _ in range(3):
            items += _acquire(subject, 0.5)
            subject.pulse()
        items += _acquire(subject, 0.5)
        items += subject.monitor.stop(subject.clock.deadline(ANSWER_S))
        places = [item.position for item in items if isinstance(item, Edge)]
        expected = 3 + int(subject.monitor.capabilities.starts_on_edge)
        _expect(len(places) == expected, f"{len(places)} edges reported for {expected} pulses")
        _expect(places == sorted(places), f"edges out of order: {places}")
        end = max((item.first + item.count for item in items if isinstance(item, Samples)), default=0)
        _expect(places[0] >= 0.0 and places[-1] <= end, f"edges {places} outside 0..{end}")


def stop_may_be_said_any_time(make: Make) -> None:
    """`stop()` without an acquisition, and twice, returns quickly and empty."""
    with _opened(make) as (subject, start):
        monitor, clock = subject.monitor, subject.clock
        monitor.configure(subject.settings, clock.deadline(OPEN_S))
        _expect(not _samples(list(monitor.stop(clock.deadline(ANSWER_S)))), "samples without an acquisition")
        start()
        _acquire(subject, 0.3)
        monitor.stop(clock.deadline(ANSWER_S))
        _expect(not _samples(list(monitor.stop(clock.deadline(ANSWER_S)))), "samples after the second stop()")


def a_second_acquisition_starts_at_zero(make: Make) -> None:
    """Each acquisition has its own timebase."""
    with _opened(make) as (subject, start):
        for _ in range(2):
            start()
            items = _acquire(subject, 0.5)
            items += subject.monitor.stop(subject.clock.deadline(ANSWER_S))
            blocks = [item for item in items if isinstance(item, Samples)]
            _expect(bool(blocks) and blocks[0].first == 0, "an acquisition does not start at sample 0")


def off_works_while_acquiring(make: Make) -> None:
    """Switch the supply off in the middle of an acquisition; the stream stays whole."""
    with _opened(make) as (subject, start):
        start()
        items = _acquire(subject, 0.5)
        subject.monitor.power_off(subject.clock.deadline(ANSWER_S))
        items += subject.monitor.stop(subject.clock.deadline(ANSWER_S))
        end = 0
        for block in (item for item in items if isinstance(item, Samples)):
            _expect(block.first == end, f"samples {end}..{block.first} are missing around the power-off")
            end += block.count


def silence_ends_by_the_deadline(make: Make) -> None:
    """Get `TimedOut` from an instrument that stops answering, at the deadline and not later."""
    if make().silence is None:
        return
    calls: dict[str, Callable[[Subject, float], object]] = {
        "open": lambda s, limit: s.monitor.open(s.clock.deadline(limit)),
        "configure": lambda s, limit: s.monitor.configure(s.settings, s.clock.deadline(limit)),
        "power_on": lambda s, limit: s.monitor.power_on(s.clock.deadline(limit)),
        "power_off": lambda s, limit: s.monitor.power_off(s.clock.deadline(limit)),
        "start": lambda s, limit: s.monitor.start(s.clock.deadline(limit)),
    }
    for name, call in calls.items():
        subject = make()
        if name != "open":
            subject.monitor.open(subject.clock.deadline(OPEN_S))
        if name not in ("open", "configure"):
            subject.monitor.configure(subject.settings, subject.clock.deadline(OPEN_S))
        if subject.silence is not None:
            subject.silence()
        limit_s = 3.0
        before_ns = subject.clock.now_ns()
        try:
            call(subject, limit_s)
            raise AssertionError(f"{name}() of a silent instrument succeeded")
        except TimedOut:
            took_s = (subject.clock.now_ns() - before_ns) / 1e9
            _expect(took_s <= limit_s + 0.5, f"{name}() took {took_s:.1f} s with a deadline of {limit_s} s")
        finally:
            subject.monitor.close()


CHECKS: tuple[Callable[[Make], None], ...] = (
    constructing_is_pure,
    open_says_who_is_there,
    configure_reports_what_is_applied,
    supply_switches_and_reads_back,
    samples_are_consecutive,
    every_pulse_is_one_edge,
    stop_may_be_said_any_time,
    a_second_acquisition_starts_at_zero,
    off_works_while_acquiring,
    silence_ends_by_the_deadline,
)


class _opened:  # noqa: N801 - read as a verb: with _opened(make) as (subject, start)
    """Open a subject's monitor; at the end switch off and close. `start()` returns the period in seconds."""

    def __init__(self, make: Make) -> None:
        self._subject = make()

    def __enter__(self) -> tuple[Subject, Callable[[], float]]:
        subject = self._subject
        subject.monitor.open(subject.clock.deadline(OPEN_S))
        return subject, self._start

    def __exit__(self, *_: object) -> None:
        subject = self._subject
        try:
            subject.monitor.power_off(subject.clock.deadline(ANSWER_S))
        finally:
            subject.monitor.close()

    def _start(self) -> float:
        subject = self._subject
        applied = subject.monitor.configure(subject.settings, subject.clock.deadline(OPEN_S))
        subject.monitor.power_on(subject.clock.deadline(ANSWER_S))
        subject.clock.sleep(BOOT_S)
        subject.monitor.start(subject.clock.deadline(ANSWER_S))
        if subject.monitor.capabilities.starts_on_edge:
            subject.pulse()
        return applied.period_s


def _acquire(subject: Subject, duration_s: float) -> list[StreamItem]:
    items: list[StreamItem] = []
    limit = subject.clock.deadline(duration_s)
    while not limit.expired():
        subject.clock.sleep(min(POLL_S, limit.remaining_s()))
        items += subject.monitor.poll(subject.clock.deadline(ANSWER_S))
    return items


def _samples(items: list[StreamItem]) -> list[Samples]:
    return [item for item in items if isinstance(item, Samples)]


def _expect(holds: bool, otherwise: str) -> None:
    if not holds:
        raise AssertionError(otherwise)
