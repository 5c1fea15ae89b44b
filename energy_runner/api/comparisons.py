# SPDX-License-Identifier: Apache-2.0
"""Compare two sessions: whether B is better than A, and by how much."""

from dataclasses import dataclass
from os import PathLike
from pathlib import Path

from energy_runner.analysis.against.baseline import Baseline, baseline_of
from energy_runner.analysis.against.better import Difference, differences
from energy_runner.api.analysis import analyze
from energy_runner.api.baselines import load_baseline
from energy_runner.api.sessions import load_session
from energy_runner.session.folder import RECORD, RESULT, Session

__all__ = ["Difference", "SessionComparison", "compare_sessions"]

Comparable = Session | Baseline | str | PathLike[str]


@dataclass(frozen=True)
class SessionComparison:
    """Two results, A and B, and the `differences` of the figures that both have."""

    a: Baseline
    b: Baseline
    differences: tuple[Difference, ...]

    @property
    def virtual(self) -> bool:
        """Return whether both were simulated."""
        return self.a.virtual

    def of(self, quantity: str) -> Difference:
        """Return the difference of a figure, such as `energy_per_inference`; raises `KeyError` without it."""
        found = {one.quantity: one for one in self.differences}
        return found[quantity]

    def write_figure(self, path: str | PathLike[str], names: tuple[str, str] | None = None) -> Path:
        """Draw the first difference into an SVG, PDF or PNG by the file's name, and return its path.

        It shows A and B with their expanded uncertainties, and the difference with its own, beside zero. `names`
        are what the two are called, by default their sessions. An existing file is replaced. Raises
        `ConfigurationError` for a name of another format, and `BenchFault` if the file cannot be written.
        """
        from energy_runner.report.figures.difference import write_difference

        own = (self.a.session_id or self.a.benchmark, self.b.session_id or self.b.benchmark)
        return write_difference(Path(path), self.differences, names or own, virtual=self.virtual)


def compare_sessions(a: Comparable, b: Comparable) -> SessionComparison:
    """Return how the result `b` differs from the result `a`, figure by figure, each with its uncertainty.

    Either is a session, a `result.json`, or a file that `write_baseline` wrote; a session is judged anew from its
    facts. Errors that the same monitor makes in both cancel; a file without a session does not always tell the
    monitor, and then none does. Raises `ConfigurationError` for what cannot be read or compared, `SessionError`
    for facts that cannot be read.
    """
    first, second = _read(a), _read(b)
    return SessionComparison(first, second, tuple(differences(first, second)))


def _read(one: Comparable) -> Baseline:
    if isinstance(one, Baseline):
        return one
    if not isinstance(one, Session):
        path = Path(one)
        beside = path.parent if path.name == RESULT else path
        if not path.is_dir() and not (beside / RECORD).is_file():
            return load_baseline(path)
        one = load_session(beside)
    return baseline_of(one, analyze(one))
