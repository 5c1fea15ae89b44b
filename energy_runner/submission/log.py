# SPDX-License-Identifier: Apache-2.0
"""`log.txt`: the journal of a run for a person to read, one line per event.

The bytes on the links and the arrival of samples stay in the session; all other events are listed.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from energy_runner.session import events as ev
from energy_runner.submission.model import Run
from energy_runner.submission.names import plain_ascii
from energy_runner.submission.stamps import stamp

_LONGEST_LINE = 1000


def _identified(event: ev.DeviceIdentified) -> str:
    known = (event.identity.get(key) for key in ("make", "model", "serial", "firmware"))
    return f"{event.box} is " + ", ".join(str(value) for value in known if value)


def _configured(event: ev.MonitorConfigured) -> str:
    signals = ", ".join(f"{signal.get('name')} ({signal.get('unit')})" for signal in event.signals)
    edges = "captured by the monitor" if event.captures_edges else "placed by the IO manager's laps"
    return (
        f"monitor set to {event.voltage_set_v:.9g} V, a sample every {event.period_s:.9g} s of {signals}, "
        f"edges {edges}"
    )


def _inferred(event: ev.InferenceDone) -> str:
    results = ", ".join(f"{value:.9g}" for value in event.results)
    laps = f", laps at {' and '.join(str(lap) for lap in event.dut_laps_us)} us" if event.dut_laps_us else ""
    return (
        f"{event.purpose}: {event.warmups} warm-ups and {event.inferences} inferences done{laps}, "
        f"m-results-[{results}]"
    )


def _lost_number(event: ev.SamplesLost) -> str:
    return f"about {event.missing} (how many cannot be known)" if event.modulo else str(event.missing)


def _stopped(event: ev.RunStopped) -> str:
    words = {True: "confirmed off", False: "NOT confirmed off", None: "not ours to switch"}
    reason = f" ({event.reason})" if event.reason else ""
    return f"run ended: {event.outcome}{reason}, supply {words[event.supply_off_confirmed]}"


# The line of each event; those without an entry are either written by `_happened` or left out.
_LINES: dict[str, Callable[[Any], str]] = {
    "run-started": lambda event: f"run of {event.benchmark} in {event.mode} mode",
    "phase": lambda event: f"-- {event.name} {event.detail}",
    "box-identified": _identified,
    "monitor-configured": _configured,
    "supply-switched": lambda event: f"supply switched {'on' if event.on else 'off'}",
    "voltage-measured": lambda event: f"voltage at the supply's output: {event.voltage_v:.9g} V",
    "dut-booted": lambda event: f"DUT booted, {event.timestamp_mode or 'unknown'} timestamps",
    "inference-done": _inferred,
    "acquisition-started": lambda event: "acquisition started",
    "acquisition-stopped": lambda event: f"acquisition stopped: {event.received} of {event.samples} samples",
    "edge-captured": lambda event: f"edge at sample {event.position:.12g}",
    "lap-captured": lambda event: f"edge at {event.lap_us} us of the IO manager's clock",
    "samples-lost": lambda event: f"LOST {_lost_number(event)} samples between {event.after} and {event.before}",
    "samples-over-range": lambda event: f"OVER RANGE: {event.count} samples from {event.at} on",
    "remark": lambda event: f"{'SUSPICIOUS ' if event.suspicious else ''}{event.box}: {event.text}",
    "problem": lambda event: f"PROBLEM {event.error}: {event.asked}: {event.came}",
    "tear-down-step": lambda event: f"undone: {event.name}" + (f" FAILED: {event.error}" if event.error else ""),
    "run-stopped": _stopped,
}


def log_txt(run: Run, banner: Sequence[str], results: bytes) -> bytes:
    """Return `log.txt` of a run: the banner, the events, and the content of `results.txt`.

    The DUT's answers and the loading of stimuli are worded as in the MLCommons runner's logs, so that programs
    that read those find them.
    """
    record = run.session.record
    lines = [
        *banner,
        f"Session {plain_ascii(record.session_id)}, begun {plain_ascii(record.started_utc)}, measured with "
        f"{plain_ascii(record.software)}",
        "The session holds every byte that passed the ports, and every sample.",
        *_happened(run),
        *(f"finding {finding.id}: {plain_ascii(finding.detail)}" for finding in run.result.findings),
    ]
    for verdict in run.result.verdicts:
        word = "passed" if verdict.passed else "FAILED" if verdict.binding else "not passed (informs only)"
        lines.append(f"rule {verdict.id}: {word}: {plain_ascii(verdict.clause)}")
    lines.append("Session logged in file log.txt, results follow")
    return ("\n".join(lines) + "\n").encode("ascii") + results


def _happened(run: Run) -> Iterator[str]:
    stride = run.session.record.benchmark.stride_bytes or 1
    idle_ns = 0  # since when the DUT has been waiting for the next stimulus
    for event in run.session.journal(exchanges=False):
        begin = f"{stamp(event.t_ns + run.utc_offset_ns)} ulp-mlperf:"
        line = _LINES.get(event.kind)
        if isinstance(event, ev.DutIdentified):
            for what in ("name", "profile", "model"):
                yield f"Device {what} retrieved: {plain_ascii(getattr(event, what))}"
        elif isinstance(event, ev.StimulusLoaded):
            begun = f"{stamp(idle_ns + run.utc_offset_ns)} ulp-mlperf:"
            yield f"{begun} Loading file {plain_ascii(event.file)} segment {event.offset // stride}"
            yield f"{begin} Load complete."
            compared = "read back and equal" if event.read_back else "not read back"
            yield f"{begin} {event.size} bytes, SHA-256 {plain_ascii(event.sha256)}, {compared}"
        elif line is not None:
            yield f"{begin} {plain_ascii(line(event), _LONGEST_LINE)}"
        if isinstance(event, ev.Phase | ev.InferenceDone | ev.DutIdentified):
            idle_ns = event.t_ns
