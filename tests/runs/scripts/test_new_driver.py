# SPDX-License-Identifier: Apache-2.0
"""`scripts/new-driver`: what it writes conforms from its first minute, is found, and measures right."""

import importlib
import importlib.util
import os
import statistics
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import ModuleType

import pytest

from energy_runner import api
from energy_runner.bench.wiring import roles_of
from instruments.conformance import CHECKS
from instruments.registry import ENTRY_POINT_GROUP, drivers
from tests.support.places import ROOT
from tests.support.small import small_plan

SCRIPT = ROOT / "scripts" / "new-driver"
TITLES = {"serial": "Initech PB-9", "scpi": "Globex (UK) X 1/2", "vendor": "Umbrella U+3"}


@pytest.fixture(scope="module")
def script() -> ModuleType:
    loader = SourceFileLoader("new_driver", str(SCRIPT))
    spec = importlib.util.spec_from_loader("new_driver", loader)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    return module


def test_there_is_a_title_for_each_kind(script):
    assert set(TITLES) == set(script.LIKE)


@pytest.fixture(params=sorted(TITLES))
def written(request, script, tmp_path, monkeypatch, capsys) -> Iterator[tuple[str, Path]]:
    """A package that was just written, on the import path as if it were installed."""
    name = f"box-{request.param}"
    arguments = [name, "--like", request.param, "--title", TITLES[request.param], "--into", str(tmp_path)]
    assert script.main(arguments) == 0
    assert f"pytest {tmp_path / name}" in capsys.readouterr().out
    folder = tmp_path / name
    entries = tomllib.loads((folder / "pyproject.toml").read_text("utf-8"))["project"]["entry-points"]
    info = folder / f"{name.replace('-', '_')}-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n", "utf-8")
    pairs = "".join(f"{key} = {value}\n" for key, value in entries[ENTRY_POINT_GROUP].items())
    (info / "entry_points.txt").write_text(f"[{ENTRY_POINT_GROUP}]\n{pairs}", "utf-8")
    monkeypatch.syspath_prepend(folder)
    importlib.invalidate_caches()
    yield name, folder
    for module in [one for one in sys.modules if one.partition(".")[0] == name.replace("-", "_")]:
        del sys.modules[module]


def test_it_passes_every_promise_before_a_line_is_changed(written):
    name, folder = written
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-v", "-p", "no:cacheprovider", "--rootdir", str(folder), str(folder)],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": f"{ROOT}{os.pathsep}{folder}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    for check in CHECKS:
        assert f"test_the_driver_keeps[{check.__name__}] PASSED" in done.stdout
    texts = [file for file in folder.rglob("*") if file.suffix in (".py", ".toml")]
    assert len(texts) >= 8
    for file in texts:
        assert "acme" not in file.read_text("utf-8").lower(), file
    assert drivers()[name].title == TITLES[name.removeprefix("box-")]


def test_it_measures_right_on_its_twin(written):
    name, folder = written
    bench = api.load_bench(folder / f"{name}-twins.toml")
    examination = api.examine_bench(bench)
    assert examination.well, examination.steps
    session = api.run(bench, small_plan(folder / "stimuli"), out=folder / "session")
    assert session.record.outcome == "completed", session.record.reason
    assert session.record.supply_off_confirmed is (True if "supply" in roles_of(bench) else None)
    score, truth = session.result().energy_per_inference_j, session.record.truth
    assert score is not None
    assert truth is not None
    true_j = statistics.median(window.energy_j / window.inferences for window in truth)
    assert abs(score.median - true_j) <= score.U < 0.05 * true_j
    assert abs(score.median / true_j - 1) > 1e-6, "its twin has errors"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["Box"], "lower-case words with dashes"),
        (["box_9"], "lower-case words with dashes"),
        (["../box"], "lower-case words with dashes"),
        (["class"], "lower-case words with dashes"),
        (["lpm01a"], "is a driver of energy-runner already"),
        (["js220"], "is a driver of energy-runner already"),
        (["otii-arc"], "is a driver of energy-runner already"),
        (["instruments"], "name of another Python package"),
        (["json"], "name of another Python package"),
        (["box", "--title", "Initech"], "maker and model"),
        (["box", "--title", 'Initech "9"'], "maker and model"),
    ],
)
def test_a_name_that_cannot_be_is_refused_and_nothing_written(arguments, words, script, tmp_path, capsys):
    assert script.main([*arguments, "--into", str(tmp_path)]) == 2
    assert words in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_nothing_is_overwritten(script, tmp_path, capsys):
    (tmp_path / "box").mkdir()
    assert script.main(["box", "--into", str(tmp_path)]) == 2
    assert "exists already" in capsys.readouterr().err
    assert not list((tmp_path / "box").iterdir())
