# SPDX-License-Identifier: Apache-2.0
"""Memory does not grow with the length of a run, neither while it goes on nor when it is analysed and reported.

The accuracy benchmark with sliding windows has 48,600 inferences: a process that reports a session of so many
windows is measured against one that reports a short one, on the same machine.
"""

import subprocess
import sys
from pathlib import Path

import pytest

from energy_runner.benchmarks.catalogue import load_benchmark
from energy_runner.session import events as ev
from energy_runner.session.folder import write_record
from energy_runner.session.journal import JournalWriter
from tests.support.places import ROOT
from tests.support.synthetic import make_run

pytestmark = pytest.mark.skipif(
    not Path("/proc/self/status").exists(), reason="only Linux tells a process's peak here"
)
FILES, WINDOWS = 248, 196  # of ad01
MOST_MB = 300
MOST_GROWTH_MB = 40

# Of this process alone: what `getrusage` says begins with the size of the process that started it.
PEAK = """
def peak_kb():
    with open("/proc/self/status") as status:
        return next(line.split()[1] for line in status if line.startswith("VmHWM"))
"""
REPORT = """
import sys
from pathlib import Path
from energy_runner.report.html import write_html
from energy_runner.rules import evaluate
from energy_runner.session.folder import Session, write_result

session = Session.open(Path(sys.argv[1]))
result = evaluate(session)
write_result(session.path, result)
write_html(session, result)
assert result.accuracy.value is not None, result.findings
print(peak_kb())
"""
RUN = """
import sys
from pathlib import Path
from dataclasses import replace
from energy_runner import api
from tests.support.small import small_plan

plan = small_plan(Path(sys.argv[1]) / "stimuli", "accuracy")
plan = replace(plan, inputs=plan.inputs * int(sys.argv[2]))
api.run(api.load_bench("virtual-lpm01a"), plan, out=Path(sys.argv[1]) / "s")
print(peak_kb())
"""


def peak_mb(script: str, *given: object) -> float:
    done = subprocess.run(
        [sys.executable, "-c", PEAK + script, *map(str, given)],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
    )
    assert done.returncode == 0, done.stderr
    return int(done.stdout) / 1024


def session_of(folder: Path, windows: int) -> Path:
    """An accuracy session of ad01 in which each file has so many windows, and every command its events."""
    run = make_run(mode="accuracy", benchmark="ad01", period_s=1e-3)
    benchmark = load_benchmark("ad01")
    size = benchmark.input_bytes + (windows - 1) * (benchmark.stride_bytes or 0)
    stimuli = [stimulus.model_copy(update={"size": size}) for stimulus in run.record.stimuli]
    folder.mkdir()
    write_record(folder, run.record.model_copy(update={"stimuli": stimuli}))
    first = next(event for event in run.events if isinstance(event, ev.InferenceDone))
    journal = JournalWriter(folder / "journal.jsonl")
    for event in run.events:
        if not isinstance(event, ev.InferenceDone | ev.RunStopped):
            journal.write(event)
    for number, stimulus in enumerate(stimuli):
        for window in range(windows):
            offset = window * (benchmark.stride_bytes or 0)
            t_ns = first.t_ns + (number * windows + window) * 10**8
            journal.write(
                ev.StimulusLoaded(
                    t_ns=t_ns,
                    index=number,
                    file=stimulus.file,
                    offset=offset,
                    size=benchmark.input_bytes,
                    sha256=stimulus.sha256,
                    read_back=False,
                )
            )
            results = [10.0 + 5.0 * stimulus.label + 0.001 * number]
            update = {"t_ns": t_ns + 1, "stimulus": number, "offset": offset, "results": results}
            journal.write(first.model_copy(update=update))
    journal.write(run.events[-1])
    journal.close()
    return folder


def test_a_report_of_48600_windows_needs_hardly_more_memory_than_one_of_496(tmp_path: Path, capsys) -> None:
    short, long = session_of(tmp_path / "short", 2), session_of(tmp_path / "long", WINDOWS)
    assert (long / "journal.jsonl").stat().st_size > 20e6
    little, much = peak_mb(REPORT, short), peak_mb(REPORT, long)
    with capsys.disabled():
        print(f"\nreport: {little:.0f} MB for {FILES * 2} windows, {much:.0f} MB for {FILES * WINDOWS}")
    assert much < MOST_MB
    assert much - little < MOST_GROWTH_MB


def test_a_long_run_needs_hardly_more_memory_than_a_short_one(tmp_path: Path, capsys) -> None:
    """The twins' world remembers the current of every inference; what is allowed beside it is 2 kB a window."""
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    little, much = peak_mb(RUN, tmp_path / "a", 20), peak_mb(RUN, tmp_path / "b", 1000)
    with capsys.disabled():
        print(f"\nrun: {little:.0f} MB for 100 windows, {much:.0f} MB for 5000")
    assert much - little < MOST_GROWTH_MB
