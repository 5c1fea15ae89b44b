# SPDX-License-Identifier: Apache-2.0
"""A good session of each mode that every rule passes, and for each rule a fault that only this rule catches.

A new rule needs a line in `FAULTS`: `test_each_rule_alone.py` fails until it has one.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from energy_runner.rules import RuleSet, evaluate, load_rule_set
from energy_runner.session import events as ev
from energy_runner.session.folder import Session, write_sealed
from energy_runner.session.result import Result
from tests.support.bent_runs import Change, bench, edit, insert, lose, monitor, power, record, volts
from tests.support.exchanged import with_exchange
from tests.support.pinned import FORGED
from tests.support.synthetic import ACCURACY, Run, Setup, host_ns, make_run

TEN = (0.0,) * 7 + (1.0,) + (0.0,) * 2
SETUP = Setup(period_s=0.02, benchmark="ic01", laps=True, outputs=TEN)
BENCH = {
    "monitor": {"driver": "lpm01a", "calibration": {"calibrated_on": "2024-06-01", "due": "2025-06-01"}},
    "environment": {"temperature_c": 23.0},
}
CLOCK = {"name": "clock", "relative": 1e-4, "absolute": 0.0, "unit": "", "source": "page 3"}
WITH_CLOCK = ACCURACY | {"terms": [*ACCURACY["terms"], CLOCK]}


@dataclass(frozen=True)
class Given:
    """What is judged: a run, and what is given beside it."""

    run: Run
    accuracy: Run | None = None
    performance: Run | None = None
    beside: frozenset[str] = frozenset({"ic01"})
    after: Callable[[Path], object] = lambda folder: None  # the session was sealed


@dataclass(frozen=True)
class Fault:
    """What is given with one fault in it, to be compared with a good run of the same `mode`.

    `also` are rules that cannot but fail with it, each with the reason. `laboratory` asks which binding rules of
    `lab` fail, for a rule whose place in a suite others take.
    """

    mode: str
    given: Callable[[], Given]
    also: dict[str, str] = field(default_factory=dict)
    laboratory: bool = False


def every_rule() -> RuleSet:
    """Return a rule set that asks every rule: that of the suite, and what only a laboratory asks."""
    suite, lab = load_rule_set("mlperf-tiny-1.4"), load_rule_set("lab")
    return suite.model_copy(update={"id": "every-rule", "rules": {**lab.rules, **suite.rules}})


def good(mode: str) -> Given:
    """Return a good run of hardware in one mode, with the other two beside it."""
    if mode == "accuracy":
        return Given(made(mode))
    return Given(made(mode), accuracy=made("accuracy"), performance=made("performance"))


def made(
    mode: str,
    bend: Change = lambda run: run,
    *,
    setup: Setup = SETUP,
    before: Change = lambda run: run,
    made_inferences: int | None = None,
    **bytes_: Any,
) -> Run:
    """Return a good run, bent `before` its bytes were exchanged or after; the rest is as where it goes.

    `made_inferences` is how often the trace repeats in each window, where the DUT states another number.
    """
    run = bench(**BENCH)(make_run(setup, mode=mode))
    known = load_rule_set("mlperf-tiny-1.4").benchmarks.get(setup.benchmark)
    names = dict(enumerate(known.first[0] if known else ()))
    stimuli = [one.model_copy(update={"file": names.get(k, one.file)}) for k, one in enumerate(run.record.stimuli)]
    run = record(software="MLCommons runner", stimuli=stimuli)(run)
    if mode == "accuracy":
        return bend(before(run))
    run.change(ev.InferenceDone, lambda _, e: e.model_copy(update={"results": one_hot(e.stimulus)}))
    if mode == "energy":
        run.change(ev.MonitorConfigured, lambda _, e: e.model_copy(update={"accuracy": WITH_CLOCK}))
        run = probe(on=False)(volts(1.8)(monitor()(repeating(made_inferences or setup.inferences)(run))))
    return bend(with_exchange(before(run), **{"relay": mode == "energy"} | bytes_))


def probe(*, on: bool | None) -> Change:
    """Let the bench's switch be read before the first window and after the last."""

    def change(run: Run) -> Run:
        last = max(e.t_ns for e in run.events if isinstance(e, ev.InferenceDone))
        run.insert(ev.SwitchRead(t_ns=host_ns(0.1), on=False, switch="cut"))
        return run.insert(ev.SwitchRead(t_ns=last + 1, on=on, switch="cut"))

    return change


