# SPDX-License-Identifier: Apache-2.0
"""The how-to on rules: its package is installed as it stands, its rule set is read, its Python runs."""

import importlib
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from energy_runner.cli.app import app
from energy_runner.cli.outcome import run_app
from energy_runner.rules import load_rule_set, registry
from tests.runs.docs.test_docs import blocks, run_blocks

PAGE = "how-to/write-a-rule.md"


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The package of the how-to, on the import path as if it were installed, and its rule set beside it."""
    module, *_ = (code for _, code in blocks(PAGE, "python"))
    file = tmp_path / module.partition("\n")[0].removeprefix("# ")
    file.parent.mkdir()
    file.write_text(module, "utf-8")
    project, rule_set = (code for _, code in blocks(PAGE, "toml"))
    info = tmp_path / "acme_rules-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-rules\nVersion: 1.0\n", "utf-8")
    entries = tomllib.loads(project)["project"]["entry-points"][registry.ENTRY_POINT_GROUP]
    lines = [f"{name} = {value}\n" for name, value in entries.items()]
    (info / "entry_points.txt").write_text(f"[{registry.ENTRY_POINT_GROUP}]\n{''.join(lines)}", "utf-8")
    (tmp_path / "acme-lab.toml").write_text(rule_set, "utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.chdir(tmp_path)
    importlib.invalidate_caches()
    yield tmp_path
    for name in [name for name in sys.modules if name.partition(".")[0] == "acme_rules"]:
        del sys.modules[name]


def test_the_rule_of_the_how_to_is_found_and_judges(installed: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert registry.broken_rules() == {}
    assert registry.all_rules()["acme-idle-power"].package == "acme-rules 1.0"
    assert run_app(app, ["rules", "show", "acme-lab.toml"]) == 0
    assert "acme-idle-power" in capsys.readouterr().out
    _, *codes = (code for _, code in blocks(PAGE, "python"))
    names = run_blocks(codes, PAGE)
    sentence, numbers, judgement = capsys.readouterr().out.splitlines()
    assert sentence.startswith("At most 0.05 W between the windows: passed; found ")
    assert numbers.endswith("0.05 W acme-rules 1.0")
    assert judgement.startswith("Judgement(passed=True")
    verdict = names["verdict"]
    assert (verdict.id, verdict.binding, verdict.rule_set) == ("acme-idle-power", True, "acme-lab")
    assert verdict.clause == "Acme handbook, 4.2: the board sleeps between windows"


def test_the_rule_set_in_the_reference_is_good(installed: Path) -> None:
    [(_, code)] = blocks("reference/rules.md", "toml")
    path = installed / "acme.toml"
    path.write_text(code, "utf-8")
    rules = load_rule_set(path)
    assert (rules.id, rules.based_on) == ("acme-2026", "lab")
    assert rules.rules["window-length"].clause.startswith("acme-2026: 5 instead of 10")
    assert rules.rules["acme-idle-power"].limit == 0.05


def test_the_rule_of_the_how_to_fails_where_it_should(installed: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = installed / "acme-lab.toml"
    path.write_text(path.read_text("utf-8").replace("limit = 0.05", "limit = 1e-6"), "utf-8")
    words = ["run", "demo-keywords", "--bench", "virtual-ideal", "--rule-set", "acme-lab.toml", "--out", "s"]
    assert run_app(app, words) == 1
    assert "acme-idle-power" in capsys.readouterr().out
