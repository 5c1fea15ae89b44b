# SPDX-License-Identifier: Apache-2.0
"""What goes wrong with the emulated DUT ends the run with the supply off; what is missing is named."""

import shutil

import pytest

from energy_runner import api
from energy_runner.bench import build_bench, load_bench_spec
from energy_runner.benchmarks.catalogue import load_benchmark
from energy_runner.errors import ConfigurationError, ExitStatus
from energy_runner.session.events import Remark, SupplySwitched
from instruments.errors import Refused, Unavailable
from instruments.twin_bench.cosim import toolchain
from tests.support.cosim_bench import cosim_bench, needs_cosim, short_run
from tests.support.demo_data import network

S = 1_000_000_000
BENCHES = ("cosim-lpm01a", "cosim-n6705c")


def assert_ended_safely(bench, session) -> None:
    assert session.record.outcome == "bench-fault", session.record.reason
    assert api.exit_status(session) is ExitStatus.BENCH_FAULT
    assert session.record.supply_off_confirmed is True
    assert not bench.twin.world.powered
    assert [event.on for event in session.journal() if isinstance(event, SupplySwitched)][-1] is False


@needs_cosim()
@pytest.mark.parametrize("name", BENCHES)
@pytest.mark.parametrize(
    ("fault", "value"),
    [
        ("crash_dut_at_ns", 5 * S),
        ("silent_from_ns", {"dut": 5 * S}),
        ("silent_from_ns", {"io-manager": 5 * S}),
        ("unplug_at_ns", {"io-manager": 5 * S}),
    ],
)
def test_what_happens_to_the_boards(name, fault, value, tmp_path):
    bench = cosim_bench(name)
    setattr(bench.twin.world.faults, fault, value)
    assert_ended_safely(bench, short_run(bench, tmp_path / "s"))


@needs_cosim()
@pytest.mark.parametrize("name", BENCHES)
@pytest.mark.parametrize("fault", ["brown_out_at_ns", "reboot_dut_at_ns"])
def test_a_board_that_restarts_while_a_stimulus_is_read_back_is_loaded_again_and_not_valid(name, fault, tmp_path):
    bench = cosim_bench(name)
    setattr(bench.twin.world.faults, fault, 5 * S)
    session = short_run(bench, tmp_path / "s")
    assert session.record.outcome == "completed", session.record.reason
    assert session.record.supply_off_confirmed is True
    assert not bench.twin.world.powered
    assert any("restarted" in event.text for event in session.journal().of(Remark))
    assert not session.result().valid  # the restart makes an edge that belongs to no command
    assert session.result().energy_per_inference_j is None


@needs_cosim()
def test_a_hang_within_a_window(tmp_path):
    """The core loops for ever between the two edges: no second edge, no line, and no run without end."""
    bench = cosim_bench()
    falls = []

    def third_fall(at_ns: int) -> None:
        falls.append(at_ns)
        if len(falls) == 5:  # boot, sync, two of the trial, and the first of a window
            bench.twin.world.faults.silent.add("dut")

    bench.twin.world.on_edge(third_fall)
    session = short_run(bench, tmp_path / "s")
    assert_ended_safely(bench, session)
    assert len(falls) == 5


@needs_cosim()
def test_lost_and_extra_edges_are_seen_by_both_eyes(tmp_path):
    bench = cosim_bench()
    bench.twin.world.faults.lost_edges = {6}
    bench.twin.world.faults.extra_edge_after = {9: 20_000_000}
    session = short_run(bench, tmp_path / "s")
    assert api.exit_status(session) is ExitStatus.RULE_FAILED
    failed = {verdict.id for verdict in session.result().verdicts if not verdict.passed}
    assert "edges-match-commands" in failed


@needs_cosim()
def test_bytes_that_are_damaged_on_the_dut_line(tmp_path):
    bench = cosim_bench()
    count = 0

    def damage(data: bytes) -> bytes:
        nonlocal count
        count += 1
        return b"" if count % 997 == 0 else data

    bench.twin.world.faults.corrupt["dut>line"] = damage
    session = short_run(bench, tmp_path / "s")
    assert session.record.supply_off_confirmed is True
    assert api.exit_status(session) is not ExitStatus.VALID


