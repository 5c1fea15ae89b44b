# SPDX-License-Identifier: Apache-2.0
"""The notebook of the tutorial runs from top to bottom in an empty folder, as a newcomer opens it."""

import json
import os
import subprocess
import sys

import pytest

from energy_runner.notebook import VIRTUAL
from tests.support.places import ROOT

NOTEBOOK = ROOT / "docs" / "tutorials" / "first-measurement.ipynb"
EXECUTE = """
import sys, nbformat
from nbclient import NotebookClient
notebook = nbformat.read(sys.argv[1], 4)
nbformat.validate(notebook)
NotebookClient(notebook, timeout=300, kernel_name="python3").execute()
nbformat.write(notebook, "executed.ipynb")
"""


@pytest.fixture(scope="module")
def executed(tmp_path_factory):
    """The cells after a run in a process of its own, and the folder that it ran in."""
    pytest.importorskip("nbclient", reason="the group `dev` is not installed")
    pytest.importorskip("ipykernel", reason="the group `dev` is not installed")
    folder = tmp_path_factory.mktemp("notebook")
    home = {name: str(folder / ".home") for name in ("HOME", "IPYTHONDIR", "JUPYTER_CONFIG_DIR", "MPLCONFIGDIR")}
    done = subprocess.run(
        [sys.executable, "-c", EXECUTE, str(NOTEBOOK)],
        cwd=folder,
        env=os.environ | home | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=400,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads((folder / "executed.ipynb").read_text("utf-8"))["cells"], folder


def outputs(cells) -> list[dict]:
    return [output for cell in cells for output in cell.get("outputs", ())]


def test_every_cell_ran_and_the_plot_is_there(executed):
    cells, _ = executed
    code = [cell for cell in cells if cell["cell_type"] == "code"]
    assert [cell["execution_count"] for cell in code] == list(range(1, len(code) + 1))
    shown = [output["data"] for output in outputs(cells) if "data" in output]
    assert any(len(data.get("image/png", "")) > 10_000 for data in shown)
    assert not any(output.get("name") == "stderr" for output in outputs(cells))


def test_bench_session_and_result_are_short_tables_that_say_virtual(executed):
    cells, _ = executed
    tables = [data["text/html"] for o in outputs(cells) if "text/html" in (data := o.get("data", {}))]
    tables = ["".join(table) for table in tables]
    assert len(tables) == 3
    assert all(VIRTUAL in table and len(table) < 3000 for table in tables)


def test_it_measured_what_it_says(executed):
    cells, folder = executed
    text = "".join("".join(output.get("text", "")) for output in outputs(cells))
    assert "1440 µJ ± 34 µJ per inference" in text
    assert "3.0 V: 1440 µJ" in text
    assert len(list((folder / "sessions").iterdir())) == 4


def test_it_is_kept_without_outputs_which_would_go_stale():
    cells = json.loads(NOTEBOOK.read_text("utf-8"))["cells"]
    assert all(not cell.get("outputs") and not cell.get("execution_count") for cell in cells)
