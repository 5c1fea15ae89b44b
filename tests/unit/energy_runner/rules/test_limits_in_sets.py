# SPDX-License-Identifier: Apache-2.0
"""Limits stand in the rule sets and nowhere else: every number in the rules' code has a reason to be there."""

import ast
from pathlib import Path

import pytest

from energy_runner.errors import ConfigurationError
from energy_runner.published.audit import audit
from tests.support.places import ROOT
from tests.support.published_sessions import write_eembc, write_performance

RUNNER = ROOT / "energy_runner"
FILES = [
    *sorted((RUNNER / "rules").glob("*.py")),
    *(RUNNER / "submission" / f"{n}.py" for n in ("judge", "together", "results", "verdicts")),
]
# Numbers that are no limits of a rule, and why.
REASONS = {
    ("base", "WITHIN"): "how a limit is applied to a value with an uncertainty",
    ("base", "SMALL"): "how a small share is written",
    ("clocks", "_STEP_S"): "resolution of the DUT's clock",
    ("clocks", "_LAP_WRAP_US"): "a 32-bit counter",
    ("instrument", "_LONGEST_DAYS"): "a century: an interval beyond it is a typing mistake",
    ("windows", "_LEAST_FOR_DRIFT"): "a slope needs three points",
    ("set_file", "_DEEPEST"): "depth of a key",
    ("set_file", "_LARGEST"): "bound of any limit in a file",
}


def numbers(path: Path) -> set[str]:
    """The names bound to a number in a module, and each float that something is compared with."""
    tree = ast.parse(path.read_text("utf-8"))
    found = set()
    for node in tree.body:
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
            target = node.targets[0] if isinstance(node, ast.Assign) else node.target
            literals = [n for n in ast.walk(node.value) if isinstance(n, ast.Constant)]
            if (
                literals
                and all(isinstance(n.value, int | float) for n in literals)
                and isinstance(target, ast.Name)
            ):
                found.add(target.id)
    for node in ast.walk(tree):
        if isinstance(node, ast.Compare):
            for literal in node.comparators:
                if isinstance(literal, ast.Constant) and type(literal.value) is float and literal.value != 0.0:
                    found.add(f"compared with {literal.value}")
    return found


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_no_limit_stands_in_the_code_of_a_rule(path: Path) -> None:
    reasons = {name for stem, name in REASONS if stem == path.stem}
    assert numbers(path) == reasons


# --- audits keep to the limits of the set that judges ---------------------------------------------------


def own(folder: Path, text: str) -> Path:
    path = folder / "mine.toml"
    path.write_text(f'based_on = "mlperf-tiny-1.4"\n{text}\n', "utf-8")
    return path


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_eembc(tmp_path_factory.mktemp("good") / "kws/energy")


@pytest.mark.parametrize(
    ("rules", "words", "good"),
    [
        ("[rules]\nwindow-length = { limit = 60 }", "the shortest window lasts", False),
        ("[rules]\nfive-windows = { limit = 6 }", "5 windows can be measured, 6 are required", False),
        ("[rules]\nspread = { limit = 1e-6, remark_above = 1e-7 }", "the windows differ by", False),
        ('[audit]\nequal-rates = { limit = 1e-9, clause = "c" }', "throughput of the windows varies", True),
        ('[audit]\nsame-figure = { limit = 1e-9, clause = "c" }', "by our own analysis", False),
    ],
)
def test_an_audit_judges_by_the_set_it_is_given(
    session: Path, tmp_path: Path, rules: str, words: str, good: bool
) -> None:
    (by_suite,) = audit([session])
    assert by_suite.good
    (row,) = audit([session], rule_set=own(tmp_path, rules))
    assert any(words in finding.text for finding in row.findings), row.findings
    assert row.good is good


def test_an_audit_compares_modes_within_the_limit_of_the_set(tmp_path: Path) -> None:
    write_eembc(tmp_path / "kws/energy")
    laps = [(k * 20_000_000, k * 20_000_000 + 11_800_000) for k in range(5)]
    write_performance(tmp_path / "kws/performance", laps)
    for limit, told in ((0.5, False), (1e-6, True)):
        rules = own(tmp_path, f"[rules]\nthroughput-agrees = {{ limit = {limit} }}")
        row = next(row for row in audit([tmp_path], rule_set=rules) if row.mode == "energy")
        assert any("in performance mode" in one.text for one in row.findings) is told


def test_a_set_without_the_limits_of_an_audit_is_refused_before_any_session_is_read(session: Path, tmp_path: Path):
    path = tmp_path / "short.toml"
    path.write_text('[rules]\nscore = { binding = "always" }\n', "utf-8")
    with pytest.raises(ConfigurationError, match=r"short has no 'same-figure' in \[audit\]"):
        audit([session], rule_set=path)
