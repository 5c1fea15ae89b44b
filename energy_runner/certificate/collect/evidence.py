# SPDX-License-Identifier: Apache-2.0
"""The session's files and the curves that a certificate shows."""

import math
from collections.abc import Iterable

from energy_runner.analysis.inferences.segment import segment_session
from energy_runner.certificate.collect.gathered import Gathered
from energy_runner.certificate.facts.evidence import Curve, Curves, SealedFile, SessionEvidence
from energy_runner.errors import SessionError
from energy_runner.report.charts.decimate import decimate
from energy_runner.report.charts.power import PowerTrace
from energy_runner.report.figures.fold import MeanInference, fold
from energy_runner.session.record import Origin

RUN_POINTS = 600  # as many as a printed column shows
_DIGITS = 6  # of a power in a curve: far more than can be seen in a figure


def session_evidence(found: Gathered) -> SessionEvidence:
    """Return the session and its sealed files."""
    record = found.record
    origin, environment, seal = record.origin, record.environment, record.seal
    return SessionEvidence(
        session_id=record.session_id,
        started_utc=record.started_utc,
        time_zone=str(record.bench.get("time_zone") or ""),
        virtual=record.virtual or found.result.virtual,
        bench=str(record.bench.get("name") or ""),
        origin=_origin(origin) if origin is not None else "",
        facts_sha256=seal.sha256 if seal is not None else None,
        files=[SealedFile(name=one.name, size=one.size, sha256=one.sha256) for one in seal.files] if seal else [],
        software=record.software,
        commit=environment.commit if environment is not None else None,
        libraries=dict(environment.libraries) if environment is not None else {},
        result_sha256=found.result.sha256,
    )


def _origin(origin: Origin) -> str:
    """Return who measured an imported session, and whether its beginning is only their word."""
    told = "when it began was told by the user, and is not recorded" if origin.began_told else ""
    names = f"{origin.runner} {origin.version}, {origin.session}".strip(" ,")
    return "; ".join(filter(None, (names, told)))


def curves(found: Gathered) -> Curves:
    """Return the power over the run, and over one mean inference; null where the trace shows neither."""
    session = found.session
    if not session.has_trace():
        return Curves()
    try:
        with session.trace() as reader:
            trace = PowerTrace(reader, found.facts)
            if trace.samples == 0:
                return Curves()
            mean = _mean_inference(found, trace)
            return Curves(
                run=_of_run(trace),
                inference=_of_inference(mean) if mean is not None else None,
                inferences_averaged=mean.inferences if mean is not None else 0,
            )
    except SessionError:
        return Curves()  # a finding of the result says what is wrong with the trace


def _mean_inference(found: Gathered, trace: PowerTrace) -> MeanInference | None:
    if found.result.mode != "energy" or not any(window.start_s is not None for window in found.result.windows):
        return None
    resolved = [window for window in segment_session(found.session).windows if window.resolved]
    return fold(trace, resolved[0]) if resolved else None


def _of_run(trace: PowerTrace) -> Curve:
    envelope = decimate(trace.chunks(), trace.samples, RUN_POINTS)
    return Curve(
        start_s=envelope.first * trace.period_s,
        step_s=envelope.width * trace.period_s,
        mean_w=_watts(envelope.mean),
        low_w=_watts(envelope.low),
        high_w=_watts(envelope.high),
    )


def _of_inference(mean: MeanInference) -> Curve:
    return Curve(
        start_s=0.0,
        step_s=float(mean.at_s[-1]) / len(mean.mean_mw),
        mean_w=_watts(mean.mean_mw),
        low_w=_watts(mean.low_mw),
        high_w=_watts(mean.high_mw),
    )


def _watts(milliwatts: Iterable[float]) -> list[float | None]:
    """Return powers in W, rounded; null where nothing was measured."""
    each_w = (power_mw / 1e3 for power_mw in milliwatts)
    return [float(f"{power_w:.{_DIGITS}g}") if math.isfinite(power_w) else None for power_w in each_w]
