"""The sessions of a submission: what belongs together, and what must not be mixed."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from energy_runner.analysis.facts import Facts, gather
from energy_runner.benchmarks.catalogue import Benchmark, load_benchmark
from energy_runner.errors import ConfigurationError, SessionError
from energy_runner.rules import RuleSet, evaluate
from energy_runner.session.events import BoxIdentified
from energy_runner.session.folder import Session
from energy_runner.session.result import Result, Verdict
from energy_runner.submission.names import plain_ascii

# The folder of each benchmark in results/, as the checker knows them.
FOLDERS = {"ad01": "ad", "ic01": "ic", "ic02": "ic2", "kws01": "kws", "vww01": "vww"}
MODES = ("accuracy", "performance", "energy")
_REQUIRED = ("accuracy", "performance")


@dataclass(frozen=True)
class Run:
    """One session of a submission, judged."""

    session: Session
    result: Result

    @property
    def mode(self) -> str:
        """Return the session's mode."""
        return self.session.record.run.mode

    @property
    def name(self) -> str:
        """Return how messages and files call this run."""
        return f"{self.session.record.benchmark.id} {self.mode}"

    @cached_property
    def facts(self) -> Facts:
        """Return the session's events, sorted by kind."""
        return gather(self.session.journal(exchanges=False))

    @property
    def failed(self) -> list[Verdict]:
        """Return the verdicts that make the session invalid."""
        return [verdict for verdict in self.result.verdicts if verdict.binding and not verdict.passed]

    @property
    def virtual(self) -> bool:
        """Return whether anything in the session is a twin, whatever its record says."""
        record = self.session.record
        boxes = self.session.journal(exchanges=False).of(BoxIdentified)
        twin = any(box.identity.get("virtual") is True for box in boxes)
        return record.virtual or record.truth is not None or "virtual_dut_answers_from" in record.bench or twin

    @cached_property
    def firmware(self) -> tuple[str, str, str]:
        """Return name, profile and model as the DUT answered; raise `ConfigurationError` unless it did once."""
        answers = sorted({(dut.name, dut.profile, dut.model) for dut in self.facts.identified})
        if len(answers) != 1:
            found = "; ".join(" / ".join(answer) for answer in answers) or "nothing"
            raise ConfigurationError(
                f"{self.session.path}: the DUT must say once who it is; it said {plain_ascii(found)}"
            )
        return answers[0]

    @property
    def stimuli(self) -> set[tuple[str, str]]:
        """Return file and SHA-256 of every stimulus of the windows, or of the label file in accuracy mode."""
        record = self.session.record
        if self.mode == "accuracy":
            return {(stimulus.file, stimulus.sha256) for stimulus in record.stimuli}
        used = (record.stimuli[window.stimulus] for window in self.result.windows)
        return {(stimulus.file, stimulus.sha256) for stimulus in used}


@dataclass(frozen=True)
class Entry:
    """One benchmark of a submission: its runs by mode, accuracy and performance always, energy perhaps.

    `label_files` are the lengths of the label files that count as whole.
    """

    benchmark: Benchmark
    runs: dict[str, Run]
    label_files: tuple[int, ...]

    @property
    def folder(self) -> str:
        """Return the benchmark's folder in results/ and code/."""
        return FOLDERS[self.benchmark.id]


def gather_entries(paths: Sequence[Path], rules: RuleSet) -> list[Entry]:
    """Return the sessions in `paths` as benchmarks, in the order of their folders, each judged by `rules`.

    Raises `ConfigurationError` for sessions that do not make a submission together, `SessionError` for one that
    cannot be read.
    """
    if not paths:
        raise ConfigurationError("no session was named. Try: energy-runner export mlperf SESSION... --out DIR")
    sorted_in: dict[str, dict[str, Session]] = {}
    for path in paths:
        session = Session.open(path)
        record = session.record
        if record.benchmark.id not in FOLDERS:
            raise ConfigurationError(
                f"{path}: {plain_ascii(record.benchmark.id)} has no place in a submission "
                f"(known: {', '.join(FOLDERS)})"
            )
        modes = sorted_in.setdefault(record.benchmark.id, {})
        other = modes.setdefault(record.run.mode, session)
        if other is not session:
            raise ConfigurationError(
                f"{other.path} and {path} are both {record.benchmark.id} in {record.run.mode} mode. "
                "Try one of them"
            )
    entries = [
        _entry(load_benchmark(benchmark_id), sorted_in[benchmark_id], rules, set(sorted_in))
        for benchmark_id in FOLDERS
        if benchmark_id in sorted_in
    ]
    _check_together(entries)
    return entries


