# SPDX-License-Identifier: Apache-2.0
"""A pytest plugin that notes which tests run which lines, and how long each takes.

A mutant then needs only the tests that reach it, the shortest first.
"""

import functools
import gc
import json
import os
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from types import CodeType
from typing import Any

import pytest

_KEPT = type(functools.cache(len))
EVERY = ""  # stands for all tests: of lines that run at import, or in a fixture of the whole session


class Reached:
    """Lines of the files under `root` by the tests that ran them; `label` is the test or the file under way."""

    def __init__(self, root: Path) -> None:
        self.root = f"{root}{os.sep}"
        self.label = EVERY
        self.lines: dict[str, dict[int, set[str]]] = defaultdict(lambda: defaultdict(set))
        self.took_s: dict[str, float] = defaultdict(float)
        self.shared: set[str] = set()
        monitoring = sys.monitoring
        monitoring.use_tool_id(monitoring.COVERAGE_ID, "mutation")
        monitoring.register_callback(monitoring.COVERAGE_ID, monitoring.events.LINE, self._line)
        monitoring.set_events(monitoring.COVERAGE_ID, monitoring.events.LINE)

    def _line(self, code: CodeType, line: int) -> object:
        if code.co_filename.startswith(self.root):
            self.lines[code.co_filename.removeprefix(self.root)][line].add(self.label)
        return sys.monitoring.DISABLE  # once for each test is enough

    def begin(self, label: str) -> None:
        """Count lines for a test, or for all tests of a file, from now on."""
        self.label = label
        sys.monitoring.restart_events()

    @pytest.hookimpl
    def pytest_collection_finish(self) -> None:
        """Find what is kept of calls (`functools.cache`)."""
        self.caches = [kept for kept in gc.get_objects() if isinstance(kept, _KEPT)]

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        """Count what a test runs for this test, and what stands at no test's account for all of them.

        Nothing is kept from test to test: what only the first one runs would not be known of the others.
        """
        for kept in self.caches:
            if str(getattr(kept, "__module__", "")).startswith("energy_runner."):
                kept.cache_clear()
        self.begin(item.nodeid)
        began = time.monotonic()
        try:
            return (yield)
        finally:
            self.took_s[item.nodeid] = time.monotonic() - began
            self.begin(EVERY)

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(self, fixturedef: Any, request: Any) -> Iterator[None]:
        """Count what a fixture of more than one test runs for all that may use it."""
        before = self.label
        if fixturedef.scope != "function":
            self.begin(request.node.nodeid if fixturedef.scope in {"module", "class"} else EVERY)
            self.shared.add(request.node.nodeid)
        try:
            return (yield)
        finally:
            self.begin(before)


def main(root: str, found: str, *options: str) -> int:
    """Run pytest in `root` with `options`; write lines by the tests that ran them, and their times, to `found`."""
    os.chdir(root)
    sys.path.insert(0, root)
    reached = Reached(Path(root) / "energy_runner")
    status = pytest.main(["-q", "-p", "no:cacheprovider", "-p", "no:energy_runner", *options], plugins=[reached])
    sys.monitoring.set_events(sys.monitoring.COVERAGE_ID, 0)
    sys.monitoring.free_tool_id(sys.monitoring.COVERAGE_ID)
    lines = {
        name: {line: sorted(tests) for line, tests in by_line.items()} for name, by_line in reached.lines.items()
    }
    document = {"lines": lines, "took_s": reached.took_s, "shared": sorted(reached.shared)}
    Path(found).write_text(json.dumps(document), "utf-8")
    return int(status)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
