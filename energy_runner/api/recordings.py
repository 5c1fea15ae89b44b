# SPDX-License-Identifier: Apache-2.0
"""Record what a DUT draws while the caller's own code runs: the body of a `with` statement."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from energy_runner.analysis.facts import gather
from energy_runner.analysis.recording.figures import Figure, Recorded, measure_recording
from energy_runner.analysis.recording.judge import Judged, judge, limits_of
from energy_runner.api.benches import load_bench
from energy_runner.bench import Bench, BenchSpec, build_bench
from energy_runner.bench.calibration import check_in_force
from energy_runner.director.attendant import Attendant
from energy_runner.director.recording import Began
from energy_runner.errors import ConfigurationError
from energy_runner.session.folder import CLAIM, JOURNAL, TRACE, create_session, give_up_session, write_json
from energy_runner.session.journal import Journal
from energy_runner.session.record import environment
from energy_runner.session.recording import (
    FIGURES,
    Recording,
    RecordingTruth,
    read_recording,
    write_recording,
)
from energy_runner.session.trace import TraceReader
from energy_runner.version import version
from instruments.clock import RealClock, utc_text
from instruments.devices.dut.driver import Answer
from instruments.errors import named, one_line

__all__ = ["Figure", "Judged", "Recorded", "RecordingBench", "Stretch", "analyze_recording", "recorder"]

PARENT = Path("recordings")
SCHEMA = "energy-runner/figures/1"
_COMMAND_S = 10.0


@dataclass
class Stretch:
    """A stretch of the caller's code that is being recorded; `result` and `judged` are there when it has ended."""

    name: str
    folder: Path
    _attendant: Attendant
    recorded: Recorded | None = None
    judged: list[Judged] = field(default_factory=list)

    @property
    def result(self) -> Recorded:
        """Return what was drawn; raises `ConfigurationError` before the end of the body."""
        if self.recorded is None:
            raise ConfigurationError(f"{self.name}: has no figures before its body has ended")
        return self.recorded

    def wait(self, seconds: float) -> None:
        """Let time pass: the real one, or on a bench of twins the virtual one, which else stands still."""
        self._attendant.ask(lambda job: job.wait(seconds))

    def command(self, text: str, limit_s: float = _COMMAND_S) -> Answer:
        """Send a command to a DUT that speaks the benchmark's protocol; return its answer, up to `m-ready`."""
        return self._attendant.ask(lambda job: job.command(text, limit_s))

    def wait_for_boot(self, limit_s: float | None = None) -> None:
        """Wait until a DUT that was switched on says `m-ready`."""
        self._attendant.ask(lambda job: job.wait_for_boot(limit_s))