def _entry(benchmark: Benchmark, sessions: dict[str, Session], rules: RuleSet, beside: set[str]) -> Entry:
    missing = [mode for mode in _REQUIRED if mode not in sessions]
    if missing:
        raise ConfigurationError(
            f"{benchmark.id}: no session in {' or '.join(missing)} mode was named, and a submission needs it. "
            f"Try: energy-runner run {benchmark.id} --mode {missing[0]} ..."
        )
    runs = {}
    for mode in MODES:
        if mode in sessions:
            session = sessions[mode]
            try:
                accuracy, performance = (sessions[other] if other != mode else None for other in _REQUIRED)
                result = evaluate(session, accuracy, performance, rules, beside=beside)
            except SessionError as error:
                where = "" if str(session.path) in str(error) else f"{session.path}: "
                raise SessionError(f"{where}{error}") from error
            runs[mode] = Run(session, result)
    row = rules.benchmarks.get(benchmark.id)
    entry = Entry(benchmark, runs, (row.stimuli if row else ()) or (benchmark.stimuli,))
    _check_alike(entry, int(rules.limit("five-windows")))
    return entry


def _check_alike(entry: Entry, windows: int) -> None:
    """Refuse modes of one benchmark that were not measured on the same thing, with a stimulus for each window."""
    benchmark, accuracy = entry.benchmark, entry.runs["accuracy"]
    stated = {"model_string", "input_bytes", "classes", "metric", "target", "stride_bytes"}
    for run in entry.runs.values():
        facts = run.session.record.benchmark.model_dump(include=stated)
        wrong = [key for key in sorted(stated) if facts[key] != getattr(benchmark, key)]
        if wrong:
            raise ConfigurationError(
                f"{run.session.path}: is of another {benchmark.id} ({', '.join(wrong)} differ)"
            )
        if run.firmware != accuracy.firmware:
            raise ConfigurationError(
                f"{run.session.path} and {accuracy.session.path} are of different firmware: "
                f"{plain_ascii(' / '.join(run.firmware))} and {plain_ascii(' / '.join(accuracy.firmware))}"
            )
    timed = [run for mode, run in entry.runs.items() if mode != "accuracy"]
    for run in timed:
        if len(run.stimuli) != windows:
            raise ConfigurationError(
                f"{run.session.path}: {len(run.stimuli)} different stimuli were measured, a submission needs "
                f"all {windows}"
            )
        if run.stimuli != timed[0].stimuli:
            raise ConfigurationError(f"{run.session.path} and {timed[0].session.path} used different stimuli")
        if not run.stimuli <= accuracy.stimuli:
            raise ConfigurationError(
                f"{run.session.path}: its stimuli are not among those of {accuracy.session.path}"
            )


def _check_together(entries: Sequence[Entry]) -> None:
    """Refuse benchmarks that are not of one system."""
    runs = [run for entry in entries for run in entry.runs.values()]
    virtual = [run for run in runs if run.virtual]
    if virtual and len(virtual) < len(runs):
        real = next(run for run in runs if not run.virtual)
        raise ConfigurationError(
            f"{virtual[0].session.path} is simulated and {real.session.path} is not; they cannot be mixed"
        )
    for run in runs[1:]:
        if run.firmware[0] != runs[0].firmware[0]:
            raise ConfigurationError(
                f"{run.session.path} is of a DUT that calls itself {run.firmware[0][:60]!a}, "
                f"{runs[0].session.path} of {runs[0].firmware[0][:60]!a}; one export is for one system"
            )
    names = {entry.benchmark.id for entry in entries}
    if "ic02" in names and "ic01" not in names:
        raise ConfigurationError(
            "ic02 may only be submitted together with ic01. Try: name the sessions of ic01 too"
        )
