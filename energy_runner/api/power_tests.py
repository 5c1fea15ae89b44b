# SPDX-License-Identifier: Apache-2.0
"""Run power test cases that are written for Zephyr's twister on any bench."""

import os
import shlex
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np

from energy_runner.analysis.energy.calibration import configured_source
from energy_runner.analysis.facts import gather
from energy_runner.analysis.power_test.cases import Case, find_cases
from energy_runner.analysis.power_test.phases import COUNT_HZ, Divided, averaged, divide_recording
from energy_runner.analysis.power_test.verdict import UNITS, JudgedPhase, judge, remarks
from energy_runner.analysis.recording.figures import body_span, current_source
from energy_runner.api.recordings import PARENT, RecordingBench, Stretch, recorder
from energy_runner.bench import Bench, BenchSpec
from energy_runner.errors import Argument, BenchFault, ConfigurationError, SessionError
from energy_runner.session.folder import JOURNAL, TRACE, write_json
from energy_runner.session.journal import Journal
from energy_runner.session.recording import read_recording
from energy_runner.session.trace import TraceReader
from energy_runner.wording import shown
from instruments.errors import one_line

__all__ = ["BenchProbe", "PowerCase", "power_test"]

SCHEMA = "energy-runner/power-test/1"
FILE = "power-test.json"
FLASH_S = 600.0
Outcome = Literal["passed", "failed", "cannot be told", "error"]


@dataclass(frozen=True)
class PowerCase:
    """What became of one power test case; `reason` says why it failed, or why there are no phases."""

    name: str
    file: Path
    outcome: Outcome
    virtual: bool
    reason: str = ""
    phases: tuple[JudgedPhase, ...] = ()
    remarks: tuple[str, ...] = ()
    folder: Path | None = None
    seconds: float = 0.0


def power_test(
    paths: Sequence[str | Path] | str | Path,
    bench: BenchSpec | Bench | str | Path,
    *,
    names: Sequence[str] = (),
    unit: str = "mA",
    count_hz: float = COUNT_HZ,
    from_off: bool = True,
    flash: str = "",
    seed: int = 0,
    parent: str | Path = PARENT,
    listener: Callable[[PowerCase], None] = lambda case: None,
) -> list[PowerCase]:
    """Measure the power test cases in files of twister, or below folders, one by one; return each outcome.

    A case fails if the RMS current of a phase is outside its tolerance beyond the uncertainty, or if there are
    fewer peaks than transitions. `names` are those to run. `unit` is that of `expected_rms_values`: "mA" as
    documented, or "0.1mA", which Zephyr's own script compares. Counts in a case are of samples at `count_hz`. With
    `from_off` the DUT is switched on when the measurement begins. `flash` is a command that is run before each
    case; `{test}` and `{folder}` in it become the name of the case and the folder of its file.

    Raises `ConfigurationError` for files, names or options that cannot be, before anything is switched on.
    """
    if unit not in UNITS:
        raise ConfigurationError(Argument("expected_unit", shown(unit)), f": is none of {', '.join(UNITS)}")
    if not 0 < count_hz <= 1e7:
        raise ConfigurationError(Argument("count_hz", f"{count_hz:g}"), ": is no rate of samples")
    given = [paths] if isinstance(paths, str | Path) else list(paths)
    cases = _chosen([case for path in given for case in find_cases(Path(path))], names)
    found = []
    with recorder(bench, seed=seed, parent=parent, doing="power-test") as opened:
        for case in cases:
            one = _measured(opened, case, unit=unit, count_hz=count_hz, from_off=from_off, flash=flash)
            found.append(one)
            listener(one)
    return found


def analyze_power_test(
    folder: str | Path, case: Case, *, unit: str = "mA", count_hz: float = COUNT_HZ
) -> PowerCase:
    """Derive the verdicts of a case from the facts of its recording, and write them as `power-test.json`."""
    folder = Path(folder)
    recording = read_recording(folder)
    asked = case.measurements
    divided: Divided | None = None
    reason = ""
    with TraceReader(folder / TRACE) as trace:
        try:
            facts = gather(Journal(folder / JOURNAL, exchanges=False))
            divided = divide_recording(recording, facts, trace, asked, count_hz)
        except SessionError as error:
            reason = one_line(error)
    judged = judge(divided, asked, unit) if divided is not None else []
    outside = [str(one) for one in judged if one.verdict == "outside"]
    outcome: Outcome = "passed"
    if divided is None or outside:
        outcome, reason = "failed", reason or "; ".join(outside)
    elif any(one.verdict in {"cannot be told", "not judged"} for one in judged):
        outcome = "cannot be told"
    found = PowerCase(
        name=case.name,
        file=case.file,
        outcome=outcome,
        virtual=recording.virtual,
        reason=reason,
        phases=tuple(judged),
        remarks=tuple(remarks(judged, divided, asked, unit)) if divided is not None else (),
        folder=folder,
        seconds=(recording.end_ns - recording.begin_ns) / 1e9,
    )
    write_json(folder / FILE, as_document(found))
    return found


