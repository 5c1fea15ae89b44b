# SPDX-License-Identifier: Apache-2.0
"""The head of a session's page: what it is, what was found, when it was, and what of it is missing and why."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from energy_runner.analysis.energy.recorded import recorded_source
from energy_runner.report import headline
from energy_runner.session.events import DeviceIdentified
from energy_runner.session.folder import REPORT, RESULT, TRACE, Session
from energy_runner.session.result import Result, Verdict
from energy_runner.session.trace import TraceReader
from energy_runner.viewer.layers import Layers
from energy_runner.viewer.layers.seen import Seen, Window, trace_or_none
from energy_runner.viewer.layers.windows import sentence
from energy_runner.viewer.papers import certificate_of, linked_files, report_of
from energy_runner.viewer.plain_text import finite, own, told

MOST = 500  # of windows, verdicts, findings and devices each
_RECORDED = (("current", "A"), ("voltage", "V"))


def meta(
    session: Session,
    rail: str | None = None,
    *,
    certificates: Sequence[Path] = (),
    layers: Layers | None = None,
) -> dict[str, Any]:
    """Return the head of a session's page; of several rails, of `rail` or the first.

    Times are seconds of the trace: `run_zero_s` is when the run began, `utc_at_zero_ns` the calendar time of
    second 0 (of a virtual bench by its own clock), `u_zero_s` the limit of their error; each is None where it is
    not known. `time_zero` says what second 0 is. `length` samples of `period_s` seconds are in the trace, 0
    without one. `certificates` are folders in which a certificate is looked for; see `papers.certificate_of`. What
    `layers` have read of the session is not read again. Nothing is raised for a session that is damaged or
    unfinished: `problems` says what is missing, why, and what to try.
    """
    layers = layers or Layers(session, rail)
    with layers.lock:
        return _meta(layers.seen, certificates)


def _meta(seen: Seen, certificates: Sequence[Path]) -> dict[str, Any]:
    session = seen.session
    for name in linked_files(session.path):
        seen.note(f"{name}: is a link out of the session's folder. Try: copy the file into it")
    result, record = seen.result, session.record
    trace = _trace(seen)
    windows = seen.windows
    if len(windows) > MOST:
        seen.note(f"of {len(windows)} windows the table shows the first {MOST}; the layer has all that are placed")
    return {
        "session_id": told(record.session_id),
        "folder": told(session.path.name),
        "benchmark": told(record.benchmark.id),
        "task": told(record.benchmark.task),
        "mode": record.run.mode,
        "virtual": record.virtual,
        "outcome": result.outcome if result is not None else record.outcome,
        "ended": own(
            headline.how_it_ended(result.outcome if result is not None else record.outcome, record.reason)
        ),
        "supply_off": record.supply_off_confirmed,
        "valid": result.valid if result is not None else None,
        **_score(result, seen),
        "bench": told(record.bench.get("name", "")),
        "instruments": [_device(one) for one in seen.facts.boxes[:MOST]],
        "software": told(record.software),
        "started_utc": told(record.started_utc),
        **_time(seen),
        **trace,
        "windows": [_window(one) for one in windows[:MOST]],
        "verdicts": [_verdict(one) for one in headline.failed_first(result.verdicts)[:MOST]] if result else [],
        "findings": [
            {"id": told(one.id), "window": one.window, "detail": own(one.detail)}
            for one in (result.findings[:MOST] if result is not None else [])
        ],
        "links": _links(session, certificates),
        "problems": _problems(seen, result),
    }


def _score(result: Result | None, seen: Seen) -> dict[str, Any]:
    """Return the score as numbers and as a sentence, or why there is none."""
    record = seen.session.record
    if result is None:
        why = headline.how_it_ended(record.outcome, record.reason)
        return {"score": None, "score_j": None, "U_j": None, "k": None, "verdict": "not analysed", "why": own(why)}
    score = headline.score(result)
    energy = result.energy_per_inference_j
    why = headline.why_valid(result) if result.valid else headline.why_not_valid(result)
    return {
        "score": own(" ".join(score)) if score is not None else None,
        "score_j": energy.median if energy is not None else None,
        "U_j": energy.U if energy is not None else None,
        "k": energy.k if energy is not None else None,
        "verdict": "VALID" if result.valid else "NOT VALID",
        "why": own(why if score is not None else f"{why}: {headline.no_score(result, record)}"),
    }


def _time(seen: Seen) -> dict[str, Any]:
    """Return what second 0 of the trace is, in the time of the run and in that of the calendar."""
    times, begun = seen.times, seen.begun
    known = begun is not None and not times.why_not
    run_zero_s = times.place(begun.t_ns) if begun is not None else None
    utc_ns = (
        begun.utc_ns + times.zero_ns - begun.t_ns if begun is not None and known and begun.utc_ns > 0 else None
    )
    if times.why_not:
        seen.note(f"events have no place in the trace: {times.why_not}")
    return {
        "time_zero": times.zero,
        "run_zero_s": finite(run_zero_s),
        "utc_at_zero_ns": utc_ns if utc_ns is not None and 0 < utc_ns < 2**63 else None,
        "u_zero_s": finite(times.u_s) if known else None,
    }


def _trace(seen: Seen) -> dict[str, Any]:
    """Return length, period, signals and rails of the trace, as far as it can be read."""
    found: dict[str, Any] = {"length": 0, "period_s": seen.step_s, "signals": [], "rails": []}
    if not trace_or_none(seen.session):
        mode = seen.session.record.run.mode
        seen.note(
            f"{TRACE}: there is none: no samples were recorded{'' if mode == 'energy' else f' in {mode} mode'}"
        )
        return found
    with seen.careful(TRACE, "Try: copy the session again from where it was recorded"):
        rail = seen.rail if seen.rail is not None else seen.facts.rail
        with seen.session.trace(rail) as trace:
            step_s = seen.step_s or trace.period_s
            names = {name for name, _ in trace.signals}
            found |= {"length": trace.length, "period_s": step_s, "rails": [told(one) for one in trace.rails]}
            found["signals"] = [
                *_power(seen, trace, names),
                *({"name": name, "unit": unit, "recorded": True} for name, unit in _RECORDED if name in names),
            ]
            if trace.length == 0:
                seen.note(f"{TRACE}: holds no samples yet")
    return found


def _power(seen: Seen, trace: TraceReader, names: set[str]) -> list[dict[str, Any]]:
    with seen.careful("the power"):
        recorded_source(trace, seen.facts)
        return [{"name": "power", "unit": "W", "recorded": "power" in names}]
    return []


def _device(one: DeviceIdentified) -> dict[str, Any]:
    told_of = {name: told(one.identity.get(name, "")) for name in ("make", "model", "serial", "firmware")}
    return {"name": told(one.box), **told_of, "virtual": one.identity.get("virtual") is True}


def _window(one: Window) -> dict[str, Any]:
    known = one.result
    uncertainty = known.uncertainty if known is not None else None
    return {
        "index": one.index,
        "file": told(one.file),
        "inferences": one.inferences,
        "start_s": finite(one.start_s),
        "stop_s": finite(one.stop_s),
        "edge_s": finite(one.edge_s),
        "duration_s": known.duration_s if known is not None else None,
        "energy_j": known.energy_j if known is not None else None,
        "energy_per_inference_j": known.energy_per_inference_j if known is not None else None,
        "U_j": uncertainty.U if uncertainty is not None else None,
        "k": uncertainty.k if uncertainty is not None else None,
        "complete": uncertainty.complete if uncertainty is not None else None,
        "mean_power_w": known.mean_power_w if known is not None else None,
        "throughput_per_s": known.throughput_per_s if known is not None else None,
        "samples_missing": known.samples_missing if known is not None else None,
        "samples_over_range": known.samples_over_range if known is not None else None,
        "text": sentence(one),
    }


def _verdict(one: Verdict) -> dict[str, Any]:
    return {
        "id": told(one.id),
        "passed": one.passed,
        "binding": one.binding,
        "known": one.known,
        "measured": own(headline.quantity(one.measured)),
        "limit": own(headline.quantity(one.limit)),
        "clause": own(one.clause),
        "note": own(one.note),
        "text": own(one.text),
    }


def _links(session: Session, certificates: Sequence[Path]) -> dict[str, str]:
    """Return the papers that there are, by the names under which the server hands them out."""
    found = {"report": report_of(session), "certificate": certificate_of(session, certificates)}
    return {name: name for name, path in found.items() if path is not None}


def _problems(seen: Seen, result: Result | None) -> list[str]:
    session = seen.session
    if session.thinned is not None:
        seen.note(f"{session.thinned.words}: samples and journal are whole")
    if result is not None and not (session.path / REPORT).is_file():
        seen.note(f"{REPORT}: there is none. Try: energy-runner report")
    if result is None and (session.path / RESULT).is_file() and (session.path / REPORT).is_file():
        seen.note(f"{REPORT}: shows a result that cannot be read. Try: energy-runner analyze")
    return list(seen.problems)
