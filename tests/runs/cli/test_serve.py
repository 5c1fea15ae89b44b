# SPDX-License-Identifier: Apache-2.0
"""`bench serve`: the bench file it writes, and that it serves."""

import os
import tomllib

import pytest

from energy_runner.bench import load_bench_spec
from energy_runner.bench.serve import bench_file
from energy_runner.bench.spec import BenchSpec

AWKWARD = BenchSpec.model_validate(
    {
        "name": 'a "quoted" \\ name',
        "description": "µ, \x7f, \t and 😀",
        "monitor": {
            "driver": "n6705",
            "port": "virtual",
            "voltage_v": 1.8,
            "options": {"channel": 2, "odd key": "x", "b": True},
        },
        "io_manager": {"port": "virtual", "timestamps": True, "baud": 57600},
        "dut": {"port": "virtual", "boot_timeout_s": 7.5},
    }
)
PORTS = {"monitor": "TCPIP0::127.0.0.1::5025::SOCKET", "io-manager": "/dev/pts/1", "dut": "/dev/pts/2"}


@pytest.mark.parametrize(("mode", "port"), [("energy", None), ("performance", "/dev/pts/2")])
def test_the_file_of_a_served_bench_keeps_every_key(mode, port):
    spec = BenchSpec.model_validate(tomllib.loads(bench_file(AWKWARD, PORTS, mode)))
    assert AWKWARD.monitor is not None
    assert AWKWARD.io_manager is not None
    assert spec.name == f"served-{AWKWARD.name}"
    assert spec.description.startswith(AWKWARD.description)
    assert spec.monitor == AWKWARD.monitor.model_copy(update={"port": PORTS["monitor"]})
    assert spec.io_manager == AWKWARD.io_manager.model_copy(update={"port": PORTS["io-manager"]})
    assert spec.dut == AWKWARD.dut.model_copy(update={"port": port})
    assert not spec.is_virtual


@pytest.mark.skipif(not hasattr(os, "openpty"), reason="this system has no pseudo-terminals")
@pytest.mark.parametrize("name", ["virtual-lpm01a", "virtual-n6705c"])
def test_serve_for_a_moment(name, call):
    status, out, err = call("bench", "serve", name, "--seconds", "0.02", "--write", "served.toml")
    assert (status, err) == (0, "")
    assert "Ctrl-C ends it." in out
    spec = load_bench_spec("served.toml")
    assert not spec.is_virtual
    assert all(port in out for port in spec.ports())
