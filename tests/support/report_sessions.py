# SPDX-License-Identifier: Apache-2.0
"""Hand-made sessions for the tests of the report: small, quick, and with every kind of fact in them."""

import hashlib
import tempfile
from functools import cache
from pathlib import Path

import numpy as np

from energy_runner.session import events as ev
from energy_runner.session.folder import Session, write_record
from energy_runner.session.journal import JournalWriter
from energy_runner.session.record import BenchmarkFacts, Record, RunFacts, StimulusFile, TruthWindow
from energy_runner.session.trace import TraceWriter

PERIOD_S = 1e-3
INFERENCES = 40
WINDOW_SAMPLES = 2000
STEP_SAMPLES = 2600
HOLE = 1000 + 2 * STEP_SAMPLES + 800  # where samples may be missing
IDLE_W, INFER_W = 0.018, 0.034
ACCURACY = {
    "document": "Data sheet of a monitor that does not exist",
    "terms": [
        {"name": "gain", "relative": 0.02, "absolute": 0.0, "unit": "", "source": "page 3"},
        {"name": "offset", "relative": 0.0, "absolute": 6.6e-6, "unit": "W", "source": "page 4"},
    ],
    "assumptions": ["Nothing is known about the clock."],
}


def _stimuli(count: int) -> list[StimulusFile]:
    return [
        StimulusFile(
            file=f"input_{i:03}.bin", label=i % 12, size=490, sha256=hashlib.sha256(bytes([i % 256])).hexdigest()
        )
        for i in range(count)
    ]


def _record(mode: str, stimuli: list[StimulusFile], metric: str) -> Record:
    return Record(
        session_id=f"2026-01-02T03-04-05Z-kws01-{mode}",
        software="energy-runner 0.1.0",
        started_utc="2026-01-02T03:04:05Z",
        virtual=False,
        bench={
            "name": "desk 3",
            "description": "a hand-made bench",
            "monitor": {"driver": "lpm01a", "port": "/dev/ttyACM0", "voltage_v": 3.3},
            "io_manager": {"port": "/dev/ttyACM1"},
            "dut": {},
        },
        benchmark=BenchmarkFacts(
            id="kws01",
            task="keyword spotting",
            model_string="kws01",
            input_bytes=490,
            classes=12 if metric == "top1" else 2,
            metric=metric,
            target=90.0 if metric == "top1" else 0.85,
        ),
        run=RunFacts(
            mode=mode,
            windows=5 if mode != "accuracy" else 0,
            inferences=INFERENCES,
            warmups=1,
            min_window_s=1.0,
            min_inferences=10,
            read_back=True,
            seed=1,
        ),
        stimuli=stimuli,
        outcome="completed",
        supply_off_confirmed=True,
    )


def _boxes(journal: JournalWriter) -> None:
    for box, make, model in (("io-manager", "Arduino", "UNO"), ("monitor", "ST", "LPM01A"), ("dut", "acme", "m4")):
        identity = {"kind": box, "make": make, "model": model, "serial": "S123", "firmware": "1.0.5"}
        journal.write(ev.DeviceIdentified(t_ns=2, box=box, identity=identity | {"virtual": False, "detail": {}}))
    journal.write(
        ev.DutIdentified(t_ns=3, name="acme m4", profile="ULPMark for tinyML Firmware V0.0.1", model="kws01")
    )


def _inference(t_ns: int, purpose: str, place: tuple[int, int], span: tuple[int, int], **more: object) -> ev.Event:
    """`place` is (stimulus, inferences), `span` the host times of the start and the done line."""
    return ev.InferenceDone(
        t_ns=t_ns,
        purpose=purpose,
        stimulus=place[0],
        inferences=place[1],
        warmups=1,
        sent_ns=span[0] - 50,
        start_line_ns=span[0],
        done_line_ns=span[1],
        **({"results": [0.1] * 11 + [0.2], "dut_laps_us": []} | more),
    )


def _power() -> np.ndarray:
    """Idle with five windows, each a train of inferences of two layers, and one spike."""
    total = 1000 + 5 * STEP_SAMPLES + 500
    power = np.full(total, IDLE_W)
    rng = np.random.default_rng(7)
    layer = np.where(np.arange(WINDOW_SAMPLES) % 50 < 20, 1.2, 0.85) * INFER_W
    for k in range(5):
        first = 1000 + k * STEP_SAMPLES
        power[first : first + WINDOW_SAMPLES] = layer * (1 + 0.002 * k)
    power[700] = 0.25
    return power * (1 + 0.01 * rng.standard_normal(total))


