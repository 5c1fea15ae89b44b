# SPDX-License-Identifier: Apache-2.0
"""Mutants are put into a module that is imported already, as far as that equals importing the broken file."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

from scripts.mutation.mutants import Mutant, mutants_of
from scripts.mutation.reach import Reach
from scripts.mutation.survivors import Outcome, write_list
from scripts.mutation.swap import Constants, Live, changed_functions
from scripts.mutation.trial import ALIVE, COMPUTE, IMPORT, KILLED, SWAP

SOURCE = b'''"""A module."""
LIMIT = 2
TWICE = LIMIT * 2
double = lambda x: x * 2


class Kept:
    most: int = 3

    def within(self, x: int) -> bool:
        return x <= LIMIT


def some(x: int, least: int = 1) -> int:
    if x < least:
        return 0
    return sum(k * TWICE for k in range(x))
'''


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    path = tmp_path / "broken_on_purpose.py"
    path.write_bytes(SOURCE)
    spec = importlib.util.spec_from_file_location("broken_on_purpose", path)
    assert spec is not None
    assert spec.loader is not None
    made = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "broken_on_purpose", made)
    spec.loader.exec_module(made)
    return made


def mutant(words: str) -> Mutant:
    (found,) = [one for one in mutants_of("energy_runner/x.py", SOURCE) if one.key.endswith(words)]
    return found


@pytest.mark.parametrize(
    ("words", "call", "before", "after"),
    [
        ("Kept.within: x <= LIMIT -> (x < LIMIT)", lambda m: m.Kept().within(2), True, False),
        ("some: x < least -> False", lambda m: m.some(-5), 0, 0),
        ("some: k * TWICE -> (k / TWICE)", lambda m: m.some(3), 12, 0.75),
        ("module: x * 2 -> (x / 2)", lambda m: m.double(4), 8, 2.0),
    ],
)
def test_a_function_gets_its_broken_code_in_place(module, words, call, before, after) -> None:
    path = str(module.__file__)
    assert call(module) == before
    changes = changed_functions(path, SOURCE, mutant(words).applied(SOURCE))
    assert changes
    assert Live([path]).swap(changes)
    assert call(module) == after


@pytest.mark.parametrize(
    ("words", "limit", "twice"), [("module: 2 -> (3)", 3, 6), ("module: LIMIT * 2 -> (LIMIT / 2)", 2, 1.0)]
)
def test_a_constant_is_computed_again_with_those_that_follow_and_handed_on(  # noqa: PLR0917
    module, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: str, limit: int, twice: float
) -> None:
    user = ModuleType("user_of_it")
    user.__file__ = str(tmp_path / "user_of_it.py")
    Path(user.__file__).write_text("from broken_on_purpose import LIMIT\n", "utf-8")
    user.LIMIT = module.LIMIT  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "user_of_it", user)
    broken = mutant(words).applied(SOURCE)
    assert changed_functions(str(module.__file__), SOURCE, broken) is None
    assert Constants(tmp_path).compute(str(module.__file__), SOURCE, broken)
    assert (limit, twice, limit) == (module.LIMIT, module.TWICE, user.LIMIT)  # type: ignore[attr-defined]


@pytest.mark.parametrize("words", ["Kept: 3 -> (4)", "some: 1 -> (2)"])
def test_what_else_runs_at_import_needs_one(module, tmp_path: Path, words: str) -> None:
    broken = mutant(words).applied(SOURCE)
    assert changed_functions(str(module.__file__), SOURCE, broken) is None
    assert not Constants(tmp_path).compute(str(module.__file__), SOURCE, broken)


def test_a_mutant_is_tried_by_the_tests_that_reach_it_the_shortest_first() -> None:
    lines = {"x.py": {"2": [""], "4": ["", "t::b"], "11": ["t::a", "u"], "15": ["t::b"], "17": ["", "t::c"]}}
    took_s = {"t::a": 0.3, "t::b": 0.1, "t::c": 0.2, "u::d": 0.4, "u::e": 0.2, "v::f": 0.1}
    reach = Reach(lines, took_s, ["u"])
    assert reach.trial(mutant("x <= LIMIT -> (x < LIMIT)"), SOURCE) == ({"t::a", "u::d", "u::e"}, SWAP)
    assert reach.ordered(["u::d", "u::e", "t::a"]) == ["t::a", "u::e", "u::d"]
    assert reach.trial(mutant("k * TWICE -> (k / TWICE)"), SOURCE) == (
        {"t::a", "t::b", "t::c", "u::d", "u::e"},
        IMPORT,
    )
    assert reach.trial(mutant("x * 2 -> (x / 2)"), SOURCE) == ({"t::b"}, SWAP)
    every, how = reach.trial(mutant("module: 2 -> (3)"), SOURCE)
    assert (every, how) == ({"t::a", "t::b", "t::c", "u::d", "u::e"}, COMPUTE)
    assert reach.trial(mutant("some: 0 -> (1)"), SOURCE)[0] == set()


def test_of_many_tests_those_that_end_within_seconds_are_tried_first() -> None:
    took_s = {f"t::many[{k}]": 0.01 for k in range(30)} | {"t::long": 2.0, "t::longer": 5.0}
    chosen = Reach({}, took_s, []).some(took_s)
    assert len([test for test in chosen if "many" in test]) == 16
    assert "t::long" in chosen
    assert "t::longer" not in chosen
    assert Reach({}, took_s, []).some(["t::longer"]) == {"t::longer"}


def test_the_list_keeps_what_an_earlier_run_found_of_other_files(tmp_path: Path) -> None:
    page = tmp_path / "mutants.md"
    first, second, untried = (
        Mutant(f"energy_runner/rules/{name}.py", 1, "f", "1", "(2)", 0, 1, 1) for name in ("a", "b", "c")
    )
    totals = {mutant.path: 3 for mutant in (first, second, untried)}
    write_list([Outcome(first, ALIVE), Outcome(first, KILLED), Outcome(second, KILLED)], totals, page)
    row = f"| `{first.path}` f | `1` | `(2)` |"
    before = page.read_text("utf-8")
    assert f"| `{first.path}` | 3 | 2 | 1 | 0 | 1 |" in before
    assert row in before
    assert (
        "Tried: 3 of 9 mutants. 2 were noticed; of 1 others, 0 are harmless, and 1 are not explained yet."
        in before
    )
    write_list([Outcome(second, KILLED), Outcome(second, KILLED)], totals, page)
    after = page.read_text("utf-8")
    assert f"| `{first.path}` | 3 | 2 | 1 | 0 | 1 |" in after
    assert f"| `{second.path}` | 3 | 2 | 2 | 0 | 0 |" in after
    assert f"| `{untried.path}` | 3 | 0 | 0 | 0 | 0 |" in after
    assert row in after
    del totals[first.path]  # the file is gone
    write_list([], totals, page)
    assert first.path not in page.read_text("utf-8")
    assert "Not explained" not in page.read_text("utf-8")