def as_document(case: PowerCase) -> dict[str, Any]:
    """Return the outcome of a case for JSON, in SI."""
    return {
        "schema": SCHEMA,
        **asdict(case),
        "file": str(case.file),
        "folder": str(case.folder) if case.folder is not None else None,
    }


def _chosen(cases: list[Case], names: Sequence[str]) -> list[Case]:
    known = {case.name for case in cases}
    for name in names:
        if name not in known:
            raise ConfigurationError(
                Argument("test", shown(name)), f": no such power test. Try: {', '.join(sorted(known)[:10])}"
            )
    return [case for case in cases if not names or case.name in names]


def _measured(
    bench: RecordingBench, case: Case, *, unit: str, count_hz: float, from_off: bool, flash: str
) -> PowerCase:
    if flash:
        bench.power(on=True)
        _flash(flash, case)
    with bench.measure(case.name, from_off=from_off) as stretch:
        stretch.wait(case.measurements.measurement_duration)
    return analyze_power_test(stretch.folder, case, unit=unit, count_hz=count_hz)


def _flash(command: str, case: Case) -> None:
    """Run the command that puts a case's firmware on the DUT; raise `BenchFault` if it fails."""
    names = {"{test}": case.name, "{folder}": str(case.file.parent)}
    words = shlex.split(command, posix=os.name != "nt")
    for mark, text in names.items():
        words = [word.replace(mark, text) for word in words]
    try:
        done = subprocess.run(words, timeout=FLASH_S, check=False, stdin=subprocess.DEVNULL)  # noqa: S603 - as asked
    except (OSError, subprocess.TimeoutExpired) as error:
        raise BenchFault(f"{case.name}: {shown(words[0])} put no firmware on the DUT: {one_line(error)}") from None
    if done.returncode:
        raise BenchFault(
            f"{case.name}: {shown(words[0])} ended with status {done.returncode}; nothing was measured"
        )


@dataclass
class BenchProbe:
    """A bench in the form of a power monitor of Zephyr's power harness, for a `probe_class` fixture of one's own.

    `connect` opens the bench file, `measure` records for so many seconds, `get_data` returns the current in A at
    `count_hz`, and `disconnect` switches the supply off.
    """

    count_hz: float = COUNT_HZ
    from_off: bool = True
    parent: str | Path = PARENT
    _opened: Any = None
    _bench: RecordingBench | None = None
    _last: Stretch | None = field(default=None)

    def connect(self, power_device_path: str) -> None:
        """Open the bench that is called so."""
        self._opened = recorder(power_device_path, parent=self.parent, doing="twister")
        self._bench = self._opened.__enter__()

    def init(self, device_id: str | None = None) -> bool:
        """Do nothing more: the bench file says how it is set."""
        return self._bench is not None

    def measure(self, time: float = 0.0, duration: float = 0.0, **_: object) -> None:
        """Record for `time` seconds; later versions of the harness call it `duration`."""
        if self._bench is None:
            raise ConfigurationError("the bench is not open. Try: connect(NAME) before measure()")
        with self._bench.measure("twister", from_off=self.from_off) as stretch:
            stretch.wait(time or duration)
        self._last = stretch

    def get_data(self, *_: object) -> list[float]:
        """Return the current of the last recording, A, a value for each period of `count_hz`."""
        if self._last is None:
            raise ConfigurationError("nothing was measured yet. Try: measure(SECONDS) before get_data()")
        folder = self._last.folder
        recording, facts = read_recording(folder), gather(Journal(folder / JOURNAL, exchanges=False))
        with TraceReader(folder / TRACE) as trace:
            if facts.monitor is None:
                raise SessionError(f"{folder}: no sampler was configured")
            source = configured_source(trace, facts.monitor)
            span = body_span(recording, facts, source)
            each = max(1.0, 1.0 / source.period_s / self.count_hz)
            first, last = int(np.ceil(span.start)), min(source.length, int(span.stop))
            read = current_source(source, facts.monitor.voltage_set_v).read(first, last)
        values: list[float] = averaged(np.asarray(read, dtype=np.float64), each).tolist()
        return values

    def disconnect(self) -> None:
        """Switch the supply off and close the bench; safe to call twice."""
        opened, self._opened, self._bench = self._opened, None, None
        if opened is not None:
            opened.__exit__(None, None, None)
