# SPDX-License-Identifier: Apache-2.0
"""All benches of a sweep in one page, as they measure; and the points of the sweep in the list afterwards."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.viewer_browser import fetched

pytestmark = pytest.mark.deep
PLAN = """
name = "night"
benchmark = "demo-keywords"
[axes.voltage]
sets = "voltage"
values = [2.8, 3.0, 3.2]
"""


def test_a_sweep_shows_its_benches_and_lists_its_points(tmp_path: Path) -> None:
    (tmp_path / "night.toml").write_text(PLAN)
    benches = ("--bench", "left=virtual-lpm01a", "--bench", "right=virtual-lpm01a")
    words = ("sweep", "run", "night.toml", *benches, "--live", "--no-browser")
    command = [sys.executable, "-m", "energy_runner", *words]
    with subprocess.Popen(
        command, cwd=tmp_path, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True
    ) as run:
        assert run.stderr is not None
        said = ""
        while "Viewer: " not in said:
            line = run.stderr.readline()
            assert line, said
            said += line
        url = re.search(r"http://\S+", said)
        assert url is not None
        seen: set[str] = set()
        while run.poll() is None:
            try:
                state = json.loads(fetched(url[0] + "api/live")[2])
            except OSError:
                break  # the page ends with the sweep
            assert state["control"] is False
            seen |= {feed["id"] for feed in state["feeds"]}
        said += run.stderr.read()
        assert run.wait() == 0, said
    assert seen, "no run was seen"
    from energy_runner import api

    with api.view(tmp_path / "sweeps") as server:
        found = json.loads(fetched(server.url + "api/listing")[2])
        (sweep,) = found["sweeps"]
        keys = {row["key"] for row in found["sessions"]}
        assert len(keys) >= 3
        points = [point for point in sweep["points"] if point.get("key")]
        assert {point["key"] for point in points} <= keys
        assert len(points) == 3
