"""Monitor and IO manager in each other's ports are recognised, and nothing else is taken for that."""

import dataclasses
from pathlib import Path

import pytest

from energy_runner.bench import Bench, BenchSpec, build_bench, load_bench_spec
from energy_runner.director.advice import Heard, advised
from instruments.errors import Unavailable
from instruments.registry import drivers
from instruments.twin_bench.bench import TwinOptions, build_twin_bench
from instruments.world.cable import CableLink

FAILED = "ask monitor for `htc`: no answer"
SPEC = BenchSpec.model_validate(
    {
        "name": "desk",
        "monitor": {"driver": "lpm01a", "port": "/dev/ttyACM0", "voltage_v": 3.0},
        "io_manager": {"port": "/dev/ttyACM1"},
    }
)
TWINS = TwinOptions(
    instruments={
        name: drivers()[driver] for name, driver in {"monitor": "lpm01a", "io-manager": "io-manager"}.items()
    },
    network="kws01",
    firmware="energy",
    seed=0,
)


def nothing_may_be_opened(port: str, baud: int) -> CableLink:
    raise AssertionError(f"{port} was to be opened")


@pytest.fixture
def desk():
    """A bench of real ports on virtual time, and the links that its ports would lead to."""
    twin = build_twin_bench(TWINS)
    bench = dataclasses.replace(build_bench(SPEC), clock=twin.clock)
    return bench, lambda name: lambda port, baud: CableLink(port, twin.clock, twin.ports()[name])


def test_an_io_manager_that_answers_on_the_monitors_port(desk):
    bench, behind = desk
    said = advised(FAILED, bench, Heard(bench), behind("io-manager"))
    assert said.startswith(FAILED)
    assert "monitor.port and io_manager.port seem to be swapped" in said
    assert "/dev/ttyACM0" in said


def test_the_ports_are_asked_at_the_io_managers_speed(desk):
    bench, behind = desk
    asked = []

    def connect(port: str, baud: int) -> CableLink:
        asked.append((port, baud))
        return behind("io-manager")(port, baud)

    advised(FAILED, bench, Heard(bench), connect)
    assert asked == [("/dev/ttyACM0", 115200)]


def test_a_silent_monitor_is_not_called_swapped(desk):
    bench, behind = desk
    assert advised(FAILED, bench, Heard(bench), behind("monitor")) == FAILED


def test_a_port_that_cannot_be_opened_again_adds_nothing(desk):
    bench, _ = desk

    class Gone(CableLink):
        def open(self, deadline):
            raise Unavailable("open it", "no such port")

    twin = build_twin_bench(TWINS)
    link = Gone("gone", twin.clock, twin.ports()["io-manager"])
    assert advised(FAILED, bench, Heard(bench), lambda port, baud: link) == FAILED


@pytest.mark.parametrize(
    ("bytes_", "swapped"), [(b"[dut]: m-ready\r\n", True), (b"ack htc\r\n", False), (b"\x00\xff" * 9000, False)]
)
def test_what_the_monitor_said_is_enough_and_it_is_not_asked_again(desk, bytes_, swapped):
    bench, _ = desk
    heard = Heard(bench)
    heard.bytes_passed("monitor", "rx", bytes_)
    heard.bytes_passed("io-manager", "rx", b"m-name-io")
    heard.bytes_passed("monitor", "tx", b"m-name-io")

    assert ("swapped" in advised(FAILED, bench, heard, nothing_may_be_opened)) is swapped


def test_twins_are_never_swapped():
    bench = build_bench(load_bench_spec("virtual-lpm01a"))
    assert bench.twin is not None
    assert advised(FAILED, bench, Heard(bench), nothing_may_be_opened) == FAILED


def test_without_an_io_manager_there_is_nothing_to_swap(tmp_path: Path):
    spec = BenchSpec.model_validate({"name": "b", "dut": {"port": "/dev/x"}})
    bench: Bench = build_bench(spec, "performance")
    assert advised(FAILED, bench, Heard(bench), nothing_may_be_opened) == FAILED
