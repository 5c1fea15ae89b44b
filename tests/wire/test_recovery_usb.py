# SPDX-License-Identifier: Apache-2.0
"""A served bench whose IO manager's port has vanished: the plan's command brings it back, as uhubctl would."""

import os
import sys
from pathlib import Path

import pytest

from energy_runner import api
from energy_runner.bench import BenchSpec, load_bench_spec
from tests.support.served import FILE, Served, served

pytestmark = [pytest.mark.wire, pytest.mark.skipif(os.name == "nt", reason="needs pseudo-terminals and links")]


def behind_a_link(bench: Served, link: Path) -> BenchSpec:
    """Return the bench with its IO manager behind a symbolic link, like one that udev makes."""
    link.symlink_to(bench.addresses["io-manager"])
    return load_bench_spec(str(bench.folder / FILE), {"io_manager.port": str(link)})


def test_a_port_that_has_vanished_comes_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    with served(tmp_path) as bench:
        link = tmp_path / "io"
        spec = behind_a_link(bench, link)
        target = bench.addresses["io-manager"]
        command = (sys.executable, "-I", "-c", f"import os; os.symlink({target!r}, {str(link)!r})")
        link.unlink()
        failed = api.recover_bench(spec, "resynchronise", deadline_s=60.0)
        assert failed.went == "failed"
        assert "no such port" in failed.detail.lower() or "No such file" in failed.detail
        refused = api.recover_bench(spec, "power-cycle-usb", usb_power_command=(sys.executable, "-I", "-c", "1/0"))
        assert refused.went == "failed"
        assert "ended with status 1: ZeroDivisionError" in refused.detail
        taken = api.recover_bench(spec, "power-cycle-usb", deadline_s=60.0, usb_power_command=command)
        assert taken.went == "ok", taken
        assert taken.supply_off
        # A pseudo-terminal has no DTR.
        reset = api.recover_bench(spec, "reset-io-manager", deadline_s=60.0)
        assert reset.went == "does not apply"
        assert "has no DTR" in reset.detail
        assert not bench.world.powered
        assert not bench.is_open("io-manager")
        assert not bench.is_open("monitor")