# --- what is missing ------------------------------------------------------------------------------------------


def bench_of(model, benchmark="demo-keywords"):
    return build_bench(load_bench_spec("cosim-lpm01a"), benchmark=benchmark, model=model)


def test_no_network_was_given():
    with pytest.raises(ConfigurationError, match=r"no network was given.*an int8 .tflite file as the model"):
        bench_of(None, "kws01")


@pytest.mark.parametrize(
    ("program", "packages"),
    [
        ("make", "make"),
        ("cc", "gcc"),
        ("avr-gcc", "gcc-avr avr-libc"),
        ("arm-none-eabi-gcc", "gcc-arm-none-eabi libnewlib-arm-none-eabi"),
    ],
)
def test_a_missing_compiler_names_its_package_and_the_bench_that_works(program, packages, monkeypatch):
    found = shutil.which
    monkeypatch.setattr(
        shutil, "which", lambda name: None if name == program else found(name) or f"/usr/bin/{name}"
    )
    tool = next(key for key, tool in toolchain.TOOLS.items() if tool.program == program)
    with pytest.raises(Unavailable) as raised:
        toolchain.needed(tool)
    assert f"{program} is not installed" in str(raised.value)
    assert f"apt-get install {packages}" in str(raised.value)
    assert "virtual-lpm01a" in str(raised.value)


@needs_cosim()
def test_a_missing_library_names_its_package(tmp_path):
    source = tmp_path / "shim.c"
    source.write_text("#include <simavr/no_such_header.h>\n")
    with pytest.raises(Unavailable, match=r"library simavr is not installed.*libsimavr-dev"):
        toolchain.host_library(source, ("simavr",))


def test_a_missing_emulator_names_the_extra(monkeypatch):
    import sys

    from instruments.twin_bench.cosim import thumb_engine

    monkeypatch.setitem(sys.modules, "unicorn", None)
    with pytest.raises(Unavailable) as raised:
        thumb_engine._unicorn()
    assert "unicorn" in str(raised.value)
    assert "pip install" in str(raised.value)


@needs_cosim()
def test_a_model_of_another_benchmark_or_none_at_all(tmp_path):
    with pytest.raises(ConfigurationError, match="has 490 values, but that of ic01 has 3072"):
        bench_of(network(), "ic01")
    (tmp_path / "no.tflite").write_bytes(b"\0" * 100)
    with pytest.raises(ConfigurationError, match=r"no\.tflite"):
        bench_of(tmp_path / "no.tflite")


@needs_cosim()
def test_a_model_too_big_says_by_how_much():
    variables = {
        "NETWORK": network(load_benchmark("demo-figure")),
        "BENCHMARK": "demo-figure",
        "MODE": "energy",
        "FLASH_BYTES": "49152",
        "RAM_BYTES": "65536",
    }
    with pytest.raises(Refused, match=r"bytes of flash, \d+ more than the 49152.*RAM, \d+ more than the 65536"):
        toolchain.firmware("cortex_m", "dut_cortex_m.elf", ("arm",), variables)


@needs_cosim()
def test_what_was_built_is_kept_until_something_changes(tmp_path, monkeypatch):
    monkeypatch.setattr(toolchain, "user_cache_path", lambda name: tmp_path / name)
    runs = []
    run = toolchain._run

    def counted(command: list[str]):
        runs.append(command)
        return run(command)

    monkeypatch.setattr(toolchain, "_run", counted)

    def built(**more: str):
        toolchain.firmware("io_manager", "io_manager.elf", ("avr",), more)
        makes = sum(command[0].endswith("make") and "--no-print-directory" in command for command in runs)
        runs.clear()
        return makes

    assert built() == 1
    assert built() == 0
    assert built(AVR="avr-") == 1
