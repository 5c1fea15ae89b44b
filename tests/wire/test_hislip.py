# SPDX-License-Identifier: Apache-2.0
"""A served twin over HiSLIP, as pyvisa-py speaks it: `TCPIP::127.0.0.1::hislip0,PORT::INSTR`."""

import contextlib
import socket
import threading
from collections.abc import Iterator

import pytest
import pyvisa

from instruments.clock import RealClock
from instruments.devices.n6705.driver import N6705
from instruments.devices.ngu.driver import Ngm, Options
from instruments.errors import InstrumentError, TimedOut, Unavailable
from instruments.links.tcp import TcpLink
from instruments.links.visa import VisaLink
from instruments.registry import drivers
from instruments.roles import Samples, SamplingSettings
from instruments.twin_bench import hislip
from instruments.twin_bench.bench import TwinBench, TwinOptions, build_twin_bench
from instruments.twin_bench.serve import TwinServer, serve_twin_bench
from tests.support.monitor import Monitor, MonitorSettings

pytestmark = pytest.mark.wire
CLOCK = RealClock()


@contextlib.contextmanager
def served(driver: str, seed: int = 1) -> Iterator[tuple[TwinBench, TwinServer, str]]:
    """Serve a twin from a thread; yield it and its HiSLIP address."""
    outputs = {"monitor": 2} if driver == "ngm" else {}
    twin = build_twin_bench(TwinOptions({"monitor": drivers()[driver]}, seed=seed, outputs=outputs))
    server = serve_twin_bench(twin, CLOCK, ["monitor"])
    done = threading.Event()
    thread = threading.Thread(target=server.serve, args=(done.is_set,), name="twin server")
    thread.start()
    try:
        yield twin, server, server.hislip["monitor"].address
    finally:
        done.set()
        thread.join(10)
        server.close()
        server.close()


def test_pyvisa_itself_talks_to_it() -> None:
    with served("ngm") as (_, _, address):
        assert address.startswith("TCPIP0::127.0.0.1::hislip0,")
        manager = pyvisa.ResourceManager("@py")
        resource = manager.open_resource(address.replace("TCPIP0", "TCPIP"), open_timeout=5000)
        try:
            assert resource.query("*IDN?").startswith("Rohde&Schwarz,NGM202,TWIN1,")
            assert resource.query("*ESE 5;*ESE?;*OPC?;:SYST:VERS?") == "+5;1;1999.0\n"
            resource.write("FOO")
            assert resource.query("SYST:ERR?").startswith("-113")
            resource.clear()  # with an answer on its way, pyvisa-py 0.8.1 would take it for the acknowledgement
            assert resource.query("*OPC?") == "1\n"
        finally:
            resource.close()
            manager.close()


@pytest.mark.parametrize("driver", ["n6705", "ngm"])
def test_a_driver_feeds_logs_and_switches_off(driver: str) -> None:
    with served(driver) as (twin, _, address):
        link = VisaLink(address)
        instrument = N6705(link, CLOCK) if driver == "n6705" else Ngm(link, CLOCK, Options(channel=2))
        monitor = Monitor(instrument)
        assert monitor.open(CLOCK.deadline(20)).virtual
        monitor.configure(MonitorSettings(3.0, 1000.0), CLOCK.deadline(20))
        monitor.instrument.sampler().configure(SamplingSettings(1000.0, on_edge=False), CLOCK.deadline(20))
        monitor.power_on(CLOCK.deadline(20))
        assert twin.world.powered
        monitor.start(CLOCK.deadline(20))
        CLOCK.sleep(1.2)
        items = [*monitor.poll(CLOCK.deadline(20)), *monitor.stop(CLOCK.deadline(20))]
        assert sum(item.count for item in items if isinstance(item, Samples)) > 800
        monitor.power_off(CLOCK.deadline(20))
        assert not twin.world.powered
        monitor.close()


def test_one_client_has_the_instrument_at_a_time() -> None:
    with served("n6705") as (twin, server, address):
        first, second = VisaLink(address), VisaLink(address)
        first.open(CLOCK.deadline(10))
        with socket.create_connection(("127.0.0.1", server.hislip["monitor"].number), 5) as other:
            other.sendall(hislip.Message(hislip.INITIALIZE, 0, 0x0100_0000, b"hislip0").encoded())
            [refused] = hislip.Received().add(other.recv(1000))
            assert refused.kind == hislip.FATAL_ERROR
        plain = TcpLink("127.0.0.1", server.ends["monitor"].number)  # type: ignore[attr-defined]
        plain.open(CLOCK.deadline(5))
        with pytest.raises(Unavailable):
            plain.read(CLOCK.deadline(5))
        plain.close()
        first.write_line("*IDN?", CLOCK.deadline(5))
        assert "N6705C" in first.read_line(CLOCK.deadline(5))
        first.close()
        limit = CLOCK.deadline(10)
        while twin.twins["monitor"].port.is_open and not limit.expired():
            CLOCK.sleep(0.02)
        second.open(CLOCK.deadline(10))
        second.write_line("*OPC?", CLOCK.deadline(5))
        assert second.read_line(CLOCK.deadline(5)) == "1"
        second.close()


def test_a_silent_instrument_times_out_and_an_unplugged_one_is_gone() -> None:
    with served("n6705") as (twin, _, address):
        link = VisaLink(address)
        link.open(CLOCK.deadline(10))
        twin.world.faults.silent.add("monitor")
        link.write_line("*IDN?", CLOCK.deadline(5))
        with pytest.raises(TimedOut):
            link.read_line(CLOCK.deadline(0.3))
        twin.world.faults.silent.clear()
        twin.world.faults.unplugged.add("monitor")
        CLOCK.sleep(0.1)
        with contextlib.suppress(InstrumentError):  # the first write after a hang-up may still succeed
            link.write_line("*IDN?", CLOCK.deadline(5))
        with pytest.raises(InstrumentError):
            link.read_line(CLOCK.deadline(1))
        link.close()


def test_whoever_speaks_something_else_is_sent_away() -> None:
    with served("n6705") as (_, server, address):
        with socket.create_connection(("127.0.0.1", server.hislip["monitor"].number), 5) as stranger:
            stranger.sendall(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
            assert stranger.recv(100) == b""
        link = VisaLink(address)
        link.open(CLOCK.deadline(10))
        link.close()
