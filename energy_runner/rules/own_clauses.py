# SPDX-License-Identifier: Apache-2.0
"""What a rule set of your own changes in the one it is based on, in words for the clause of each rule."""

from collections.abc import Iterator

from energy_runner.rules.rule_sets import BenchmarkRow, Row, RuleSet


def changes(own: RuleSet, base: RuleSet) -> dict[str, list[str]]:
    """Return what `own` changed for each rule that both sets ask; rules that are as they were are left out."""
    found: dict[str, list[str]] = {}
    for rule_id, words in (*_of_rows(own, base), *_of_benchmarks(own, base), *_of_runners(own, base)):
        if rule_id in own.rules and rule_id in base.rules:
            found.setdefault(rule_id, []).append(words)
    return found


def _of_rows(own: RuleSet, base: RuleSet) -> Iterator[tuple[str, str]]:
    for rule_id in base.rules.keys() & own.rules.keys():
        now, before = own.rules[rule_id], base.rules[rule_id]
        if now.limit != before.limit:
            yield rule_id, f"{_limit(now)} instead of {_limit(before)}"
        if now.binding != before.binding:
            yield rule_id, f"binding '{now.binding}' instead of '{before.binding}'"


def _of_benchmarks(own: RuleSet, base: RuleSet) -> Iterator[tuple[str, str]]:
    for name, now in own.benchmarks.items():
        before = base.benchmarks.get(name)
        if before is None:
            yield "benchmark", f"with {name} as well"
        else:
            yield from _of_benchmark(name, now, before)


def _of_benchmark(name: str, now: BenchmarkRow, before: BenchmarkRow) -> Iterator[tuple[str, str]]:
    if now.target != before.target:
        yield "accuracy-target", f"target of {name} {now.target:g} instead of {before.target:g}"
    if now.stimuli != before.stimuli:
        counts = (" or ".join(map(str, row.stimuli)) or "any number" for row in (now, before))
        yield "accuracy-target", f"{name} with {' instead of '.join(counts)} stimuli"
    if now.first != before.first:
        yield "first-stimuli", f"other first files of {name}"
    if now.needs != before.needs:
        yield "progressive-sizes", f"{name} needs {now.needs or 'none'} instead of {before.needs or 'none'}"


def _of_runners(own: RuleSet, base: RuleSet) -> Iterator[tuple[str, str]]:
    if own.runners != base.runners:
        now, before = (" or ".join(runners) or "any" for runners in (own.runners, base.runners))
        yield "runner", f"runners {now} instead of {before}"


def _limit(row: Row) -> str:
    """Return a limit with all the digits that it was given with: 0.0200001 is not 0.02."""
    return "none" if row.limit is None else f"{row.limit:.12g}"