def repeating(inferences: int) -> Change:
    """Let the samples of each window repeat so many times, with the energy that they had."""

    def change(run: Run) -> Run:
        period_s = run.setup.period_s
        for true in run.truth:
            first, last = math.ceil(true.start_s / period_s), math.floor(true.stop_s / period_s)
            each = (true.stop_s - true.start_s) / period_s / inferences
            phase = ((np.arange(first, last) - true.start_s / period_s) / each) % 1
            run.samples[0][first:last] *= np.where(phase < 0.5, 1.2, 0.8).astype(np.float32)
        return run

    return change


def one_hot(label: int) -> list[float]:
    return [float(k == label) for k in range(10)]


def numbered(kind: type[ev.Event], update: Callable[[int], dict[str, object]]) -> Change:
    """Change each event of a kind by its number, from 0; in an energy run inference 0 is the trial."""
    return lambda run: run.change(kind, lambda n, event: event.model_copy(update=update(n)))


def stimulus(number: int, **update: object) -> Change:
    """Change one stimulus of the record."""

    def change(run: Run) -> Run:
        stimuli = [*run.record.stimuli]
        stimuli[number] = stimuli[number].model_copy(update=update)
        return record(stimuli=stimuli)(run)

    return change


def judged(given: Given, folder: Path, rules: RuleSet) -> Result:
    """Return the result of what is given, by a rule set."""
    others = {
        f"{mode}_session": getattr(given, mode).write(folder / mode)
        for mode in ("accuracy", "performance")
        if getattr(given, mode) is not None
    }
    write_sealed(folder / "s", given.run.write(folder / "s").record)
    given.after(folder / "s")
    return evaluate(Session.open(folder / "s"), rule_set=rules, beside=given.beside, **others)


def caught(result: Result) -> set[str]:
    """Return the rules that did not pass."""
    return {verdict.id for verdict in result.verdicts if not verdict.passed}


def alone(mode: str, *bend: Change, **how: Any) -> Callable[[], Given]:
    """Return a bent run with nothing beside it."""
    return lambda: Given(made(mode, *bend, **how))


def with_other(mode: str, *bend: Change, **how: Any) -> Callable[[], Given]:
    """Return a good energy run with a bent one of another mode beside it."""
    return lambda: replace(good("energy"), **{mode: made(mode, *bend, **how)})


def wrong(count: int) -> Change:
    """Let the first answers be wrong."""
    return numbered(ev.InferenceDone, lambda n: {"results": one_hot((n + 1) % 10)} if n < count else {})


def edited(folder: Path) -> None:
    """Change the journal: one event is a little later than it was when the run was sealed."""
    journal = folder / "journal.jsonl"
    lines = journal.read_bytes().splitlines(keepends=True)
    lines[-1] = lines[-1].replace(b'"t_ns":1', b'"t_ns":2', 1)
    journal.write_bytes(b"".join(lines))


def by_a_faster_host(run: Run) -> Run:
    """Let every host time grow 0.6 % faster than the monitor's samples."""
    names = ("t_ns", "sent_ns", "start_line_ns", "done_line_ns")

    def later(event: ev.AnyEvent) -> ev.AnyEvent:
        times = {name: getattr(event, name, None) for name in names}
        return event.model_copy(
            update={
                name: host_ns((t_ns - host_ns(0)) / 1e9 * 1.006)
                for name, t_ns in times.items()
                if t_ns is not None
            }
        )

    run.events = [later(event) for event in run.events]
    return run


def late_laps(run: Run) -> Run:
    """Let each window's second lap be 70 ms late by the IO manager's clock; laps 0 to 2 are of sync and trial."""

    def bend(n: int, event: ev.AnyEvent) -> ev.AnyEvent:
        return event.model_copy(update={"lap_us": event.lap_us + 70_000}) if n > 2 and n % 2 == 0 else event  # type: ignore[union-attr]

    return run.change(ev.LapCaptured, bend)


WITHHELD = {
    "score": "it is withheld",
    "uncertainty-complete": "there is no score",
}
WINDOW_2 = 3  # inference 0 is the trial

