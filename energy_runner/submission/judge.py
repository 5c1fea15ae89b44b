# SPDX-License-Identifier: Apache-2.0
"""Judge the sessions of a submission by one rule set; no other stage of an export evaluates rules.

Every figure is derived again from the sessions' facts; a stored result.json is not used.
"""

from dataclasses import dataclass
from pathlib import Path

from energy_runner.benchmarks.catalogue import load_benchmark
from energy_runner.errors import SessionError
from energy_runner.rules import DEFAULT, RuleSet, evaluate, load_rule_set
from energy_runner.session.folder import Session
from energy_runner.session.result import Result
from energy_runner.submission.model import FOLDERS, MODES, REQUIRED_MODES, Entry
from energy_runner.submission.names import plain_ascii
from energy_runner.submission.run import make_run
from energy_runner.submission.sessions import Sorted


@dataclass(frozen=True)
class Judged:
    """The benchmarks of a submission, the windows that the rule set demands, and notes on it for every file."""

    entries: list[Entry]
    windows: int
    notes: list[str]


def judge(found: Sorted, rule_set: str | Path | None) -> Judged:
    """Return the benchmarks of a submission, each session judged by `rule_set` (or the default) with the others.

    Raises `ConfigurationError` for an unknown rule set, `SessionError` for a session that cannot be read.
    """
    rules = load_rule_set(rule_set or DEFAULT)
    entries = []
    for name, sessions in found.items():
        benchmark = load_benchmark(name)
        runs = {
            mode: make_run(sessions[mode], _result(sessions, mode, rules, set(found)))
            for mode in MODES
            if mode in sessions
        }
        row = rules.benchmarks.get(name)
        label_files = (row.stimuli if row else ()) or (benchmark.stimuli,)
        entries.append(Entry(benchmark, FOLDERS[name], runs, label_files))
    of_file = f"NOTE judged by the rule set '{rules.id}', a file (SHA-256 {rules.sha256})"
    notes = [] if rules.sha256 is None else [of_file]
    notes += [_stimuli_note(entry) for entry in entries]
    return Judged(entries, int(rules.limit("five-windows")), [note for note in notes if note])


def _stimuli_note(entry: Entry) -> str:
    """Return for every file of an export that stimuli are not, or not known to be, official; empty if they are."""
    found = entry.runs["accuracy"].result.stimuli
    if found is None or found.status == "official":
        return ""
    return plain_ascii(f"NOTE stimuli of {entry.benchmark.id}: {found.status}: {found.detail}", 300)


def _result(sessions: dict[str, Session], mode: str, rules: RuleSet, beside: set[str]) -> Result:
    session = sessions[mode]
    accuracy, performance = (sessions[other] if other != mode else None for other in REQUIRED_MODES)
    try:
        return evaluate(session, accuracy, performance, rules, beside=beside)
    except SessionError as error:
        where = "" if str(session.path) in str(error) else f"{session.path}: "
        raise SessionError(f"{where}{error}") from error
