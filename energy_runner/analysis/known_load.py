# SPDX-License-Identifier: Apache-2.0
"""Compare what a monitor measured at a known load with what that load must draw; a pure function of the facts.

Where the voltage at the load is the bench's own, it is one quantity in both: the measured power is in proportion
to it, V·I, the known one to its square, V²/R. Its error acts on their difference by the difference of the two
sensitivities (JCGM 100:2008, 5.2.2; for equal powers that is -1), and not once in each as if they were
independent.
"""

import math
from dataclasses import dataclass, replace
from itertools import pairwise
from statistics import stdev

import numpy as np

from energy_runner.analysis.energy.calibration import CalibratedSource, Curve, FloatArray, configured_source
from energy_runner.analysis.energy.doubts import doubtful_j
from energy_runner.analysis.energy.impossible import Impossible
from energy_runner.analysis.energy.source import EnergySource
from energy_runner.analysis.energy.windows import MOST_MISSING, EnergyWindow
from energy_runner.analysis.facts import Facts
from energy_runner.analysis.load_samples import AGAIN, checked_samples
from energy_runner.analysis.placing.alignment import Placed
from energy_runner.analysis.uncertainty.calibration import with_calibration
from energy_runner.analysis.uncertainty.causes import find_causes
from energy_runner.analysis.uncertainty.combine import Cause, window_budget
from energy_runner.analysis.uncertainty.edges import mean_square_w2, share_above, view_edge
from energy_runner.analysis.uncertainty.evaluate import Conditions, Limits, Measured, evaluate
from energy_runner.analysis.uncertainty.inputs import BEYOND
from energy_runner.errors import Argument, Call, SessionError
from energy_runner.session.events import MonitorConfigured
from energy_runner.session.result import Component, WindowResult
from energy_runner.session.trace import TraceReader

K = 2.0  # of the uncertainties that are given and stated here
_CONDUCTS = 0.5  # of the largest current: what is above is the pulse of a load that is switched
_BLOCKS = 10


@dataclass(frozen=True)
class KnownLoad:
    """A resistor and the voltage at it, with expanded uncertainties (k = 2).

    `voltage_v` None takes the voltage that the bench itself measures or sets. With `pulse_s` the resistor conducts
    for so long in each `period_s`; `pulse_u_s` is the uncertainty of that time.
    """

    resistance_ohm: float
    resistance_u_ohm: float
    voltage_v: float | None = None
    voltage_u_v: float = 0.0
    pulse_s: float | None = None
    period_s: float | None = None
    pulse_u_s: float = 0.0

    @property
    def duty(self) -> float:
        """Return which share of the time it conducts."""
        return self.pulse_s / self.period_s if self.pulse_s and self.period_s else 1.0


@dataclass(frozen=True)
class Verified:
    """Mean power in watt, measured and known, with expanded uncertainties of 95 % and k = 2.

    `E_n` is their difference over its expanded uncertainty `U_difference_w`: up to 1 they agree (ISO/IEC 17043).
    That is the root of the sum of squared uncertainties, but for a voltage that both rest on. `pulse_j` and
    `known_pulse_j` are the energies of one pulse. `incomplete` says what the monitor's uncertainty lacks,
    `voltage_from` where the voltage came from, and `voltage_shared` that the measured power rests on it, too.
    """

    measured_w: float
    U_w: float
    known_w: float
    U_known_w: float
    U_difference_w: float
    E_n: float
    seconds: float
    voltage_v: float
    voltage_from: str
    voltage_shared: bool
    pulse_j: float | None
    known_pulse_j: float | None
    components: tuple[Component, ...]
    incomplete: tuple[str, ...]

    @property
    def agrees(self) -> bool:
        """Return whether the two agree within their uncertainties."""
        return abs(self.E_n) <= 1.0


@dataclass(frozen=True)
class MeanReading:
    """The mean of what the monitor reads, uncorrected, with the standard uncertainty of that mean (type A)."""

    value: float
    u: float
    dof: int