FAULTS: dict[str, Fault] = {
    "run-completed": Fault("energy", alone("energy", record(outcome="interrupted"))),
    "score": Fault(
        "performance", alone("performance", before=edit(ev.InferenceDone, dut_laps_us=[])), laboratory=True
    ),
    "supply-off": Fault("energy", alone("energy", record(supply_off_confirmed=None))),
    "facts-sealed": Fault(
        "energy",
        lambda: replace(good("energy"), after=edited),
        WITHHELD | {"throughput-agrees": "it is withheld, too"},
    ),
    "events-agree": Fault(
        "energy",
        alone("energy", numbered(ev.StimulusLoaded, lambda n: {"sha256": "0" * 64} if n == 1 else {})),
        WITHHELD,
    ),
    "benchmark": Fault(
        "performance",
        alone("performance", setup=replace(SETUP, benchmark="demo-shapes")),
        {"first-stimuli": "the suite has no label file of it"},
    ),
    "progressive-sizes": Fault(
        "performance",
        lambda: Given(made("performance", setup=replace(SETUP, benchmark="ic02")), beside=frozenset()),
    ),
    "runner": Fault("energy", alone("energy", record(software="energy-runner 1.0"))),
    "model-string": Fault("energy", alone("energy", before=edit(ev.DutIdentified, model="ic01_int16"))),
    "five-windows": Fault("energy", alone("energy", setup=replace(SETUP, windows=4))),
    "different-stimuli": Fault(
        "energy",
        alone("energy", contents=lambda k, size: bytes([0 if k == 1 else k]) * size),
    ),
    "first-stimuli": Fault("energy", alone("energy", before=stimulus(2, file="elsewhere.bin"))),
    "official-stimuli": Fault("energy", alone("energy", before=stimulus(2, label=FORGED))),
    "official-set": Fault("accuracy", alone("accuracy", stimulus(2, label=FORGED))),
    "window-length": Fault("energy", alone("energy", setup=replace(SETUP, window_s=9.9))),
    "window-inferences": Fault("energy", alone("energy", setup=replace(SETUP, inferences=9))),
    "warm-ups": Fault(
        "energy",
        alone("energy", before=numbered(ev.InferenceDone, lambda n: {"warmups": 2} if n == WINDOW_2 else {})),
    ),
    "read-back": Fault("energy", alone("energy", read_back=False)),
    "inputs-read-back": Fault("accuracy", alone("accuracy", edit(ev.StimulusLoaded, read_back=False))),
    "edges-match-commands": Fault(
        "energy",
        alone("energy", insert(ev.EdgeCaptured(t_ns=host_ns(1.0), position=50.0, half_width=0.0, counter=None))),
        WITHHELD,
    ),
    "no-lost-samples": Fault(
        "energy", alone("energy", lose(1, 1)), {"uncertainty-complete": "what was lost is not known"}
    ),
    "not-over-range": Fault(
        "energy",
        alone("energy", insert(ev.SamplesOverRange(t_ns=host_ns(5.0), at=300, count=1, detail=""))),
        {
            "score": "a reading beyond the range withholds it",
            "five-windows": "its window has no figure",
            "uncertainty-complete": "there is no score",
        },
    ),
    "sample-clock": Fault(
        "energy",
        alone("energy", setup=replace(SETUP, laps=False), before=by_a_faster_host),
        WITHHELD | {"lap-clock": "laps would show it too, so there are none"},
    ),
    "trace-repeats": Fault("energy", alone("energy", made_inferences=50)),
    "lap-clock": Fault("energy", alone("energy", before=late_laps)),
    "dut-clock": Fault(
        "energy",
        alone(
            "energy", before=numbered(ev.InferenceDone, lambda n: {"dut_laps_us": [0, 10_560_000]} if n else {})
        ),
    ),
    "voltage": Fault("energy", alone("energy", volts(1.9))),
    "spread": Fault("energy", alone("energy", power(1.0, 1.0, 1.03, 1.0, 1.0))),
    "drift": Fault("energy", alone("energy", power(1.0, 1.004, 1.008, 1.012, 1.016))),
    "accuracy-target": Fault("accuracy", alone("accuracy", wrong(40))),
    "same-firmware": Fault("energy", with_other("performance", before=edit(ev.DutIdentified, profile="other"))),
    "throughput-agrees": Fault("energy", with_other("performance", setup=replace(SETUP, inferences=105))),
    "same-answers": Fault("energy", with_other("performance", before=wrong(1))),
    "instrument-known": Fault("energy", alone("energy", edit(ev.DeviceIdentified, identity={"make": "M"}))),
    "calibration": Fault(
        "energy",
        alone("energy", bench(**BENCH | {"monitor": {"driver": "x", "calibration": {"due": "2024-12-31"}}})),
    ),
    "probe-off": Fault("energy", alone("energy", edit(ev.SwitchRead, on=True))),
    "temperature": Fault("energy", alone("energy", bench(**BENCH | {"environment": {"temperature_c": 20.0}}))),
    "uncertainty-complete": Fault("energy", alone("energy", edit(ev.MonitorConfigured, accuracy=ACCURACY))),
    "not-simulated": Fault("energy", alone("energy", record(virtual=True))),
}
# What a good run of a mode does not pass for want of facts.
UNKNOWN = {"accuracy": {"events-agree"}, "performance": {"trace-repeats"}}