class RecordingBench:
    """An open bench that records; see `recorder`."""

    def __init__(self, attendant: Attendant, seed: int, parent: Path) -> None:
        self._attendant = attendant
        self._seed = seed
        self._parent = parent

    @property
    def virtual(self) -> bool:
        """Return whether anything on the bench is simulated: then nothing here is a measurement."""
        return self._attendant.virtual

    @contextmanager
    def measure(self, name: str, *, from_off: bool = False, **limits: float) -> Iterator[Stretch]:
        """Record while the body runs, then derive the figures and judge the limits.

        The DUT is on when the body begins; with `from_off` it is switched off before, and on as the body begins,
        so that its boot is recorded. `limits` are `max_uj`, `max_mj`, `max_ua`, `max_ma`, `max_peak_ma`, `max_uw`,
        `max_mw`, `max_w` and `max_s`, on energy, mean and peak current, mean power and duration; they raise
        nothing, see `judged`. An error of the body is raised as it is, and the recording kept.
        """
        wanted = limits_of(limits)
        folder = create_session(self._parent, self._called(name))
        try:
            began = self._attendant.ask(lambda job: job.begin(folder, from_off=from_off))
        except BaseException:
            give_up_session(folder)
            raise
        stretch = Stretch(name, folder, self._attendant)
        try:
            yield stretch
        except BaseException as error:
            # What ended the body is raised, whatever becomes of its recording.
            try:
                self._end(stretch, began, from_off=from_off, limits=wanted, reason=named(error))
            except Exception as another:
                error.add_note(f"{folder}: the recording is incomplete: {one_line(another)}")
            raise
        self._end(stretch, began, from_off=from_off, limits=wanted)
        stretch.recorded = analyze_recording(folder)
        stretch.judged = judge(stretch.recorded, wanted)

    def _end(
        self, stretch: Stretch, began: Began, *, from_off: bool, limits: dict[str, float], reason: str = ""
    ) -> None:
        try:
            end_ns = self._attendant.ask(lambda job: job.end())
            facts = self._facts(stretch.name, (began.start_ns, began.begin_ns, end_ns), from_off=from_off)
            how = {"outcome": "failed" if reason else "completed", "reason": reason, "limits": limits}
            write_recording(stretch.folder, facts.model_copy(update=how))
        finally:
            (stretch.folder / CLAIM).unlink(missing_ok=True)

    def power(self, *, on: bool) -> None:
        """Switch the DUT on or off between two recordings."""
        self._attendant.ask(lambda job: job.power(on=on))

    def _called(self, name: str) -> str:
        stamp = utc_text(RealClock().utc_ns()).partition(".")[0].replace("-", "").replace(":", "")
        plain = "".join(one if one.isalnum() or one in "-_." else "-" for one in name)[:80] or "recording"
        return f"{stamp}Z-{plain}" + ("-virtual" if self.virtual else "")

    def _facts(self, name: str, times_ns: tuple[int, int, int], *, from_off: bool) -> Recording:
        bench = self._attendant.bench
        start_ns, begin_ns, end_ns = times_ns
        truth = None
        if bench.twin is not None:
            history = bench.twin.world.history
            (first_j, last_j), (first_c, last_c) = (
                each([begin_ns, end_ns]).tolist() for each in (history.energy_j, history.charge_c)
            )
            truth = RecordingTruth(energy_j=last_j - first_j, charge_c=last_c - first_c)
        return Recording(
            name=name,
            software=f"energy-runner {version()}",
            started_utc=utc_text(bench.clock.utc_ns()),
            virtual=self.virtual,
            bench=bench.spec.model_dump(mode="json", exclude_none=True),
            seed=self._seed,
            from_off=from_off,
            start_ns=start_ns,
            begin_ns=begin_ns,
            end_ns=end_ns,
            outcome="completed",
            truth=truth,
            environment=environment(),
        )


@contextmanager
def recorder(
    bench: BenchSpec | Bench | str | Path, *, seed: int = 0, parent: str | Path = PARENT, doing: str = "recordings"
) -> Iterator[RecordingBench]:
    """Open a bench and record what its DUT draws in `measure(...)` blocks; the supply is off at the end.

        with er.recorder("my-bench.toml") as bench:
            with bench.measure("idle") as m:
                m.wait(2.0)
            print(m.result.energy_j)

    Raises `ConfigurationError` for a bench that cannot record, before anything is opened; `BenchFault` and the
    instruments' errors. Call this in the main thread, where Ctrl-C and SIGTERM switch the supply off, too.
    """
    if isinstance(bench, Bench):
        built = bench
    else:
        spec = bench if isinstance(bench, BenchSpec) else load_bench(bench)
        built = build_bench(spec, "energy", seed=seed)
    check_in_force(built.spec, built.clock)
    attendant = Attendant(built, doing)
    try:
        yield RecordingBench(attendant, seed, Path(parent))
    finally:
        attendant.close()


def analyze_recording(folder: str | Path) -> Recorded:
    """Derive the figures of a recording from its facts, and write them as `figures.json`.

    Raises `SessionError` for facts that are not as they were sealed, or from which nothing can be derived.
    """
    folder = Path(folder)
    recording = read_recording(folder)
    with TraceReader(folder / TRACE) as trace:
        found = measure_recording(recording, gather(Journal(folder / JOURNAL, exchanges=False)), trace)
    write_json(folder / FIGURES, as_document(found, judge(found, recording.limits)))
    return found


def as_document(recorded: Recorded, judged: Sequence[Judged] = ()) -> dict[str, Any]:
    """Return the figures of a recording for JSON, in SI."""
    return {"schema": SCHEMA, **asdict(recorded), "limits": [asdict(one) for one in judged]}
