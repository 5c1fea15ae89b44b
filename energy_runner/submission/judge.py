"""Judge the sessions of a submission by the rules of today; this is the one place that asks the rules.

Every figure is derived from the sessions' facts again; a result.json is not believed.
"""

from energy_runner.benchmarks.catalogue import load_benchmark
from energy_runner.errors import SessionError
from energy_runner.rules import RuleSet, evaluate
from energy_runner.session.folder import Session
from energy_runner.session.result import Result
from energy_runner.submission.model import FOLDERS, MODES, REQUIRED_MODES, Entry
from energy_runner.submission.run import make_run
from energy_runner.submission.sessions import Sorted


def judge(found: Sorted, rules: RuleSet) -> list[Entry]:
    """Return the benchmarks of a submission, each session judged by `rules` beside the others.

    Raises `SessionError` for a session that cannot be read.
    """
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
    return entries


def _result(sessions: dict[str, Session], mode: str, rules: RuleSet, beside: set[str]) -> Result:
    session = sessions[mode]
    accuracy, performance = (sessions[other] if other != mode else None for other in REQUIRED_MODES)
    try:
        return evaluate(session, accuracy, performance, rules, beside=beside)
    except SessionError as error:
        where = "" if str(session.path) in str(error) else f"{session.path}: "
        raise SessionError(f"{where}{error}") from error
