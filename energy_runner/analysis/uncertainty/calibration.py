# SPDX-License-Identifier: Apache-2.0
"""The causes of error that are left after a reading was corrected by a calibration."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from energy_runner.analysis.energy.calibration import CalibratedSource, Curve, blocks
from energy_runner.analysis.energy.source import EnergySource
from energy_runner.analysis.energy.windows import EnergyWindow
from energy_runner.analysis.uncertainty.combine import ROOT3, Cause
from energy_runner.analysis.uncertainty.inputs import BEYOND, Conditions, Point, Term

DRIFT = "drift"
_AS_LARGE = "as large as the correction itself, because no term states it"
_LINEAR = "Between two points of the calibration, its correction is taken as linear in the reading."


@dataclass(frozen=True)
class _Effect:
    """What the calibration of one quantity leaves open in one window, in J.

    `certificates` has one effect for each certificate; `beyond_j` is that of the limit for readings beyond the
    points, and `beyond` the share of the window's time that they take. The limit is the stated one, or else as
    large as the correction, of which nobody knows whether it holds there.
    """

    certificates: tuple[float, ...]
    beyond_j: float
    beyond: float


def with_calibration(
    given: Conditions | None, source: EnergySource | None, windows: Sequence[EnergyWindow]
) -> Conditions | None:
    """Return `given` with what the calibration of the monitor adds to the budget of `windows`."""
    measured = [window for window in windows if window.measured is not None and window.placed is not None]
    if given is None or not isinstance(source, CalibratedSource) or not measured:
        return given
    causes: list[Cause] = []
    doubts: list[str] = []
    terms = [term for term in given.limits.terms if term.name == BEYOND]
    for curve in (source.corrections.load, source.corrections.voltage):
        if curve is None:
            continue
        stated = next((term for term in terms if term.unit in ("", curve.points[0].unit)), None)
        effects = [_effect(source, window, curve, stated) for window in measured]
        causes += _of_certificates(curve, effects, measured)
        causes += _of_beyond(curve, effects, measured, stated)
        farthest = max(effect.beyond for effect in effects)
        if farthest > 0 and stated is None:
            doubts.append(
                f"correction of the {curve.quantity} beyond the calibrated points unknown "
                f"({farthest * 100:.3g} % of a window; state a term '{BEYOND}')"
            )
    if not given.virtual and not any(term.name == DRIFT for term in given.limits.terms):
        doubts.append(f"drift of the monitor since its calibration unknown (state a term '{DRIFT}')")
    return replace(given, further=tuple(causes), further_doubts=tuple(doubts), further_notes=(_LINEAR,))


def _groups(curve: Curve) -> dict[tuple[str, str], list[Point]]:
    """Return the points by certificate and laboratory."""
    groups: dict[tuple[str, str], list[Point]] = {}
    for point in curve.points:
        groups.setdefault((point.certificate, point.laboratory), []).append(point)
    return groups


def _effect(source: CalibratedSource, window: EnergyWindow, curve: Curve, stated: Term | None) -> _Effect:
    assert window.placed is not None  # noqa: S101
    groups = list(_groups(curve))
    which = [[(point.certificate, point.laboratory) == group for point in curve.points] for group in groups]
    certificates = np.zeros(len(groups))
    beyond_j = beyond = present = 0.0
    for readings, share in blocks(source, window.placed.start, window.placed.stop):
        reading = next(one for one in readings if one.curve is curve)
        there = np.isfinite(reading.joule) & np.isfinite(reading.values)
        values, joule = reading.values[there], np.abs(reading.joule[there]) * share[there]
        certificates += [float(np.sum(curve.u(values, chosen) * joule)) for chosen in which]
        out = curve.beyond(values)
        present += float(np.sum(share[there]))
        beyond += float(np.sum(share[there][out]))
        if stated is not None:
            limit = stated.relative * np.abs(values[out]) + stated.absolute
        else:
            limit = np.abs(curve.correction(values[out]))
        beyond_j += float(np.sum(limit * joule[out]))
    # Missing samples are taken to be like the others, as in the window's sum.
    whole = (window.placed.stop - window.placed.start) / present if present else 1.0
    return _Effect(tuple(certificates * whole), beyond_j * whole, beyond / present if present else 0.0)


def _of_certificates(curve: Curve, effects: Sequence[_Effect], windows: Sequence[EnergyWindow]) -> list[Cause]:
    causes = []
    for number, ((certificate, laboratory), points) in enumerate(_groups(curve).items()):
        u = max(point.u for point in points)
        days = ", ".join(sorted({point.date for point in points}))
        causes.append(
            Cause(
                name=f"calibration of the {curve.quantity}: certificate {certificate}",
                source=f"certificate {certificate}, {laboratory}, {days}",
                u=(u,) * len(windows),
                sensitivity=tuple(
                    effect.certificates[number] / u / _inferences(window)
                    for effect, window in zip(effects, windows, strict=True)
                ),
                unit=points[0].unit,
                distribution="normal",
                divisor=None,
                voltage=curve.quantity == "voltage",
            )
        )
    return causes


def _of_beyond(
    curve: Curve, effects: Sequence[_Effect], windows: Sequence[EnergyWindow], stated: Term | None
) -> list[Cause]:
    if not any(effect.beyond_j for effect in effects):
        return []
    return [
        Cause(
            name=f"correction of the {curve.quantity} beyond the calibrated points",
            source=stated.source if stated is not None else _AS_LARGE,
            u=(1 / ROOT3,) * len(windows),
            sensitivity=tuple(
                effect.beyond_j / _inferences(window) for effect, window in zip(effects, windows, strict=True)
            ),
            voltage=curve.quantity == "voltage",
        )
    ]


def _inferences(window: EnergyWindow) -> int:
    return window.result.inferences