def verify(
    trace: TraceReader,
    monitor: MonitorConfigured,
    load: KnownLoad,
    *,
    virtual: bool,
    facts: Facts | None = None,
) -> Verified:
    """Return the comparison over all whole samples of `trace`, and over whole periods of pulses.

    `facts` are those of the journal beside the trace. Raises `SessionError` for a trace that is too short, lacks
    samples or has some that cannot be, and where nothing says how well the voltage is known.
    """
    source = configured_source(trace, monitor)
    start, stop = _span(source, load)
    energy_j = _drawn_j(source, start, stop)
    pulses = round((stop - start) * source.period_s / load.period_s) if load.period_s else 1
    found = checked_samples(source, facts or Facts(monitor=monitor), start, stop, pulses)
    window, given = _window(source, monitor, (start, stop), energy_j, found, virtual=virtual)
    assert window.measured is not None  # noqa: S101
    budget = evaluate([window.measured], given).windows[0]
    causes = find_causes([window.measured], given)
    seconds, energy_j = window.measured.duration_s, window.measured.energy_j
    of_voltage = [cause.contribution_j(0) for cause in causes.counted if cause.voltage]
    relative_u = math.hypot(*of_voltage) / energy_j if of_voltage else None
    voltage = _voltage(trace, monitor, load, source, relative_u)
    known_w = voltage.value**2 / load.resistance_ohm * load.duty
    voltage_u_w = 2 * known_w * voltage.u / voltage.value
    own_u_w = known_w * math.hypot(
        load.resistance_u_ohm / K / load.resistance_ohm,
        load.pulse_u_s / K / load.pulse_s if load.pulse_s else 0.0,
    )
    difference_j, apart_u_w = budget.U, math.hypot(own_u_w, voltage_u_w)
    if voltage.shared:
        seen = [_in_difference(cause, known_w * seconds / energy_j) for cause in causes.counted]
        difference_j, apart_u_w = window_budget(energy_j, seen, 0).expanded_j, own_u_w
    together_w = math.hypot(difference_j / seconds, K * apart_u_w)
    if not together_w > 0:
        raise SessionError(
            "neither load nor monitor has an uncertainty. Try: ", Call("resistance_u_ohm", "--resistance-u")
        )
    measured_w = energy_j / seconds
    period_s = load.period_s if load.pulse_s else None
    return Verified(
        measured_w=measured_w,
        U_w=budget.U / seconds,
        known_w=known_w,
        U_known_w=K * math.hypot(own_u_w, voltage_u_w),
        U_difference_w=together_w,
        E_n=(measured_w - known_w) / together_w,
        seconds=seconds,
        voltage_v=voltage.value,
        voltage_from=voltage.comes_from,
        voltage_shared=voltage.shared,
        pulse_j=measured_w * period_s if period_s else None,
        known_pulse_j=known_w * period_s if period_s else None,
        components=tuple(budget.components),
        incomplete=tuple(causes.doubts),
    )


def mean_reading(
    trace: TraceReader, monitor: MonitorConfigured, quantity: str = "current", facts: Facts | None = None
) -> MeanReading:
    """Return the mean `current` (A) or `voltage` (V) that the monitor read, before any correction.

    Energy and power are divided by the voltage set, which stands for a voltage that is not recorded. The
    uncertainty is the scatter of ten parts of the trace. `facts` are those of the journal beside it. Raises
    `SessionError` for a trace that is too short or lacks samples, and for one with samples that cannot be or are
    in doubt.
    """
    bare = {key: value for key, value in monitor.accuracy.items() if key not in ("points", "replaced")}
    source = configured_source(trace, monitor.model_copy(update={"accuracy": bare}))
    start, stop = _span(source, KnownLoad(1.0, 0.0))
    found = checked_samples(source, facts or Facts(monitor=monitor), start, stop)
    if found.doubts:
        raise SessionError(f"{found.doubts} samples may be misread, the first with {found.doubt}{AGAIN}")
    recorded = {"current", "voltage"} <= {name for name, _ in trace.signals}
    means = []
    for first, last in pairwise(np.linspace(start, stop, _BLOCKS + 1).astype(int).tolist()):
        total = _refuse_gaps(source, float(first), float(last))
        if recorded:
            means.append(float(np.nanmean(np.asarray(trace.read(quantity, first, last), dtype=np.float64))))
        elif quantity == "voltage":
            means.append(monitor.voltage_set_v)
        else:
            means.append(total * source.watt / (last - first) / monitor.voltage_set_v)
    return MeanReading(math.fsum(means) / _BLOCKS, stdev(means) / math.sqrt(_BLOCKS), _BLOCKS - 1)


def resolution_u(monitor: MonitorConfigured, value: float) -> float:
    """Return the standard uncertainty of a steady reading by its resolution, in the reading's unit.

    A load that does not move shows the same digits again and again, and no mean over them helps.
    """
    terms = [term for term in Limits.of(monitor.accuracy).terms if term.name == "quantisation"]
    return math.hypot(*(term.relative * abs(value) / math.sqrt(3) for term in terms))


def _span(source: EnergySource, load: KnownLoad) -> tuple[float, float]:
    """Return the positions between which the load is looked at: without the first and the last sample."""
    length = source.length - 2.0
    if load.pulse_s and load.period_s:
        periods = math.floor(length * source.period_s / load.period_s)
        length = periods * load.period_s / source.period_s
    if length < 2 * _BLOCKS:
        raise SessionError(f"{source.length} samples are too few for this load. Try: more ", Argument("seconds"))
    return 1.0, 1.0 + length


def _refuse_gaps(source: EnergySource, start: float, stop: float) -> float:
    total = source.window(start, stop)
    if total.missing_share > MOST_MISSING or not math.isfinite(total.total):
        raise SessionError(f"{total.missing} of {total.expected} samples are missing. Try: again")
    return total.total


