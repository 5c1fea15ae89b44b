# SPDX-License-Identifier: Apache-2.0
"""Which tests a mutant is tried with, and in which order."""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from scripts.mutation.mutants import Mutant
from scripts.mutation.reached import EVERY
from scripts.mutation.swap import changed_functions
from scripts.mutation.trial import COMPUTE, IMPORT, SWAP

ROOT = Path(__file__).parent.parent.parent
_OF_ONE_FUNCTION, _LONGEST_S = 16, 2.5  # tests tried first


@dataclass(frozen=True)
class Reach:
    """The tests (or whole files of tests) that ran each line of each file below `energy_runner`.

    `took_s` is what each test took; `shared` are the files whose tests share a fixture, which run best together.
    """

    lines: dict[str, dict[str, list[str]]]
    took_s: dict[str, float]
    shared: list[str]

    def trial(self, mutant: Mutant, source: bytes) -> tuple[set[str], str]:
        """Return the tests to try a mutant with, and how it is put in."""
        lines = self._lines(mutant.path)
        labels = lines.get(str(mutant.line)) or lines.get(str(mutant.statement), [])
        inside = changed_functions(mutant.path, source, mutant.applied(source))
        # The line of a lambda runs when it is made, at import, and again when it is called.
        called = [label for label in labels if label != EVERY]
        of_lambda = bool(inside) and all(old.co_name == "<lambda>" for old, _ in inside or ())
        if not labels or (inside and EVERY not in labels) or (of_lambda and called):
            return self._tests(called), SWAP
        # What is made at import shows in tests that run any function of the file, or of one that imports it, and
        # in those that import it themselves: the fields of a class run no line when they are used.
        files = [mutant.path, *_importing(mutant.path, "energy_runner")]
        labels = [label for file in files for tests in self._lines(file).values() for label in tests]
        labels += _importing(mutant.path, "tests/unit")
        return self._tests(label for label in labels if label != EVERY) or set(
            self.took_s
        ), IMPORT if inside else COMPUTE

    def some(self, tests: Iterable[str]) -> set[str]:
        """Return the shortest tests, few of each function, of some seconds: others rarely notice more."""
        taken: Counter[str] = Counter()
        chosen: set[str] = set()
        whole_s = 0.0
        for test in sorted(tests, key=self.took_s.__getitem__):
            function = test.partition("[")[0]
            taken[function] += 1
            whole_s += self.took_s[test] if taken[function] <= _OF_ONE_FUNCTION else 0.0
            if taken[function] <= _OF_ONE_FUNCTION and (whole_s <= _LONGEST_S or not chosen):
                chosen.add(test)
        return chosen

    def ordered(self, tests: Iterable[str]) -> list[str]:
        """Return tests from the shortest to the longest, those of a file with shared fixtures together."""
        chosen = set(tests)
        whole_s = {file: sum(self.took_s[test] for test in chosen if _file(test) == file) for file in self.shared}
        return sorted(chosen, key=lambda t: (whole_s.get(_file(t), self.took_s[t]), _file(t), self.took_s[t], t))

    def _lines(self, path: str) -> dict[str, list[str]]:
        return self.lines.get(path.removeprefix("energy_runner/"), {})

    def _tests(self, labels: Iterable[str]) -> set[str]:
        found: set[str] = set()
        for label in set(labels):
            found |= {label} if label in self.took_s else {test for test in self.took_s if _file(test) == label}
        return found


def _file(test: str) -> str:
    return test.partition("::")[0]


def _importing(path: str, below: str) -> list[str]:
    """Return the files in a folder that import a module, as far as one line tells."""
    module = path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
    room, _, name = module.rpartition(".")
    line = re.compile(rf"^\s*(?:from {re.escape(module)} import|from {re.escape(room)} import .*\b{name}\b)", re.M)
    files = sorted((ROOT / below).rglob("*.py"))
    return [str(file.relative_to(ROOT)) for file in files if line.search(file.read_text("utf-8"))]
