# SPDX-License-Identifier: Apache-2.0
"""Compare a session with a baseline, and write one; for tests in CI that fail when a figure becomes worse."""

from collections.abc import Sequence
from pathlib import Path

from energy_runner.analysis.against.baseline import Baseline, baseline_of, read_baseline
from energy_runner.analysis.against.compare import Compared, compare
from energy_runner.analysis.against.limit import QUANTITIES, Limit, parse_limit
from energy_runner.errors import Argument, ConfigurationError
from energy_runner.session.folder import Session, write_json

__all__ = ["Baseline", "Compared", "compare_with_baseline", "load_baseline", "write_baseline"]


def load_baseline(
    path: str | Path,
    fail_on: Sequence[str] = (),
    *,
    benchmark: str | None = None,
    mode: str | None = None,
    virtual: bool | None = None,
) -> Baseline:
    """Return the baseline in a session folder, a `result.json`, or a file that `write_baseline` wrote.

    Raises `ConfigurationError` if it cannot be read, if one of the limits `fail_on` is none or is about a figure
    that the baseline does not hold, or if it is of another benchmark, mode or kind of bench: so that this is
    known before anything is measured.
    """
    path = Path(path)
    found = read_baseline(path)
    limits = _limits(fail_on)
    for name, wanted, there in (("benchmark", benchmark, found.benchmark), ("mode", mode, found.mode)):
        if wanted is not None and wanted != there:
            raise ConfigurationError(f"{path}: its {name} is {there}, not {wanted}. Try: a baseline of {wanted}")
    if virtual and not found.virtual:
        raise ConfigurationError(f"{path}: was measured, and a virtual bench measures nothing to compare with it")
    for limit in limits:
        if found.mode not in QUANTITIES[limit.quantity].modes:
            modes = " or ".join(QUANTITIES[limit.quantity].modes)
            raise ConfigurationError(f"'{limit}': is for mode {modes}, and {path} is of mode {found.mode}")
        if limit.quantity not in found.figures:
            has = ", ".join(sorted(found.figures)) or "none: its result was withheld"
            raise ConfigurationError(f"'{limit}': {path} has no such figure (it has {has})")
    return found


def compare_with_baseline(
    session: Session, baseline: Baseline | str | Path, fail_on: Sequence[str]
) -> list[Compared]:
    """Return the verdict of each limit, such as `energy_per_inference +2%`, on a session against its baseline.

    `fails` is true only where the figure is worse by more than the limit, beyond the uncertainty of the change, or
    where there is nothing to compare. Errors that the same monitor makes in both cancel. Raises
    `ConfigurationError` as `load_baseline` does, `SessionError` for a session without a result.
    """
    found = baseline if isinstance(baseline, Baseline) else load_baseline(baseline, fail_on)
    return compare(found, baseline_of(session), _limits(fail_on))


def write_baseline(session: Session, path: str | Path) -> Baseline:
    """Write what later results are compared with into a small JSON file, and return it.

    Raises `ConfigurationError` for a session whose result is not valid, and `BenchFault` if the disk refuses.
    """
    found = baseline_of(session)
    if not found.valid:
        raise ConfigurationError(
            f"{session.path}: its result is not valid, so no baseline was written. Try: again, or another ",
            Argument("rule_set", "FILE"),
        )
    write_json(Path(path), found)
    return found


def _limits(fail_on: Sequence[str]) -> list[Limit]:
    return [parse_limit(text) for text in fail_on]