def _drawn_j(source: EnergySource, start: float, stop: float) -> float:
    energy_j = _refuse_gaps(source, start, stop) * source.joule
    if not energy_j > 0:
        raise SessionError(f"the load drew {energy_j:g} J. Try: check its wires, and which way round they are")
    return energy_j


def _window(
    source: EnergySource,
    monitor: MonitorConfigured,
    span: tuple[float, float],
    energy_j: float,
    found: Impossible,
    *,
    virtual: bool,
) -> tuple[EnergyWindow, Conditions]:
    given = Conditions(
        limits=Limits.of(monitor.accuracy),
        signals=tuple(signal.get("name", "") for signal in monitor.signals),
        voltage_v=monitor.voltage_set_v,
        virtual=virtual,
        kinds=tuple(signal.get("kind", "mean") for signal in monitor.signals),
        voltage_of_another=monitor.supply != monitor.sampler,
    )
    start, stop = span
    # The span begins and ends nowhere in particular: no edge of it is uncertain.
    edges = [
        replace(view_edge(source, position, starts=starts, half_width=0.0), outside_step_w=0.0)
        for position, starts in ((start, True), (stop, False))
    ]
    measured = Measured(
        energy_j=energy_j,
        inferences=1,
        duration_s=(stop - start) * source.period_s,
        samples=int(stop - start),
        start=edges[0],
        stop=edges[1],
        shares_above=share_above(source, start, stop, given.thresholds_w()),
        mean_square_w2=mean_square_w2(source, start, stop) if given.resistive else 0.0,
        doubtful_j=doubtful_j(source, found, int(start), math.ceil(stop)),
    )
    placed = Placed(start, stop, half_width=0.0)
    window = EnergyWindow(WindowResult(index=0, stimulus=0, file="", inferences=1), measured, placed)
    return window, with_calibration(given, source, [window]) or given


@dataclass(frozen=True)
class _Voltage:
    """The voltage at the load, in V, with its standard uncertainty; `shared` with the measured power."""

    value: float
    u: float
    comes_from: str
    shared: bool


def _in_difference(cause: Cause, known_share: float) -> Cause:
    """Return what `cause` does to the measured energy less the known one, which is `known_share` of it.

    An error of the voltage moves the measured energy in proportion, and the known one twice as much.
    """
    if not cause.voltage:
        return cause
    return replace(cause, sensitivity=tuple(one * (1 - 2 * known_share) for one in cause.sensitivity))


def _voltage(
    trace: TraceReader, monitor: MonitorConfigured, load: KnownLoad, source: EnergySource, relative_u: float | None
) -> _Voltage:
    """Return the voltage at the load: given by a reference, or the bench's own, corrected as the energy is.

    `relative_u` is what the budget of the energy, which is in proportion to it, says of the bench's own; None if
    that says nothing.
    """
    if load.voltage_v is not None:
        return _Voltage(load.voltage_v, load.voltage_u_v / K, "as given", shared=False)
    if relative_u is None:
        raise SessionError(
            "nothing states how well the bench knows its voltage. Try: ",
            Call("voltage_v and voltage_u_v", "--voltage and --voltage-u"),
            ", measured there",
        )
    recorded = {"current", "voltage"} <= {name for name, _ in trace.signals}
    readings = _recorded_v(trace) if recorded else np.array([monitor.voltage_set_v])
    comes_from = "as the monitor measured it" if recorded else "as set"
    curve = source.corrections.voltage if isinstance(source, CalibratedSource) else None
    if curve is not None:
        _refuse_beyond(curve, float(np.nanmean(readings)), Limits.of(monitor.accuracy))
        readings = readings + curve.correction(readings)
        comes_from += ", corrected by its calibration"
    voltage_v = float(np.nanmean(readings))
    return _Voltage(voltage_v, voltage_v * relative_u, comes_from, shared=True)


def _refuse_beyond(curve: Curve, voltage_v: float, limits: Limits) -> None:
    """Raise `SessionError` for a reading outside all ranges of the calibration, unless a term is about it."""
    stated = any(term.name == BEYOND and term.unit in ("", "V") and term.known for term in limits.terms)
    if stated or any(point.low <= voltage_v <= point.high for point in curve.points):
        return
    ranges = ", ".join(dict.fromkeys(f"{point.low:g} to {point.high:g} V" for point in curve.points))
    raise SessionError(
        f"the voltage of {voltage_v:.5g} V lies outside the calibration's ranges ({ranges}), and nothing states "
        "how well it is known there. Try: ",
        Call("voltage_v and voltage_u_v", "--voltage and --voltage-u"),
        f", measured there, or a term '{BEYOND}' in the bench file",
    )


def _recorded_v(trace: TraceReader) -> FloatArray:
    """Return the voltages while the load conducts."""
    current_a = np.asarray(trace.read("current", 0, trace.length), dtype=np.float64)
    voltage_v = np.asarray(trace.read("voltage", 0, trace.length), dtype=np.float64)
    return voltage_v[current_a > _CONDUCTS * np.nanmax(current_a)]