@cache
def _trace_bytes(lost: int) -> bytes:
    """Return a trace with `lost` missing samples, written once: opening a writer of pyjls takes long."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "trace.jls"
        with TraceWriter(path, [("energy", "J")], PERIOD_S) as trace:
            energy = (_power() * PERIOD_S).astype(np.float32)
            trace.append(0, [energy[:HOLE]])
            trace.append(HOLE + lost, [energy[HOLE + lost :]])
        return path.read_bytes()


def energy_session(parent: Path, *, lost: int = 0, change: dict | None = None, name: str = "energy") -> Session:
    """Build an energy session; `lost` samples are missing in window 3, `change` rewrites the record."""
    folder = parent / name
    folder.mkdir()
    power = _power()
    record = _record("energy", _stimuli(5), "top1")
    truth = [
        TruthWindow(
            start_s=0,
            stop_s=1,
            inferences=INFERENCES,
            energy_j=float(power[a : a + WINDOW_SAMPLES].sum()) * PERIOD_S,
        )
        for a in range(1000, 1000 + 5 * STEP_SAMPLES, STEP_SAMPLES)
    ]
    change = dict(change or {})
    if change.get("virtual"):
        change.setdefault("truth", truth)
    write_record(folder, record.model_copy(update=change))
    journal = JournalWriter(folder / "journal.jsonl")
    journal.write(ev.RunStarted(t_ns=1, utc_ns=0, benchmark="kws01", mode="energy"))
    _boxes(journal)
    journal.write(
        ev.MonitorConfigured(
            t_ns=4,
            voltage_set_v=3.3,
            period_s=PERIOD_S,
            signals=[{"name": "energy", "unit": "J"}],
            captures_edges=True,
            starts_on_edge=False,
            accuracy=ACCURACY,
        )
    )
    journal.write(ev.SupplySwitched(t_ns=4, on=True))
    journal.write(ev.VoltageMeasured(t_ns=5, voltage_v=3.298))
    journal.write(ev.AcquisitionStarted(t_ns=10))
    (folder / "trace.jls").write_bytes(_trace_bytes(lost))
    for k in range(5):
        start, stop = (1000 + k * STEP_SAMPLES + offset for offset in (0, WINDOW_SAMPLES))
        journal.write(ev.EdgesExpected(t_ns=start * 1_000_000, purpose="window", count=2))
        for place in (start, stop):
            journal.write(ev.EdgeCaptured(t_ns=place * 1_000_000, position=place, half_width=0.5, counter=None))
            journal.write(ev.SamplesArrived(t_ns=place * 1_000_000, end=place))
        if lost and k == 2:
            journal.write(
                ev.SamplesLost(t_ns=stop * 1_000_000, after=HOLE, before=HOLE + lost, missing=lost, detail="gap")
            )
        times = (start * 1_000_000, stop * 1_000_000)
        journal.write(_inference(times[1] + 1000, "window", (k, INFERENCES), times))
    journal.write(
        ev.AcquisitionStopped(t_ns=stop * 1_000_000 + 5000, samples=len(power), received=len(power) - lost)
    )
    journal.write(ev.SupplySwitched(t_ns=stop * 1_000_000 + 7000, on=False))
    journal.write(
        ev.RunStopped(t_ns=stop * 1_000_000 + 9000, outcome="completed", reason="", supply_off_confirmed=True)
    )
    journal.close()
    return Session.open(folder)


def accuracy_session(parent: Path, metric: str = "top1") -> Session:
    """Build an accuracy session of 60 stimuli: every tenth answer is wrong, or half the files are anomalies."""
    folder = parent / f"accuracy-{metric}"
    folder.mkdir()
    stimuli = _stimuli(60)
    if metric == "auc":
        stimuli = [s.model_copy(update={"label": i % 2}) for i, s in enumerate(stimuli)]
    write_record(folder, _record("accuracy", stimuli, metric))
    journal = JournalWriter(folder / "journal.jsonl")
    journal.write(ev.RunStarted(t_ns=1, utc_ns=0, benchmark="kws01", mode="accuracy"))
    _boxes(journal)
    for i, stimulus in enumerate(stimuli):
        answer = (stimulus.label + (i % 10 == 0)) % 12
        one_hot = [0.9 if k == answer else 0.01 for k in range(12)]
        t_ns = 10**7 * (i + 1)
        results = one_hot if metric == "top1" else [1.0 + stimulus.label + 0.05 * (i % 40)]
        journal.write(_inference(t_ns + 900, "accuracy", (i, 1), (t_ns + 100, t_ns + 800), results=results))
    journal.write(ev.RunStopped(t_ns=10**9, outcome="completed", reason="", supply_off_confirmed=None))
    journal.close()
    return Session.open(folder)


def performance_session(parent: Path) -> Session:
    """Build a performance session with five windows."""
    folder = parent / "performance"
    folder.mkdir()
    record = _record("performance", _stimuli(5), "top1")
    run = record.run.model_copy(update={"inferences": 200})
    write_record(folder, record.model_copy(update={"run": run}))
    journal = JournalWriter(folder / "journal.jsonl")
    journal.write(ev.RunStarted(t_ns=1, utc_ns=0, benchmark="kws01", mode="performance"))
    _boxes(journal)
    for k in range(5):
        start = (2 + 20 * k) * 10**9
        stop = start + 10**10 + k * 10**6
        laps = [start // 1000, stop // 1000]
        journal.write(_inference(stop + 1000, "window", (k, 200), (start, stop), dut_laps_us=laps))
    journal.write(ev.RunStopped(t_ns=10**12, outcome="completed", reason="", supply_off_confirmed=None))
    journal.close()
    return Session.open(folder)
