# SPDX-License-Identifier: Apache-2.0
"""`power-test`: measure power test cases of Zephyr's twister, print and write what became of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from energy_runner.cli.outcome import say
from energy_runner.cli.output import write, write_json
from energy_runner.errors import ExitStatus

if TYPE_CHECKING:
    from energy_runner.api.power_tests import PowerCase
    from energy_runner.report.junit import JUnitCase


@dataclass(frozen=True)
class PowerTestOptions:
    """The options of `power-test`, as the user gave them."""

    paths: tuple[Path, ...]
    bench: str
    tests: tuple[str, ...] = ()
    unit: str = "mA"
    count_hz: float = 1000.0
    from_off: bool = True
    flash: str = ""
    fail_undecided: bool = False
    out: Path | None = None
    junit: Path | None = None
    seed: int = 0
    settings: tuple[str, ...] = ()
    as_json: bool = False


def power_test_command(options: PowerTestOptions) -> int:
    """Measure the cases; status 1 if one fails."""
    from energy_runner import api
    from energy_runner.api.power_tests import as_document
    from energy_runner.bench.changes import parse_changes

    spec = api.load_bench(options.bench, changes=parse_changes(options.settings))
    found = api.power_test(
        options.paths,
        spec,
        names=options.tests,
        unit=options.unit,
        count_hz=options.count_hz,
        from_off=options.from_off,
        flash=options.flash,
        seed=options.seed,
        parent=options.out or "recordings",
        listener=lambda case: say(f"{case.name}: {case.outcome}"),
    )
    if options.junit is not None:
        from energy_runner.report.junit import write_junit

        rows = [_as_junit(case, fail_undecided=options.fail_undecided) for case in found]
        write_junit(options.junit, "energy-runner power-test", rows)
    failed = [case for case in found if _fails(case, fail_undecided=options.fail_undecided)]
    if options.as_json:
        write_json({"cases": [as_document(case) for case in found], "failed": len(failed)})
    else:
        write("\n".join(_in_words(found)) + "\n")
    return ExitStatus.RULE_FAILED if failed else ExitStatus.VALID


def _fails(case: "PowerCase", *, fail_undecided: bool) -> bool:
    return case.outcome == "failed" or (fail_undecided and case.outcome == "cannot be told")


def _in_words(cases: "Sequence[PowerCase]") -> list[str]:
    lines = []
    for case in cases:
        virtual = " (VIRTUAL: simulated, not measured)" if case.virtual else ""
        outcome = case.outcome.upper() if case.outcome == "failed" else case.outcome
        lines += [f"{case.name}{virtual}: {outcome}", *(f"  {line}" for line in _details(case))]
    passed = sum(case.outcome == "passed" for case in cases)
    return [*lines, f"{passed} of {len(cases)} passed"]


def _details(case: "PowerCase") -> list[str]:
    first = [case.reason] if case.reason and not case.phases else []
    where = [f"recording: {case.folder}"] if case.folder is not None else []
    return [*first, *(str(one) for one in case.phases), *case.remarks, *where]


def _as_junit(case: "PowerCase", *, fail_undecided: bool) -> "JUnitCase":
    from energy_runner.report.junit import JUnitCase

    properties = [("virtual", str(case.virtual).lower()), ("outcome", case.outcome)]
    for one in case.phases:
        properties += [
            (f"phase_{one.phase.number}.rms_a", repr(one.phase.rms_a.value)),
            (f"phase_{one.phase.number}.rms_a.U", repr(one.phase.rms_a.U)),
        ]
    fails = _fails(case, fail_undecided=fail_undecided)
    return JUnitCase(
        suite=str(case.file),
        name=case.name,
        outcome="failed" if fails else "passed",
        message=case.reason or (case.outcome if fails else ""),
        seconds=case.seconds,
        output="\n".join(_details(case)),
        properties=tuple(properties),
    )
